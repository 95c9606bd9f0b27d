// The chart as helm renders it, without a cluster.
import { readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { CACHE, firstExecutable, skip } from '../../helpers/servers/tools.ts'
import { commandOf, ROOT } from '../commands.ts'

export type Rendered = { apiVersion: string, kind: string, metadata: { name: string, namespace?: string, labels?: Record<string, string>, annotations?: Record<string, string> }, [field: string]: unknown }

/** Values of the chart that go together, and what they change in the objects; a golden file each in test/fixtures/chart. */
export type OptionSet = { name: string, file: string, about: string, values: object, changes: object }

export const CHART = 'charts/sluice'
export const NAMESPACE = 'sluice-system'
const SETS = join(ROOT, 'test/fixtures/chart')

/** helm, or undefined after the test was marked: skipped on a laptop, failed where CI=true. */
export function findHelm (t: Test): string | undefined {
  return findProgram(t, 'helm')
}

/** The same for another program. */
export function findProgram (t: Test, name: string): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name))
  return firstExecutable([join(CACHE, 'bin', name), ...onPath]) ?? skip(t, `${name} is neither in the cache folder nor on PATH; run test/e2e/install.sh, or install it`)
}

/** All objects of a release named sluice. Throws with what helm says when it refuses the values. */
export async function renderChart (helm: string, values: object = {}, args: string[] = []): Promise<Rendered[]> {
  const text = await commandOf(helm, {})(['template', 'sluice', CHART, '--namespace', NAMESPACE, '--values', '-', ...args], { input: stringify(values, { version: '1.1' }) })
  return readObjects(text)
}

/** What people read after an installation. */
export async function renderNotes (helm: string, values: object = {}): Promise<string> {
  const text = await commandOf(helm, {})(['install', 'sluice', CHART, '--namespace', NAMESPACE, '--dry-run=client', '--hide-secret', '--values', '-'], { input: stringify(values, { version: '1.1' }) })
  return text.slice(text.indexOf('NOTES:'))
}

/** The objects in a text of several YAML documents. */
export function readObjects (text: string): Rendered[] {
  return parseAllDocuments(text).map((document) => document.toJSON() as Rendered | null).filter((object) => object !== null)
}

/** Every set of options that the tests know; each must be valid on a real API server, too. */
export function chartOptionSets (): OptionSet[] {
  return readdirSync(SETS).filter((file) => file.endsWith('.yaml')).toSorted().map((file) => {
    const set = parse(readFileSync(join(SETS, file), 'utf8')) as Omit<OptionSet, 'name' | 'file'>
    return { name: file.replace(/^\d+-|\.yaml$/g, ''), file: join(SETS, file), ...set }
  })
}

/** How people speak of an object. */
export function nameOf ({ kind, metadata: { name, namespace } }: Rendered): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}
