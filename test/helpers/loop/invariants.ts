// What must hold at every change of a serving object and of the traffic behind it, whatever is going on. Each is a sentence of the design.
import deepEqual from 'fast-deep-equal'
import { predictorName, sameVersion } from '../../../hooks/core/names.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { isReported, memoryOf, sameButTraffic, sharesOf, wantedBy, type Shares } from './serving.ts'

/** One write of a serving object by the system (not by a person). */
export type Change = {
  before: KubeObject | undefined
  after: KubeObject
  /** Steps in force; undefined while somebody edits them, or has promoted. */
  steps: number[] | undefined
  /** Somebody edits the number of pods. */
  scaled: boolean
  /** What the router applies at this moment; empty before it applied anything. */
  applied: Readonly<Shares>
}

/** The sentences that a write breaks. */
export function brokenBy (change: Change): string[] {
  const { before, after } = change
  const shares = sharesOf(after)
  const memory = memoryOf(after)
  const sentences = [
    insist(sumOf(shares) === 100, 'wanted shares sum to 100'),
    ...memory && !memory.deleting ? brokenByMemory(memory, shares, change.applied) : []
  ]
  if (before && before.metadata.uid === after.metadata.uid) sentences.push(...brokenByStep({ ...change, before }))
  return sentences.filter((sentence) => sentence !== '')
}

/** An object that the system takes away. */
export function brokenByRemoval (object: KubeObject): string[] {
  return [insist(memoryOf(object)?.deleting === true, 'a serving object is deleted only after it was marked')].filter((sentence) => sentence !== '')
}

function brokenByMemory (memory: Memory, shares: Shares, applied: Readonly<Shares>): string[] {
  const failed = (memory.failedVersions ?? []).filter((failure) => !sameVersion(failure, memory.stable)).map(predictorName)
  return [
    insist(memory.traffic === undefined || deepEqual(shares, wantedBy(memory)), 'memory and weights are written together'),
    insist(!memory.traffic?.inForce || deepEqual(withoutZeros(applied), withoutZeros(shares)), `weights are called in force only once the router applies them (${JSON.stringify(applied)})`),
    insist(failed.every((name) => (shares[name] ?? 0) === 0), 'a version that failed gets no traffic without a retry')
  ]
}

function brokenByStep ({ before, after, steps, scaled, applied }: Change & { before: KubeObject }): string[] {
  const [old, next] = [memoryOf(before), memoryOf(after)]
  const sentences = [insist(sameButTraffic(before, after, scaled), 'nothing but traffic, predictors and memory changes')]
  if (!old || !next) return sentences
  sentences.push(
    insist(next.sequence >= old.sequence, 'an applied decision is never undone by an older one'),
    insist(next.deleting === true || !loses(before, after, old.stable), 'the predictor of a ready stable version is never removed')
  )
  return steps && isOneRollout(old, next) ? [...sentences, ...brokenByRaise(old, next, steps, { before, applied })] : sentences
}

/** Whether a version that is ready leaves the object. */
function loses (before: KubeObject, after: KubeObject, version: Memory['stable']): boolean {
  return version !== undefined && isReported(before, version) && !Object.hasOwn(sharesOf(after), predictorName(version))
}

/** Whether both memories are of one rollout beside the same stable version. */
function isOneRollout (old: Memory, next: Memory): boolean {
  return old.rollout !== undefined && old.rollout.id === next.rollout?.id && sameVersion(old.stable, next.stable)
}

/** From one step to the next, never further, and not before the router applies the weight before. */
function brokenByRaise (old: Memory, next: Memory, steps: number[], { before, applied }: { before: KubeObject, applied: Readonly<Shares> }): string[] {
  const [from, to] = [shareOfCanary(old), shareOfCanary(next)]
  if (to <= from || !old.canary) return []
  const following = [0, ...steps, 100].find((weight) => weight > from)
  const inForce = applied[predictorName(old.canary)] ?? 0
  return [
    insist(to === following, `weights rise one step at a time (${from} to ${to})`),
    insist(isReported(before, old.canary), `a weight rises only for a canary that is ready (${from} to ${to})`),
    insist(inForce === from, `a weight rises only once the one before is applied (${from} to ${to}, ${inForce} applied)`)
  ]
}

function shareOfCanary ({ traffic }: Memory): number {
  return traffic?.canary ?? 0
}

function withoutZeros (shares: Readonly<Shares>): Shares {
  return Object.fromEntries(Object.entries(shares).filter(([, share]) => share > 0))
}

function insist (holds: boolean, sentence: string): string {
  return holds ? '' : sentence
}

export function sumOf (shares: Readonly<Shares>): number {
  return Object.values(shares).reduce((sum, share) => sum + share, 0)
}
