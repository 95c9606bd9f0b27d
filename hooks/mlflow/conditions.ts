// The conditions of an MLflow server, Ready first. Reasons are words for programs, messages sentences with the remedy, without times.
import { aspect, type Aspect } from '../core/conditions.ts'
import type { Seen, Verdict } from './observe.ts'
import type { Plan } from './plan.ts'

export const REASONS = {
  /** All pods are of the newest template, and answer. */
  DeploymentReady: 'DeploymentReady',
  /** They are not, or there are none to be. */
  DeploymentNotReady: 'DeploymentNotReady',
  DeploymentProgressing: 'DeploymentProgressing',
  ReconcileComplete: 'ReconcileComplete',
  /** The spec asks for what is not installed. */
  BackendNotInstalled: 'BackendNotInstalled',
  /** Nothing is known of the databases yet. */
  MigrationPending: 'MigrationPending'
} as const

/** `route`, `volume`, `access`: undefined where there is none to be. */
export type Input = { plan: Plan, seen: Seen, route: Verdict | undefined, volume: Verdict | undefined, access: Verdict | undefined }

export function conditionsOf (input: Input): Aspect[] {
  const { route, volume, access } = input
  return [
    ready(input),
    available(input),
    progressing(input),
    migration(input),
    ...volume ? [aspect('Storage', volume.status, volume.reason, volume.message)] : [],
    ...route ? [aspect('Routed', route.status, route.reason, route.message)] : [],
    ...access ? [aspect('Access', access.status, access.reason, access.message)] : []
  ]
}

/** Available, with the image that the spec asks for, and nothing else that it asks for is missing. */
function ready (input: Input): Aspect {
  const { plan: { problem, migration: decision }, seen: { missing } } = input
  const failed = decision?.condition.status === 'False' && !problem ? decision.condition : undefined
  if (failed) return aspect('Ready', 'False', failed.reason, failed.message)
  if (missing !== undefined) return aspect('Ready', 'False', REASONS.BackendNotInstalled, missingSentence(missing))
  return { ...available(input), type: 'Ready' }
}

export function missingSentence (kind: string): string {
  return `The spec asks for a ${kind}, which Sluice is not configured to make: install what brings that kind and say so in Sluice's chart, or change ${kind === 'Certificate' ? 'tls.mode' : 'ingress.mode'}.`
}

/** Of pods of the newest template alone: that some of an older one answer proves nothing of what the spec asks for. */
function available ({ plan: { problem, migration }, seen }: Input): Aspect {
  const held = problem ?? migration?.available
  if (held) return aspect('Available', 'False', held.reason, held.message)
  if (seen.pods && isReady(seen.pods)) return aspect('Available', 'True', REASONS.DeploymentReady, 'MLflow deployment is ready and available')
  return aspect('Available', 'False', REASONS.DeploymentNotReady, notReady(seen))
}

function notReady ({ pods, ready, trouble }: Seen): string {
  if (pods?.replicas === 0) return 'MLflow deployment scaled to zero replicas'
  const others = pods && pods.old > 0 && ready > 0 ? '; pods of the template before still answer' : ''
  return said(`MLflow deployment not ready: ${newReady(pods)}/${pods?.replicas ?? 1} replicas ready${others}`, trouble)
}

/** Pods of the newest template that can be known to answer. */
function newReady (pods: Seen['pods']): number {
  return pods?.observed ? Math.max(0, Math.min(pods.updated, pods.available - pods.old)) : 0
}

/** The controller has seen the template, and as many pods of it as are wanted answer. */
export function isReady ({ observed, replicas, updated, available, old }: NonNullable<Seen['pods']>): boolean {
  return observed && replicas > 0 && updated >= replicas && available - old >= replicas
}

function said (sentence: string, trouble: string | undefined): string {
  return trouble === undefined ? sentence : `${sentence}. ${trouble}`
}

function progressing ({ plan: { problem, migration }, seen: { pods, trouble } }: Input): Aspect {
  if (problem) return aspect('Progressing', 'False', problem.reason, problem.message)
  if (migration?.progressing) return aspect('Progressing', migration.progressing.status, migration.progressing.reason, migration.progressing.message)
  if (pods && isReady(pods) && pods.old === 0) return aspect('Progressing', 'False', REASONS.ReconcileComplete, 'MLflow is as the spec asks for')
  const state = pods?.stuck ?? 'Pods are being made or replaced'
  return aspect('Progressing', 'True', REASONS.DeploymentProgressing, said(state.replace(/\.$/, ''), trouble))
}

function migration ({ plan: { problem, migration: decision } }: Input): Aspect {
  if (decision) return aspect('Migration', decision.condition.status, decision.condition.reason, decision.condition.message)
  return aspect('Migration', 'Unknown', REASONS.MigrationPending, `Nothing is migrated before the pods can be made: ${problem?.message ?? 'see Available'}`)
}
