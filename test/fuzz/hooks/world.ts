// What the world does between two syncs of an object of any kind: time passes, pods come and go, Jobs end, checks are counted, people give commands and edit.
import fc from 'fast-check'
import { COMMANDS, FACTS, STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import type { Goldens } from '../inputs/goldens.ts'
import { instant } from '../inputs/instants.ts'
import { childrenIn, isObject, textOf, type Json } from '../inputs/tree.ts'
import { endJob, letDeployment, scale } from './workloads.ts'

const PODS = ['as they were', 'all ready', 'the first gone', 'the last gone', 'all gone', 'half of the last', 'too late'] as const
const CHECKS = ['none', 'passed', 'failed', 'inconclusive', 'broken'] as const
const ORDERS = ['none', 'promote', 'abort', 'retry'] as const

export type Turn = { seconds: number, pods: typeof PODS[number], jobs: 'run' | 'pass' | 'fail', scale: number, checks: typeof CHECKS[number], order: typeof ORDERS[number], alias: number, wish: number }

/** `alias`: 0 leaves it where it is; `wish`: 0 leaves the spec, any other number takes that of another golden input; `scale`: 0 leaves Deployments as large as they are. */
export const turn: fc.Arbitrary<Turn> = fc.record({
  seconds: fc.constantFrom(0, 1, 10, 60, 130, 700),
  pods: fc.oneof({ weight: 3, arbitrary: fc.constant('all ready' as const) }, { weight: 2, arbitrary: fc.constantFrom(...PODS) }),
  jobs: fc.constantFrom('run' as const, 'run' as const, 'pass' as const, 'pass' as const, 'fail' as const),
  scale: fc.constantFrom(0, 0, 0, 0, 0, 1, 4),
  checks: fc.constantFrom(...CHECKS, 'passed' as const),
  order: fc.oneof({ weight: 4, arbitrary: fc.constant('none' as const) }, { weight: 1, arbitrary: fc.constantFrom(...ORDERS) }),
  alias: fc.constantFrom(0, 0, 0, 0, 1, 2, 3),
  wish: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 1000 }) })
})

/** Plays one turn on a request whose annotations are opened. `now` in whole seconds. */
export function playTurn (request: Json, turn: Turn, { now, goldens }: { now: number, goldens: Goldens }): void {
  const annotations = annotationsOf(request.parent)
  if (!annotations) return
  const time = instant(now + turn.seconds)
  if (turn.seconds > 0) annotations[FACTS.clock] = time
  const children = childrenIn(request)
  children.forEach((child) => movePods(child, turn, { time, isLast: child === children.findLast(({ kind }) => kind === 'Deployment') }))
  for (const child of children) if (child.kind === 'Job' && turn.jobs !== 'run') endJob(child, annotations, { passes: turn.jobs === 'pass', time })
  if (turn.wish > 0) take(request.parent, goldens.inputs[turn.wish % goldens.inputs.length])
  const memory = childrenIn(request).map((child) => annotationsOf(child)?.[STATE_ANNOTATION]).find(isObject)
  annotate(annotations, memory, turn, time)
  if (turn.alias > 0) pointTo(annotations, turn.alias)
}

/** What the poller measured, and what a person asks for. */
function annotate (annotations: Json, memory: Json | undefined, { checks, order }: Turn, time: string): void {
  const rollout = isObject(memory?.rollout) ? memory.rollout : undefined
  if (rollout && checks !== 'none') annotations[FACTS.analysis] = analysisOf(rollout, checks, time)
  if (order !== 'none') annotations[COMMANDS[order]] = order === 'retry' ? retried(memory) : textOf(rollout?.id)
}

/** The spec of another object, as one edit of a person. */
function take (parent: unknown, other: Json | undefined): void {
  if (!isObject(parent) || !isObject(other?.parent) || !isObject(parent.metadata)) return
  parent.spec = structuredClone(other.parent.spec)
  if (typeof parent.metadata.generation === 'number') parent.metadata.generation += 1
}

function movePods (child: Json, { pods, scale: to }: Turn, { time, isLast }: { time: string, isLast: boolean }): void {
  if (child.kind === 'Deployment' && to > 0) scale(child, to, time)
  if (pods === 'as they were') return
  if (child.kind === 'Deployment') letDeployment(child, pods, { time, isLast })
  if (isObject(child.spec) && Array.isArray(child.spec.predictors)) letPredictors(child, pods, time)
}

function annotationsOf (object: unknown): Json | undefined {
  const metadata = isObject(object) ? object.metadata : undefined
  return isObject(metadata) && isObject(metadata.annotations) ? metadata.annotations : undefined
}

/** What the Seldon operator would report of such pods. It writes the router's condition anew each time. */
function letPredictors (child: Json, pods: Turn['pods'], time: string): void {
  const predictors = (child.spec as { predictors: unknown[] }).predictors.filter(isObject)
  const name = isObject(child.metadata) ? textOf(child.metadata.name) : ''
  const gone = (index: number) => pods === 'all gone' || (pods === 'the first gone' && index === 0) || (pods === 'the last gone' && index === predictors.length - 1)
  const half = (index: number) => (pods === 'half of the last' || pods === 'too late') && index === predictors.length - 1
  const entries = predictors.map((predictor, index) => [`${name}-${textOf(predictor.name)}-0-model`, { replicas: half(index) ? 2 : 1, availableReplicas: gone(index) ? 0 : 1 }] as const)
  const whole = pods === 'all ready'
  child.status = {
    state: whole ? 'Available' : 'Creating',
    deploymentStatus: Object.fromEntries(entries),
    conditions: [{ type: 'istioVirtualServicesReady', status: whole ? 'True' : 'False', reason: 'All VirtualServices created', lastTransitionTime: time }]
  }
}

function analysisOf (rollout: Json, checks: Turn['checks'], at: string): Json {
  const outcome = ({ passed: 'Passed', failed: 'Failed', inconclusive: 'Inconclusive', broken: 'Error', none: 'Passed' } as const)[checks]
  const count = (which: string) => outcome === which ? 50 : 0
  return {
    rollout: rollout.id,
    step: rollout.step,
    stepStartedAt: rollout.stepStartedAt ?? at,
    passed: count('Passed'),
    failed: count('Failed'),
    inconclusive: count('Inconclusive'),
    errors: count('Error'),
    streak: { outcome, count: 50 },
    last: { at, outcome, reason: 'Measured', metrics: [] }
  }
}

/** What the command is about: the newest attempt, or a rollout that has failed. */
function retried (memory: Json | undefined): string {
  if (typeof memory?.attempt === 'number') return String(memory.attempt)
  const [failure] = Array.isArray(memory?.failedVersions) ? memory.failedVersions : []
  return isObject(failure) ? textOf(failure.rollout) : ''
}

/** The alias is on one of three versions. */
function pointTo (annotations: Json, alias: number): void {
  const fact = annotations[FACTS.registry]
  if (isObject(fact)) Object.assign(fact, { state: 'Found', version: String(alias), createdAt: `2026-01-0${4 + alias}T${alias === 1 ? '10:00:00.125' : '11:30:00.250'}Z`, uri: `s3://models/churn/${alias}` })
}
