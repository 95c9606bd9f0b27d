// From what is decided to the objects that should be there.
import { observedReplicas } from '../core/replicas.ts'
import { jobState } from '../core/job-state.ts'
import type { Template } from '../core/pod-template.ts'
import { findChild, type Child } from '../core/request.ts'
import { CRON_JOB, JOB } from './children.ts'
import { makeOrderedJob } from './migration/jobs.ts'
import { formatMemory } from './migration/memory.ts'
import { PARTS } from './parts.ts'
import { namespaceOf, type Request } from './place.ts'
import { keptTemplate, type Plan } from './plan.ts'
import { formatMarks } from './references.ts'
import { makeDeployment } from './resources/deployment.ts'
import { makeServerTemplate } from './resources/server-template.ts'
import { serverPod } from './resources/server-pod.ts'

export function makeChildren (request: Request, plan: Plan): Child[] {
  const version = plan.migration?.memory.settled?.version
  const kept = keptTemplate(plan)
  const parts = PARTS.flatMap((make) => make(request, { ...(version !== undefined && { version }), ...(kept && { kept }) }) ?? [])
  return [...server(request, plan), ...jobs(request, plan), ...parts.map((part) => isSuspended(plan) ? suspended(part) : part)]
}

function server (request: Request, plan: Plan): Child[] {
  const template = templateOf(request, plan)
  if (!template) return []
  const { migration, marks } = plan
  return [makeDeployment(request, { template, replicas: replicasOf(request, plan), annotations: formatMarks(marks), ...(migration && { state: formatMemory(migration.memory) }) })]
}

function templateOf (request: Request, plan: Plan): Template | undefined {
  return keptTemplate(plan) ?? (plan.problem ? undefined : makeServerTemplate(request, plan.marks.pods))
}

/** Undefined: an autoscaler's to say. */
function replicasOf (request: Request, { deployment, migration }: Plan): number | undefined {
  const { autoscaling, replicas } = request.parent.spec
  if (typeof migration?.replicas === 'number') return migration.replicas
  if (!autoscaling) return replicas
  return deployment ? observedReplicas(deployment) : autoscaling.minReplicas
}

/** Those that are there stay, whatever the spec says by now; none is made of a spec that no pod can be made of. */
function jobs (request: Request, { migration, problem }: Plan): Child[] {
  const orders = migration?.jobs ?? []
  const isThere = (name: string) => jobState(findChild(request, JOB, name, namespaceOf(request))).state !== 'Absent'
  const wanted = problem ? orders.filter(({ name }) => isThere(name)) : orders
  return wanted.map((order) => makeOrderedJob(request, serverPod(request), order))
}

/** They write to the databases, and are made of the spec as it is, for which nothing is decided while there is a problem. */
function isSuspended ({ migration, problem }: Plan): boolean {
  return problem !== undefined || migration?.suspended !== false
}

function suspended (child: Child): Child {
  return child.kind === CRON_JOB.kind ? { ...child, spec: { ...child.spec as object, suspend: true } } : child
}
