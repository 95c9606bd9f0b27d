// A rollout's memory and what it is told, for table tests: version 1 serves, version 2 is tried, version 3 is another one.
// Times are whole seconds after T0; the present is NOW.
import { defined } from '../../hooks/core/plain-value.ts'
import type { AnalysisFact, Commands } from '../../hooks/core/facts.ts'
import { predictorName, rolloutId, type VersionIdentity } from '../../hooks/core/names.ts'
import type { Memory, Rollout, Traffic, Version } from '../../hooks/mlflow-model/schema/status.ts'
import type { Policy, Readiness, RolloutFacts, Router, Target } from '../../hooks/mlflow-model/rollout/facts.ts'
import { deepFreeze } from './deep-freeze.ts'

export const T0 = Date.UTC(2026, 10, 21, 4) / 1000
export const NOW = 100

/** The instant so many seconds after T0. */
export function at (seconds: number): string {
  return new Date((T0 + seconds) * 1000).toISOString().replace('.000Z', 'Z')
}

const born = (version: number): Version => ({ version: String(version), createdAt: `2026-11-0${version}T00:00:00.000Z`, uri: `s3://models/${version}` })
export const V1 = deepFreeze(born(1))
export const V2 = deepFreeze(born(2))
export const V3 = deepFreeze(born(3))
export const P1 = predictorName(V1)
export const P2 = predictorName(V2)
export const P3 = predictorName(V3)

/** The rollout of version 2 that is under way. */
export const ID = rolloutId(V2, 30)

export const READY: Readiness = { available: 1, ready: true, progress: '1/1' }
/** One of two pods answers. */
export const PARTIAL: Readiness = { available: 1, ready: false, progress: '1/2' }
/** Deployed, and no pod answers. */
export const DOWN: Readiness = { available: 0, ready: false, progress: '0/1' }
export const GONE: Readiness = { available: 0, ready: false, progress: '' }

/** Everything goes to stable, and does so already. */
export const SETTLED: Traffic = deepFreeze({ stable: 100, canary: 0, writtenAt: at(50), routerTransition: at(-50), inForce: true, canaryInForce: 0 })

/** Shares that were wanted at the present and are not in force yet. */
export function fresh (canary: number, canaryInForce = 0): Traffic {
  return { stable: 100 - canary, canary, canaryInForce, writtenAt: at(NOW), routerTransition: at(5), inForce: false }
}

/** Some of memory's fields. */
export type MemoryChange = { [K in keyof Memory]?: Memory[K] | undefined }

/** Memory with version 1 as stable and nothing else, changed by each of the parts. A part's undefined field takes the field out. */
export function memory (...parts: MemoryChange[]): Memory {
  const whole = Object.assign({ sequence: 40, counter: 30, stable: V1, traffic: SETTLED }, ...parts) as object
  return deepFreeze(defined(whole)) as Memory
}

/** The memory after one more decision that made these changes. */
export function after (before: Memory, ...parts: MemoryChange[]): Memory {
  return memory({ stable: undefined, traffic: undefined }, before, ...parts, { sequence: before.sequence + 1 })
}

const UP: Partial<Rollout> = { raised: true, trafficSince: at(50) }
const STAGES: Record<Rollout['stage'], { rollout: Partial<Rollout>, weight: number, inForce?: boolean }> = {
  Loading: { rollout: { step: 0, progress: '1/1' }, weight: 0 },
  Stepping: { rollout: { ...UP, step: 1, stepStartedAt: at(60) }, weight: 10 },
  AwaitingApproval: { rollout: { ...UP, step: 2, stepStartedAt: at(60) }, weight: 50 },
  Promoting: { rollout: { ...UP, step: 2, deadline: at(650) }, weight: 100, inForce: false },
  Unwinding: { rollout: { ...UP, step: 1, deadline: at(650), outcome: 'Aborted', reason: 'AnalysisFailed' }, weight: 0, inForce: false },
  Draining: { rollout: { ...UP, step: 1, deadline: at(120), outcome: 'Aborted', reason: 'AnalysisFailed' }, weight: 0 }
}

type RolloutChange = { [K in keyof Rollout]?: Rollout[K] | undefined } & { weight?: number, inForce?: boolean }

