// What the world does between two syncs of an MlflowModel: time passes, pods come and go, checks are counted, people give commands.
import fc from 'fast-check'
import { COMMANDS, FACTS, STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import { childrenIn, isObject, textOf, placesIn, valueAt, type Json } from '../inputs/tree.ts'

const PODS = ['as they were', 'all ready', 'the first gone', 'the last gone', 'all gone', 'half of the last'] as const
const CHECKS = ['none', 'passed', 'failed', 'inconclusive', 'broken'] as const
const ORDERS = ['none', 'promote', 'abort', 'retry'] as const

export type Turn = { seconds: number, pods: typeof PODS[number], checks: typeof CHECKS[number], order: typeof ORDERS[number], alias: number }

/** `alias`: 0 leaves it where it is. */
export const turn: fc.Arbitrary<Turn> = fc.record({
  seconds: fc.constantFrom(0, 1, 10, 60, 130, 700),
  pods: fc.oneof({ weight: 3, arbitrary: fc.constant('all ready' as const) }, { weight: 2, arbitrary: fc.constantFrom(...PODS) }),
  checks: fc.constantFrom(...CHECKS, 'passed' as const),
  order: fc.oneof({ weight: 4, arbitrary: fc.constant('none' as const) }, { weight: 1, arbitrary: fc.constantFrom(...ORDERS) }),
  alias: fc.constantFrom(0, 0, 0, 0, 1, 2, 3)
})

/** Plays one turn on a request whose annotations are opened. `now` in whole seconds. */
export function playTurn (request: Json, turn: Turn, now: number): void {
  const annotations = annotationsOf(request.parent)
  if (!annotations) return
  const time = instant(now + turn.seconds)
  if (turn.seconds > 0) annotations[FACTS.clock] = time
  if (turn.pods !== 'as they were') childrenIn(request).forEach((child) => letPods(child, turn.pods, time))
  const memory = childrenIn(request).map((child) => annotationsOf(child)?.[STATE_ANNOTATION]).find(isObject)
  annotate(annotations, memory, turn, time)
  if (turn.alias > 0) pointTo(annotations, turn.alias)
}

/** What the poller measured, and what a person asks for. */
function annotate (annotations: Json, memory: Json | undefined, { checks, order }: Turn, time: string): void {
  const rollout = isObject(memory?.rollout) ? memory.rollout : undefined
  if (rollout && checks !== 'none') annotations[FACTS.analysis] = analysisOf(rollout, checks, time)
  if (order !== 'none') annotations[COMMANDS[order]] = order === 'retry' ? failedRollout(memory) : textOf(rollout?.id)
}

function annotationsOf (object: unknown): Json | undefined {
  const metadata = isObject(object) ? object.metadata : undefined
  return isObject(metadata) && isObject(metadata.annotations) ? metadata.annotations : undefined
}

/** What the Seldon operator would report of such pods. It writes the router's condition anew each time. */
function letPods (child: Json, pods: Turn['pods'], time: string): void {
  const predictors = isObject(child.spec) && Array.isArray(child.spec.predictors) ? child.spec.predictors.filter(isObject) : []
  const name = isObject(child.metadata) ? textOf(child.metadata.name) : ''
  const gone = (index: number) => pods === 'all gone' || (pods === 'the first gone' && index === 0) || (pods === 'the last gone' && index === predictors.length - 1)
  const half = (index: number) => pods === 'half of the last' && index === predictors.length - 1
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

function failedRollout (memory: Json | undefined): string {
  const [failure] = Array.isArray(memory?.failedVersions) ? memory.failedVersions : []
  return isObject(failure) ? textOf(failure.rollout) : ''
}

/** The alias is on one of three versions. */
function pointTo (annotations: Json, alias: number): void {
  const fact = annotations[FACTS.registry]
  if (isObject(fact)) Object.assign(fact, { state: 'Found', version: String(alias), createdAt: `2026-01-0${4 + alias}T${alias === 1 ? '10:00:00.125' : '11:30:00.250'}Z`, uri: `s3://models/churn/${alias}` })
}

/** The newest instant that stands anywhere in a request, in whole seconds, as far as this century goes. */
export function newestIn (request: Json): number {
  const instants = placesIn(request).filter(({ key }) => key === 'time' || key === 'creationTimestamp' || key === FACTS.clock || key === 'observedAt' || key === 'writtenAt' || key === 'at').map(valueAt)
  const seconds = instants.map((value) => typeof value === 'string' ? Date.parse(value) / 1000 : 0).filter((value) => value > 0 && value < 4e9)
  return Math.floor(Math.max(0, ...seconds))
}

function instant (seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
