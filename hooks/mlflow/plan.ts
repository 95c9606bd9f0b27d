// What is known and decided in one sync, for those who build the children and those who report.
import { deploymentState, replicasOf } from '../core/deployment-state.ts'
import type { Facts } from '../core/facts.ts'
import { readTemplate, type Template } from '../core/pod-template.ts'
import { findChild, type KubeObject } from '../core/request.ts'
import { DEPLOYMENT } from './children.ts'
import { decideMigration } from './migration/decide.ts'
import type { Decision, Evidence, Wanted } from './migration/evidence.ts'
import type { MigrationMemory } from './migration/memory.ts'
import { observeMigration } from './migration/observe.ts'
import { namesOf } from './names.ts'
import { namespaceOf, type Request } from './place.ts'
import { problemOf, type Problem } from './problem.ts'
import { marksOf, type Marks } from './references.ts'
import { imageOf } from './resources/server-pod.ts'
import { storesKey } from './stores.ts'

export type Plan = {
  /** As observed; undefined where it is absent or being deleted. */
  deployment: KubeObject | undefined
  marks: Marks
  /** Then the pods stay as they are. */
  problem: Problem | undefined
  /** Undefined only where there is a problem, and nothing is remembered. */
  migration: Decision | undefined
}

/** Decides. `now`: whole seconds. */
export function planOf (request: Request, told: Facts, now: number): Plan {
  const found = findChild(request, DEPLOYMENT, namesOf(request.parent.metadata.name).server, namespaceOf(request))
  const deployment = found?.metadata.deletionTimestamp === undefined ? found : undefined
  const marks = marksOf(request, deployment, told.references)
  const problem = problemOf(request, told.references)
  const { memory, evidence } = observeMigration(request, now)
  return { deployment, marks, problem, migration: problem ? onlyGoOn(memory, evidence, request) : decideMigration(memory, wantedOf(request, deployment, marks), evidence) }
}

/** The pod template that stays while none is made of the spec: that of before a migration, or, where none can be made, the one that is there. */
export function keptTemplate ({ deployment, problem, migration }: Pick<Plan, 'deployment' | 'problem' | 'migration'>): Template | undefined {
  const before = migration?.run === 'before' ? migration.memory.before?.template : undefined
  if (before) return before
  return problem && deployment && readTemplate(deployment)
}

function wantedOf (request: Request, deployment: KubeObject | undefined, marks: Marks): Wanted {
  const { spec, metadata } = request.parent
  return {
    ...placeOf(request),
    image: imageOf(request),
    storesKey: storesKey(spec, marks.stores),
    generation: metadata.generation ?? 0,
    mode: spec.migration.mode,
    replicas: replicasWanted(request, deployment),
    autoscaling: spec.autoscaling !== undefined
  }
}

function placeOf (request: Request): Pick<Wanted, 'name' | 'object' | 'tasks'> {
  const { metadata: { name }, spec: { garbageCollection, traceArchival } } = request.parent
  return { name: namesOf(name).server, object: { name, namespace: namespaceOf(request) }, tasks: garbageCollection !== undefined || traceArchival?.enabled === true }
}

/** An observed 0 is no wish: it is what a migration leaves. */
function replicasWanted ({ parent: { spec } }: Request, deployment: KubeObject | undefined): number {
  const { autoscaling, replicas } = spec
  if (!autoscaling) return replicas
  const observed = deploymentState(deployment) && deployment ? replicasOf(deployment) : 0
  return Math.max(observed, autoscaling.minReplicas)
}

/** What is under way goes on with what it was begun for, and nothing is begun for a spec that no pods can be made of. */
function onlyGoOn (memory: MigrationMemory | undefined, evidence: Evidence, request: Request): Decision | undefined {
  if (!memory) return undefined
  const { command: _command, ...rest } = evidence
  const { spec } = request.parent
  const wanted: Wanted = { ...placeOf(request), ...memory.target, mode: 'Automatic', replicas: replicasWanted(request, undefined), autoscaling: spec.autoscaling !== undefined }
  return decideMigration(memory, wanted, rest)
}
