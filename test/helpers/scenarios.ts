// The golden life stories on disk: test/fixtures/<kind>/NN-state/{input,want}.yaml.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import type { Kind } from '../../hooks/core/kind.ts'
import type { SyncRequest } from '../../hooks/core/request.ts'
import { kinds } from '../../hooks/kinds.ts'

export type Scenario = { kind: Kind, name: string, folder: string, input: SyncRequest }

const FIXTURES = path.join(import.meta.dirname, '../fixtures')

/** All scenarios of all kinds, in the order of a life. A folder belongs to the kind of that name, with dashes where they read well. */
export function findScenarios (): Scenario[] {
  return kinds.flatMap((kind) => {
    const folder = readdirSync(FIXTURES).find((name) => name.replaceAll('-', '') === kind.resource.kind.toLowerCase())
    return folder === undefined ? [] : scenariosIn(kind, path.join(FIXTURES, folder))
  })
}

function scenariosIn (kind: Kind, folder: string): Scenario[] {
  const names = readdirSync(folder).filter((name) => existsSync(path.join(folder, name, 'input.yaml'))).sort()
  return names.map((name) => ({ kind, name, folder: path.join(folder, name), input: readYaml(path.join(folder, name, 'input.yaml')) as SyncRequest }))
}

/** A YAML file as data. */
export function readYaml (file: string): unknown {
  return parse(readFileSync(file, 'utf8'))
}
