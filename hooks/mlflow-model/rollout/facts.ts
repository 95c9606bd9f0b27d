// What a decision about the rollout may depend on. No Kubernetes in it: sync.ts fills it in from a request.
import type { AnalysisFact, Commands } from '../../core/facts.ts'
import type { VersionIdentity } from '../../core/names.ts'
import type { Memory } from '../schema/status.ts'
import { formatInstant, parseInstant } from '../../core/time.ts'

/** What is known of one version's pods. A version that is not deployed has none. */
export type Readiness = {
  /** Pods that answer. */
  available: number
  /** All replicas answer. */
  ready: boolean
  /** `1/2`, pods that answer of those wanted; empty while none is known of. */
  progress: string
}

/** Where the alias points. `uri` is missing when nothing can load the version from where it lies. */
export type Target =
  | { kind: 'Unknown' }
  | { kind: 'Missing' }
  | { kind: 'Version', version: VersionIdentity & { uri?: string } }

/** What the router reports. `shares` are the traffic shares asked of it, by predictor. */
export type Router = {
  /** Something is there that can split traffic. */
  present: boolean
  /** It says that it has applied what it was last asked. */
  applied: boolean
  /** When it last said something else; empty when it never did. */
  transition: string
  /** Undefined while the serving object does not exist. */
  shares?: Record<string, number>
}

/** The part of the spec that the rollout obeys. Spans are in seconds. */
export type Policy = {
  steps: number[]
  approval: 'Automatic' | 'Manual'
  paused: boolean
  newVersion: 'Replace' | 'Queue'
  progressDeadline: number
  keepStable: number
  keepFailed: number
  checks: number
  failureLimit: number
  inconclusiveLimit: number
  errorLimit: number
  whenPaused: 'Hold' | 'Rollback' | 'Promote'
  whenAliasMissing: 'Retain' | 'Delete'
}

export type RolloutFacts = {
  /** Whole seconds. */
  now: number
  policy: Policy
  target: Target
  /** As the poller wrote it: it may speak of another rollout or step. */
  analysis?: AnalysisFact
  commands: Commands
  /** The highest rollout number in the parent's annotations, so that lost memory never uses one again. */
  highestSeenCounter: number
  router: Router
  readiness: (version: VersionIdentity) => Readiness
}

/** A wait in memory has ended. A wait that does not exist never ends. */
export function isDue (deadline: string | undefined, now: number): boolean {
  const at = parseInstant(deadline)
  return at !== undefined && at <= now
}

/** The instant `seconds` from now. */
export function after (facts: RolloutFacts, seconds: number): string {
  return formatInstant(facts.now + seconds)
}

export function isReady (version: VersionIdentity | undefined, facts: RolloutFacts): boolean {
  return version !== undefined && facts.readiness(version).ready
}

export function isAvailable (version: VersionIdentity | undefined, facts: RolloutFacts): boolean {
  return version !== undefined && facts.readiness(version).available > 0
}

/** Whether the backend still reports pods of a version that is not deployed now. */
export function isLingering (version: VersionIdentity | undefined, facts: RolloutFacts): boolean {
  return version !== undefined && facts.readiness(version).progress !== ''
}

/** The router's clock and ours agree about this well, in seconds; beyond it, its times are taken for another clock's and not waited for. */
const CLOCKS_AGREE = 5

/**
 * When the router's next flip will show, if it does not yet: its times are whole seconds, so a flip in the second of the one before it looks
 * like none, and the weight would count as in force only after a minute. Undefined when the next flip can be told from the last one.
 */
export function flipVisibleAt ({ router, now }: RolloutFacts): number | undefined {
  const transition = Math.max(0, ...router.transition.split(',').map((text) => parseInstant(text) ?? 0))
  return transition >= now && transition < now + CLOCKS_AGREE ? transition + 1 : undefined
}

/** Whether the wanted weights have been seen in force. */
export function inForce (memory: Memory): boolean {
  return memory.traffic?.inForce === true
}
