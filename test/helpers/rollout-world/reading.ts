// How the tests read what the hook wrote: memory in the serving object's annotation, shares of versions, and what a request says.
import { COMMANDS, STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import { parseFacts, type Facts } from '../../../hooks/core/facts.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { predictorName, type VersionIdentity } from '../../../hooks/core/names.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { VERSIONS, VERSION_NAMES, type VersionName, type WorldParent } from './state.ts'

const memories = new WeakMap<object, Memory>()

/** The memory on a serving object, observed or wanted; undefined when it has none. */
export function memoryOf (child: Pick<KubeObject, 'metadata'> | undefined): Memory | undefined {
  const text = child?.metadata.annotations?.[STATE_ANNOTATION]
  if (!child || text === undefined) return undefined
  let memory = memories.get(child)
  if (!memory) {
    memory = JSON.parse(text) as Memory
    memories.set(child, memory)
  }
  return memory
}

const facts = new WeakMap<object, Facts>()

/** The poller's facts on a parent. */
export function factsOf (parent: WorldParent): Facts {
  let known = facts.get(parent)
  if (!known) {
    known = parseFacts(parent.metadata.annotations)
    facts.set(parent, known)
  }
  return known
}

export function commandOn (parent: WorldParent, verb: keyof typeof COMMANDS): string | undefined {
  return parent.metadata.annotations?.[COMMANDS[verb]]
}

/** The predictor of the version that the registry's answer names, if it names one. */
export function targetOf (parent: WorldParent): string | undefined {
  const { version, createdAt } = factsOf(parent).registry ?? {}
  return version && createdAt ? predictorName({ version, createdAt }) : undefined
}

/** The predictor of a version in memory or status. */
export function predictorOf (version: VersionIdentity | undefined): string | undefined {
  return version && predictorName(version)
}

export function namedPredictor (version: VersionName): string {
  return predictorName(VERSIONS[version])
}

/** `2a` for a version in memory or status. */
export function nameOf (version: VersionIdentity | undefined): VersionName | undefined {
  return VERSION_NAMES.find((name) => version && predictorName(VERSIONS[name]) === predictorName(version))
}

/** The shares that memory wants, whatever somebody has made of them in the object. */
export function wantedOf ({ stable, previous, canary, rollout, traffic }: Memory): Record<string, number> {
  const shares: Record<string, number> = {}
  if (stable) shares[predictorName(stable)] = traffic?.stable ?? 100
  if (previous) shares[predictorName(previous)] = 0
  if (canary && rollout?.present) shares[predictorName(canary)] = traffic?.canary ?? 0
  return shares
}
