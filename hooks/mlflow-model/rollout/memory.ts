// The rollout's memory: read from the annotation or the status, written to both, and its smallest changes.
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { predictorName, sameVersion, type VersionIdentity } from '../../core/names.ts'
import { FAILURES_KEPT, Memory, type Failure, type Rollout, type Traffic } from '../schema/status.ts'
import { defined, isMap, isSendable, withoutEmpty } from '../../core/plain-value.ts'
import { pruned } from '../../core/prune.ts'
import { formatInstant } from '../../core/time.ts'
import type { RolloutFacts } from './facts.ts'

const isMemory = TypeCompiler.Compile(Memory)

/** Characters that the API server takes for all annotations of an object together. */
const LONGEST_TEXT = 256 * 1024

/** Memory of an object that has never decided anything. */
export const EMPTY_MEMORY: Memory = Object.freeze({ sequence: 0, counter: 0 })

/** Everything goes to stable. */
export const ALL_STABLE = Object.freeze({ stable: 100, canary: 0 })

/** Memory in a status or a parsed annotation; corrupt memory is no memory. */
export function parseMemory (value: unknown): Memory | undefined {
  if (!isMap(value)) return undefined
  const known = pruned(Memory, value)
  if (!isMemory.Check(known) || !canCountOn(known) || !isCoherent(known)) return undefined
  // What may be sent holds nothing empty.
  if (isSendable(known)) return known
  const memory = withoutEmpty(known) as Memory
  return isSendable(memory) ? memory : undefined
}

/** Whether one more decision, or rollout, can still be counted. */
function canCountOn ({ sequence, counter }: Memory): boolean {
  return Number.isSafeInteger(sequence + 1) && Number.isSafeInteger(counter + 1)
}

/** What we write always says of whom it speaks, and what it wants for all that it serves adds up: other memory would send traffic nowhere. */
function isCoherent (memory: Memory): boolean {
  const { stable, previous, canary, rollout, traffic } = memory
  const versions = [stable, previous, canary].filter((version) => version !== undefined)
  if ((canary === undefined) !== (rollout === undefined)) return false
  if (traffic && !addsUp(traffic, rollout)) return false
  if (!areDistinct(versions) || !fitsStage(memory)) return false
  // A canary that is not there yet will be.
  if (versions.some(({ uri }) => uri === '')) return false
  const shares = Object.values(wantedShares(memory))
  return shares.length === 0 || shares.reduce((sum, share) => sum + share, 0) === 100
}

/** Memory in the annotation's text. */
export function parseMemoryText (text: string | undefined): Memory | undefined {
  if (text === undefined || text.length > LONGEST_TEXT) return undefined
  try {
    return parseMemory(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** The annotation's text. Keys are sorted, so that equal memories are equal texts wherever they were read from. */
export function formatMemory (memory: Memory): string {
  return JSON.stringify(sorted(memory))
}

/** Sorted first: JSON.stringify with a function for every value takes several times as long. */
function sorted (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMap(value)) return value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value).sort()) copy[key] = sorted(value[key])
  return copy
}

/** The wanted share of every predictor that should be there, stable first, the newest last. */
export function wantedShares (memory: Memory): Record<string, number> {
  const { stable, canary, previous, rollout, traffic } = memory
  const shares: Record<string, number> = {}
  if (stable) shares[predictorName(stable)] = traffic?.stable ?? 100
  if (previous) shares[predictorName(previous)] = 0
  if (canary && rollout?.present) shares[predictorName(canary)] = traffic?.canary ?? 0
  return shares
}

/** One version in two places would be one predictor with two shares, sooner or later. */
function areDistinct (versions: VersionIdentity[]): boolean {
  const names = versions.map(predictorName)
  return new Set(names).size === names.length
}

/** Up at 100 and down at 0: with another weight the roles would swap, or the canary leave, while it has traffic or stable has. */
function fitsStage ({ stable, rollout, traffic }: Memory): boolean {
  if (!rollout) return true
  // The first version is there from the start: nothing else serves.
  if (!stable) return rollout.present
  const canary = traffic?.canary ?? 0
  if (rollout.stage === 'Promoting') return canary === 100
  return rollout.stage === 'Stepping' || rollout.stage === 'AwaitingApproval' || canary === 0
}

function addsUp ({ stable, canary }: Traffic, rollout: Rollout | undefined): boolean {
  return stable + canary === 100 && (canary === 0 || rollout?.present === true)
}

/** Whether these are the shares of the same predictors. Their names are anybody's, so that a library that calls `toString` of what it compares will not do. */
export function sameShares (a: Record<string, number> | undefined, b: Record<string, number>): boolean {
  const names = Object.keys(b)
  return a !== undefined && Object.keys(a).length === names.length && names.every((name) => Object.hasOwn(a, name) && a[name] === b[name])
}

/** Wants other shares. The router's state is noted, because only a later change of it proves that they are in force. */
export function withTraffic (memory: Memory, facts: RolloutFacts, shares: { stable: number, canary: number }): Memory {
  const { traffic } = memory
  if (traffic && traffic.stable === shares.stable && traffic.canary === shares.canary) return memory
  return { ...memory, traffic: freshTraffic(shares, facts, traffic?.canaryInForce) }
}

/** Shares that are wanted from now on and not yet in force. */
export function freshTraffic ({ stable, canary }: { stable: number, canary: number }, facts: RolloutFacts, canaryInForce = 0): Traffic {
  return { stable, canary, canaryInForce, writtenAt: formatInstant(facts.now), routerTransition: facts.router.transition, inForce: false }
}

/** Changes the rollout; `undefined` removes a field. */
export function withRollout (memory: Memory, change: { [K in keyof Rollout]?: Rollout[K] | undefined }): Memory {
  if (!memory.rollout) return memory
  return { ...memory, rollout: defined({ ...memory.rollout, ...change }) as Rollout }
}

/** Remembers a failure, newest first, one a version. */
export function withFailure (memory: Memory, failure: Failure): Memory {
  const others = (memory.failedVersions ?? []).filter((other) => !sameVersion(other, failure))
  return { ...memory, failedVersions: [failure, ...others].slice(0, FAILURES_KEPT) }
}

/** Forgets that this version failed. */
export function withoutFailure (memory: Memory, version: VersionIdentity): Memory {
  const others = (memory.failedVersions ?? []).filter((other) => !sameVersion(other, version))
  return defined({ ...memory, failedVersions: others.length > 0 ? others : undefined }) as Memory
}

/** The remembered failure of this version, if any. */
export function findFailure (memory: Memory, version: VersionIdentity | undefined): Failure | undefined {
  return memory.failedVersions?.find((failure) => sameVersion(failure, version))
}

/**
 * The sequence after one more decision. It begins with the time, so that memory that was lost and began again is never behind
 * a stale read of what was before.
 */
export function nextSequence ({ sequence }: Memory, { now }: Pick<RolloutFacts, 'now'>): number {
  return sequence === 0 ? Math.max(now, 1) : sequence + 1
}

/** What stays when the serving object is deleted: failures, the counter and the spent commands. */
export function clearedMemory (memory: Memory): Memory {
  const { counter, failedVersions, lastCommands } = memory
  return defined({ sequence: memory.sequence + 1, counter, failedVersions, lastCommands }) as Memory
}
