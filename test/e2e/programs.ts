// The programs that install.sh has built, and those that somebody names in place of stand-ins.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { CACHE, digestOf, findTools, firstExecutable, skip, type Tools } from '../helpers/servers/tools.ts'

/** By the module of tools/ that each is built from. */
const MODULES = {
  etcd: ['etcd'],
  kubernetes: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'],
  cli: ['kwok', 'helm']
} as const

type Name = typeof MODULES[keyof typeof MODULES][number]

export interface Programs extends Readonly<Record<Name, string>> {
  /** How KWOK's nodes and pods fare. */
  stages: string
  /** MLflow and Prometheus. */
  servers: Tools
}

const BIN = join(CACHE, 'bin')

/** All programs, or undefined after the test was marked: skipped on a laptop, failed where CI=true. */
export function findPrograms (t: Test): Programs | undefined {
  const missing = Object.entries(MODULES).flatMap(([module, names]) => names.filter((name) => !isCurrent(name, module)))
  if (missing.length > 0) return skip(t, `${missing.join(', ')} not built, or built from another version; run test/e2e/install.sh (about 17 minutes the first time)`)
  const servers = findTools(t)
  if (!servers) return undefined
  const paths = Object.fromEntries(Object.values(MODULES).flat().map((name) => [name, join(BIN, name)])) as Record<Name, string>
  return { ...paths, stages: join(BIN, 'kwok-stages.yaml'), servers }
}

/** Whether it was built from the module as it is now. */
function isCurrent (name: string, module: string): boolean {
  const folder = `../../e2e/tools/${module}`
  return firstExecutable([join(BIN, name)]) !== undefined && textOf(join(BIN, `.${name}.key`)) === digestOf([`${folder}/go.mod`, `${folder}/go.sum`])
}

function textOf (file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
