// One sync of an MLModel: recall, look, decide, build, report.
import { UnprocessableError } from '../core/kind.ts'
import { believedFacts } from '../core/believed-facts.ts'
import { setConditions } from '../core/conditions.ts'
import { factInstants, parseCommands, type Facts } from '../core/facts.ts'
import { mayReturn, newestOutsideInstant, type Child, type SyncRequest, type SyncResponse } from '../core/request.ts'
import { conditionsOf } from './conditions.ts'
import { decide, type Decision } from './decide.ts'
import { gather, type Evidence } from './evidence.ts'
import { recall, type Memory } from './memory.ts'
import { summarize } from './phase.ts'
import { makeDeployment } from './resources/deployment.ts'
import { keepJob, makeJob } from './resources/job.ts'
import { CHILDREN } from './resources/names.ts'
import { makeService, portsOf, urlOf, type Ports } from './resources/service.ts'
import { makeVolume } from './resources/volume.ts'
import { findRuntime } from './runtime.ts'
import type { Spec, Status } from './schema.ts'
import { computeStatus } from './status.ts'
import { isImpossible, wantedOf } from './wanted.ts'

type Request = SyncRequest<Spec, Status>

/** Answers one sync. The same request always gets the same answer. */
export function sync (request: Request): SyncResponse<Status> {
  const missing = CHILDREN.find((child) => !mayReturn(request, child))
  if (missing) throw new UnprocessableError(`The controller sluice-mlmodels does not list ${missing.resource} of ${missing.apiVersion}; install the chart or bundle of this release again`)
  const { metadata, spec } = request.parent
  const facts = believedFacts(request)
  const evidence = gather(request, facts)
  const { retry } = parseCommands(metadata.annotations)
  const decision = decide(recall(request), {
    name: metadata.name,
    uri: spec.source.uri,
    wantedIn: (attempt) => wantedOf(request, attempt),
    evidence,
    ...(retry !== undefined && { retry })
  })
  return { status: report(request, decision, { facts, evidence }), children: build(request, decision) }
}

function build (request: Request, decision: Decision): Child[] {
  const { memory } = decision
  const version = memory.candidate ?? memory.accepted
  return [
    ...decision.volumes.map((volume) => makeVolume(request, volume)),
    ...jobsOf(request, decision),
    ...(version ? [makeDeployment(request, version.template, memory)] : []),
    makeService(request, servicePorts(request, memory), memory)
  ]
}

/** The Job that downloads, once its volume's name is free, and those that are over and there: they are never made again. */
function jobsOf (request: Request, { wanted, under, keptJobs }: Decision): Child[] {
  const isRunning = under.stage === 'Downloading' && !under.download.waiting
  const own = !isImpossible(wanted) && (isRunning || keptJobs.includes(wanted.key)) ? [makeJob(request, wanted)] : []
  const others = keptJobs.filter((key) => isImpossible(wanted) || key !== wanted.key)
  return [...own, ...others.flatMap((key) => keepJob(request, key) ?? [])]
}

/** Those of the pods that serve now; the next runtime's only when it does. */
function servicePorts ({ parent: { spec } }: Request, { accepted, candidate }: Memory): Ports {
  const version = accepted ?? candidate
  const ports = version && portsOf(version.template)
  return ports?.http !== undefined ? ports : findRuntime(spec)?.ports ?? { http: spec.port ?? 8080 }
}

function report (request: Request, decision: Decision, { facts, evidence }: { facts: Facts, evidence: Evidence }): Status {
  const { metadata, status, spec } = request.parent
  const { memory } = decision
  const context = { name: metadata.name, namespace: metadata.namespace ?? '', evidence }
  const summary = summarize(decision, context)
  const version = memory.accepted ?? memory.candidate
  const url = version && urlOf(request, servicePorts(request, memory), version.model.predict)
  // The parent's own status writes are left out: two syncs that see different ones of them give the same times.
  const now = newestOutsideInstant(request, factInstants(facts))
  const conditions = setConditions(status?.conditions, conditionsOf({ decision, context, summary, spec }), now, metadata.generation)
  return { ...computeStatus(memory, { summary, server: evidence.server, url }), conditions }
}
