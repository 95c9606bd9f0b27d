// One sync of an MlflowModel: observe, recall, decide, build, report.
import { believedFacts } from '../core/believed-facts.ts'
import { setConditions } from '../core/conditions.ts'
import { factInstants, parseCommands, type Facts } from '../core/facts.ts'
import { mayReturn, newestInstant, newestStatusInstant, type Child, type SyncRequest, type SyncResponse } from '../core/request.ts'
import { predictorName } from '../core/names.ts'
import { isAnswerTo, questionOf } from '../core/registry-question.ts'
import { parseInstant } from '../core/time.ts'
import { NOT_DEPLOYED, type Backend, type Observation, type Served } from '../serving/backend.ts'
import { backends } from '../serving/backends.ts'
import { conditionsOf } from './conditions.ts'
import { policyOf, servingOptionsOf } from './policy.ts'
import { holdFor } from './hold.ts'
import { summarize, type Context } from './phase.ts'
import { recall, type Recall } from './recall.ts'
import type { Spec } from './schema.ts'
import type { Memory, Status } from './schema/status.ts'
import { computeStatus } from './status.ts'
import { disbeliefOf, followedTarget } from './target.ts'
import type { RolloutFacts } from './rollout/facts.ts'
import { clearedMemory, formatMemory, parseMemory, wantedShares } from './rollout/memory.ts'
import { repeatMemory, restoreMemory } from './rollout/restore.ts'
import { stepRollout } from './rollout/step.ts'

type Request = SyncRequest<Spec, Status>

/** Answers one sync. The same request always gets the same answer. */
export function sync (request: Request): SyncResponse<Status> {
  const backend: Backend = backends[request.parent.spec.serving.backend]
  const installed = backend.children.every((child) => mayReturn(request, child))
  const observation = backend.observe(request)
  const recalled = recall(observation, request.parent.status)
  const told = believedFacts(request)
  const facts = factsOf(request, told, { observation, memory: recalled.memory })
  if (!installed) return { status: report(request, backend, facts, { told, observation, memory: recalled.memory, installed }), children: [] }

  const { wanted, reported, heldUntil } = act(recalled, facts, observation)
  return {
    status: report(request, backend, facts, { told, observation, memory: reported, installed, ...(heldUntil !== undefined && { heldUntil }) }),
    // Memory that was just read and is left as it is can be read.
    children: wanted ? build(request, backend, wanted, recalled.action === 'decide' && wanted === recalled.memory) : []
  }
}

/** `heldUntil`: a decision waits for the operator, until then at the latest (whole seconds). */
type Act = { wanted?: Memory, reported: Memory, heldUntil?: number }

/**
 * What should be, and what the status says. The status tells what was observed in the annotation, never the decision just taken: should the
 * write of the object be lost, nobody has been told of it. Only where there is no object to carry memory is the status its carrier.
 */
function act ({ action, memory, reported = memory }: Recall, facts: RolloutFacts, observation: Observation | undefined): Act {
  switch (action) {
    case 'delete':
      return { reported }
    case 'repeat':
      return { wanted: repeatMemory(memory, facts), reported }
    case 'rewrite':
      return { wanted: restoreMemory(memory, facts), reported }
    case 'restore':
      return isGone(facts) ? { reported: clearedMemory(memory) } : { wanted: restoreMemory(memory, facts), reported: memory }
    case 'decide':
      return decide(memory, facts, observation)
    default:
      return action satisfies never
  }
}

function decide (memory: Memory, facts: RolloutFacts, observation: Observation | undefined): Act {
  const next = stepRollout(memory, facts)
  if (!observation) return { wanted: next, reported: next.canary ? memory : next }
  const heldUntil = holdFor(observation, { before: memory, after: next, now: facts.now })
  return heldUntil === undefined ? { wanted: next, reported: memory } : { wanted: memory, reported: memory, heldUntil }
}

/** Nothing is to be served: the alias is gone, and that is to end serving. */
function isGone ({ target, policy }: RolloutFacts): boolean {
  return target.kind === 'Missing' && policy.whenAliasMissing === 'Delete'
}

