// The poller as a model: it writes facts on the parent, by the rules that hooks and poller share, and decides nothing.
import { FACTS } from '../../../hooks/core/labels.ts'
import { formatFact, parseFacts, type AnalysisFact, type CheckOutcome, type RegistryFact } from '../../../hooks/core/facts.ts'
import { isAnswerTo, questionOf } from '../../../hooks/core/registry-question.ts'
import { formatInstant, parseInstant, secondsOf } from '../../../hooks/core/time.ts'
import { VERSIONS, newestParent, parentAt, writeParent, type World, type WorldParent } from './state.ts'

const WRITER = { manager: 'sluice-poller' }

/**
 * One look at the registry, or one too many without an answer: that adds `stale` to the last good one, and is told as it is where there is none.
 * A refusal takes the place of any answer.
 */
export function pollRegistry (world: World, outcome: 'Answer' | 'Silence' | 'Refusal' = 'Answer'): void {
  const { spec, metadata } = newestParent(world)
  const question = questionOf(spec)
  const known = parseFacts(metadata.annotations).registry
  const last = isAnswerTo(known, question) ? known : undefined
  const isAnswered = last !== undefined && last.state !== 'Unreachable' && last.state !== 'Refused'
  const next = outcome === 'Silence' && isAnswered ? { ...last, stale: true } : { ...question, ...answer(world, outcome) }
  if (!last || meaning(last) !== meaning(next)) annotate(world, FACTS.registry, formatFact({ ...next, observedAt: 'observedAt' in next ? next.observedAt : formatInstant(world.now) }))
}

type Found = Pick<RegistryFact, 'state' | 'version' | 'createdAt' | 'uri' | 'runId' | 'problem'>

function answer ({ registry }: World, outcome: 'Answer' | 'Silence' | 'Refusal'): Found {
  if (outcome === 'Silence') return { state: 'Unreachable', problem: "it refuses the Host header of the poller; set MLFLOW_SERVER_ALLOWED_HOSTS on the MLflow server, or host in registries.default of the poller's configuration" }
  if (outcome === 'Refusal') return { state: 'Refused', problem: 'objects in namespace models may not use registry default; ask its owner to add the namespace to registries.default.namespaces' }
  if (registry.state === 'Found') return { state: 'Found', ...VERSIONS[registry.version], runId: `run-${registry.version}` }
  if (registry.state === 'NotReady') {
    const { version, createdAt } = VERSIONS[registry.version]
    return { state: 'NotReady', version, createdAt }
  }
  return { state: registry.state }
}

function meaning ({ observedAt: _observedAt, ...rest }: Partial<RegistryFact>): string {
  return JSON.stringify(rest)
}

/** One check of the canary, if one is due for the status that the poller sees, which may be `parentAge` versions old. Says whether it wrote. */
export function checkCanary (world: World, outcome: CheckOutcome, parentAge = 0): boolean {
  const seen = parentAt(world, parentAge)
  const triple = tripleOf(seen)
  if (!triple) return false
  const last = parseFacts(seen.metadata.annotations).analysis
  const same = last && isOf(last, triple) ? last : undefined
  if (world.now < dueAt(seen, same?.last.at ?? triple.stepStartedAt)) return false
  annotate(world, FACTS.analysis, formatFact(counted(same, triple, outcome, world.now)))
  return true
}

type Triple = Pick<AnalysisFact, 'rollout' | 'step' | 'stepStartedAt'>

/** What counters belong to; undefined while nothing is to be checked. */
function tripleOf ({ status, spec }: WorldParent): Triple | undefined {
  const rollout = status?.rollout
  if (!rollout?.stepStartedAt || !rollout.trafficSince || spec.rollout.paused) return undefined
  if (rollout.stage !== 'Stepping' && rollout.stage !== 'AwaitingApproval') return undefined
  return { rollout: rollout.id, step: rollout.step, stepStartedAt: rollout.stepStartedAt }
}

function isOf (fact: AnalysisFact, { rollout, step, stepStartedAt }: Triple): boolean {
  return fact.rollout === rollout && fact.step === step && fact.stepStartedAt === stepStartedAt
}

/** One interval after the last check or the start of the step, and not before the initial delay after the first traffic. */
function dueAt ({ status, spec }: WorldParent, after: string): number {
  const { interval, initialDelay } = spec.analysis
  const first = (parseInstant(status?.rollout?.trafficSince) ?? 0) + secondsOf(initialDelay)
  return Math.max(first, (parseInstant(after) ?? 0) + secondsOf(interval))
}

const COUNTER = { Passed: 'passed', Failed: 'failed', Inconclusive: 'inconclusive', Error: 'errors' } as const

function counted (known: AnalysisFact | undefined, triple: Triple, outcome: CheckOutcome, now: number): AnalysisFact {
  const counters = { passed: 0, failed: 0, inconclusive: 0, errors: 0 }
  if (known) Object.assign(counters, { passed: known.passed, failed: known.failed, inconclusive: known.inconclusive, errors: known.errors })
  counters[COUNTER[outcome]] += 1
  const count = known?.streak.outcome === outcome ? known.streak.count + 1 : 1
  const metrics = [{ name: 'latency-p95', stable: 0.105, canary: outcome === 'Failed' ? 0.12 : 0.106, limit: '+5%', requests: 2400, outcome }]
  return { ...triple, ...counters, streak: { outcome, count }, last: { at: formatInstant(now), outcome, reason: outcome === 'Failed' ? 'LimitExceeded' : 'Measured', metrics } }
}

/** Touches the clock if the status that the poller sees names a deadline that has passed. */
export function touchClock (world: World): void {
  const { status, metadata } = newestParent(world)
  const deadline = parseInstant(status?.nextDeadline)
  if (deadline === undefined || world.now < deadline) return
  const known = parseInstant(metadata.annotations?.[FACTS.clock]) ?? 0
  if (known < deadline) annotate(world, FACTS.clock, formatInstant(Math.max(world.now, deadline)))
}

function annotate (world: World, key: string, value: string): void {
  const { annotations } = newestParent(world).metadata
  writeParent(world, WRITER, { annotations: { ...annotations, [key]: value } })
}