/** A rollout of version 2 in that stage, with the weights that go with it: steps 10 and 50, and in force where the stage lasts. */
export function withRollout (stage: Rollout['stage'], { weight = STAGES[stage].weight, inForce = STAGES[stage].inForce ?? true, ...change }: RolloutChange = {}): Partial<Memory> {
  const rollout = { id: ID, stage, step: 0, startedAt: at(1), present: true, raised: false, commanded: false, losses: 0, ...STAGES[stage].rollout, ...change }
  return {
    canary: V2,
    rollout: defined(rollout) as Rollout,
    traffic: { stable: 100 - weight, canary: weight, writtenAt: at(50), routerTransition: at(-50), inForce, canaryInForce: inForce ? weight : 0 }
  }
}

/** The same memory with a changed rollout. */
export function changed (before: Memory, change: { [K in keyof Rollout]?: Rollout[K] | undefined }): Pick<Memory, 'rollout'> {
  return { rollout: defined({ ...before.rollout, ...change }) as Rollout }
}

export const POLICY: Policy = deepFreeze({
  steps: [10, 50],
  approval: 'Automatic',
  paused: false,
  newVersion: 'Replace',
  progressDeadline: 600,
  keepStable: 600,
  keepFailed: 30,
  checks: 3,
  failureLimit: 1,
  inconclusiveLimit: 4,
  errorLimit: 2,
  whenPaused: 'Hold',
  whenAliasMissing: 'Retain'
})

export type Told = {
  now?: number
  policy?: Partial<Policy>
  target?: (VersionIdentity & { uri?: string }) | 'Unknown' | 'Missing'
  /** Checks of the step that is under way; the streak is of what `last` says. */
  checks?: Partial<AnalysisFact>
  commands?: Commands
  highestSeenCounter?: number
  router?: { [K in keyof Router]?: Router[K] | undefined }
  /** By version number. What is not said: ready when memory has it in the object, gone when not. */
  pods?: Record<string, Readiness>
}

/**
 * What the world says about this memory: all is well unless told otherwise. The alias is on the canary (or stable), the router has applied
 * what memory wants and changed last at second 5, every pod answers.
 */
export function facts (about: Memory, told: Told = {}): RolloutFacts {
  const { canary, stable, rollout } = about
  const shares = sharesOf(about)
  const analysis = told.checks && checks(rollout, told.checks)
  const target = told.target ?? canary ?? stable ?? V1
  return deepFreeze({
    now: T0 + (told.now ?? NOW),
    policy: { ...POLICY, ...told.policy },
    target: targetOf(target),
    ...(analysis && { analysis }),
    commands: told.commands ?? {},
    highestSeenCounter: told.highestSeenCounter ?? 0,
    router: defined({ present: true, applied: true, transition: at(5), shares, ...told.router }) as Router,
    readiness: (version: VersionIdentity) => told.pods?.[version.version] ?? (predictorName(version) in shares ? READY : GONE)
  })
}

function sharesOf ({ stable, canary, previous, rollout, traffic }: Memory): Record<string, number> {
  return {
    ...(stable && { [predictorName(stable)]: traffic?.stable ?? 100 }),
    ...(previous && { [predictorName(previous)]: 0 }),
    ...(canary && rollout?.present && { [predictorName(canary)]: traffic?.canary ?? 0 })
  }
}

function targetOf (target: NonNullable<Told['target']>): Target {
  return typeof target === 'string' ? { kind: target } : { kind: 'Version', version: target }
}

/** Checks of the step that is under way: none but those that are named. */
export function checks (rollout: Rollout | undefined, change: Partial<AnalysisFact> = {}): AnalysisFact {
  return {
    rollout: rollout?.id ?? ID,
    step: rollout?.step ?? 1,
    stepStartedAt: rollout?.stepStartedAt ?? at(60),
    passed: 0,
    failed: 0,
    inconclusive: 0,
    errors: 0,
    streak: { outcome: 'Passed', count: 1 },
    last: { at: at(90), outcome: 'Passed', reason: '', metrics: [] },
    ...change
  }
}

/** A step that has been passed, and one that has failed. */
export const PASSED: Partial<AnalysisFact> = { passed: 3, streak: { outcome: 'Passed', count: 3 } }
export const FAILED: Partial<AnalysisFact> = { failed: 2, streak: { outcome: 'Failed', count: 2 }, last: { at: at(90), outcome: 'Failed', reason: '', metrics: [] } }

/** How version 2 failed at the present. */
export function failure (reason: string, metrics?: string): NonNullable<Memory['failedVersions']>[number] {
  return { version: V2.version, createdAt: V2.createdAt, rollout: ID, at: at(NOW), reason, ...(metrics && { metrics }) }
}