function build (request: Request, backend: Backend, memory: Memory, isReadable: boolean): Child[] {
  const shares = wantedShares(memory)
  const { stable, previous, canary, rollout } = memory
  const versions = [stable, previous, rollout?.present ? canary : undefined].filter((version) => version !== undefined)
  const served: Served[] = versions.map((version) => ({ version: version.version, createdAt: version.createdAt, uri: version.uri, share: shares[predictorName(version)] ?? 0 }))
  // Memory that cannot be read back would be lost with the next sync: rather no answer at all.
  if (!isReadable && !parseMemory(memory)) throw new Error('the memory of the rollout does not fit its own schema')
  return backend.make(request, servingOptionsOf(request.parent.spec), { served, state: formatMemory(memory) })
}

function factsOf (request: Request, told: Facts, { observation, memory }: Pick<Reported, 'observation' | 'memory'>): RolloutFacts {
  const { spec, metadata, status } = request.parent
  const commands = parseCommands(metadata.annotations)
  return {
    now: newestInstant(request, [...factInstants(told), ...instantsOf(memory), ...instantsOf(status ?? {})]),
    policy: policyOf(spec),
    target: followedTarget(request, told.registry, memory),
    ...(told.analysis && { analysis: told.analysis }),
    commands,
    highestSeenCounter: highestCounter([...Object.values(commands), told.analysis?.rollout]),
    router: observation ? { ...observation.router, shares: observation.shares } : { present: false, applied: false, transition: '' },
    readiness: observation?.readiness ?? (() => NOT_DEPLOYED)
  }
}

/** Our own times that lie in the past by nature (deadlines do not). */
function instantsOf ({ traffic, rollout, failedVersions }: Partial<Memory>): Array<number | undefined> {
  return [traffic?.writtenAt, rollout?.startedAt, rollout?.stepStartedAt, rollout?.trafficSince, ...(failedVersions ?? []).map(({ at }) => at)].map(parseInstant)
}

/** The n of every rollout id that was written down somewhere. */
function highestCounter (ids: Array<string | undefined>): number {
  return ids.reduce((highest, id) => {
    const n = Number(/-(\d{1,12})$/.exec(id ?? '')?.[1] ?? 0)
    return Math.max(highest, n)
  }, 0)
}

/** Only what every sync sees alike: no time of the parent but its creation. */
function timesOf (request: Request, memory: Memory): { decided: number, backend: number | undefined } {
  const known = instantsOf(memory).filter((instant) => instant !== undefined)
  const created = parseInstant(request.parent.metadata.creationTimestamp)
  return { decided: known.length > 0 ? Math.max(...known) : created ?? 0, backend: newestStatusInstant(request) }
}

/** `told` is what the poller's annotations say, as far as it can be true. */
type Reported = { told: Facts, observation: Observation | undefined, memory: Memory, installed: boolean, heldUntil?: number }

function report (request: Request, backend: Backend, facts: RolloutFacts, { told, observation, memory, installed, heldUntil }: Reported): Status {
  const { metadata, status, spec } = request.parent
  const context = contextOf(request, backend, { told, observation })
  const summary = installed
    ? summarize(memory, facts, context)
    : { phase: 'Degraded' as const, reason: 'BackendNotInstalled', error: `Serving by ${backend.name} is switched off: the controller does not list ${backend.children[0]?.kind}. Install ${backend.name} and set ${backend.children[0]?.capability}.enabled=true in the chart.` }
  const conditions = setConditions(status?.conditions, conditionsOf({ memory, facts, summary, context, spec, installed, times: timesOf(request, memory) }), facts.now, metadata.generation)
  return { ...computeStatus(memory, facts, { summary, url: backend.url(request), ...(heldUntil !== undefined && { heldUntil }) }), conditions }
}

/** What sentences may name. A registry's answer to another question (the spec was edited) is none. */
function contextOf (request: Request, backend: Backend, { told: { registry }, observation }: Pick<Reported, 'told' | 'observation'>): Context {
  const { metadata, spec } = request.parent
  const disbelief = disbeliefOf(request, registry)
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    backend: backend.words(request),
    deployed: observation !== undefined,
    ...(isAnswerTo(registry, questionOf(spec)) && { registry }),
    ...(disbelief && { disbelief }),
    ...(observation?.failure !== undefined && { backendFailure: observation.failure })
  }
}
