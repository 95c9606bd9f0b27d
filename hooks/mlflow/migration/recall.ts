// Which memory counts: the newest of those that the Deployment and the Jobs carry. A read of the Deployment may be old while its Job is seen, and either may have
// lost its annotation; then no Job that runs may be forgotten.
import { deploymentState } from '../../core/deployment-state.ts'
import { jobState } from '../../core/job-state.ts'
import { STATE_ANNOTATION } from '../../core/labels.ts'
import type { KubeObject } from '../../core/request.ts'
import type { DeploymentLook, Evidence } from './evidence.ts'
import { parseMemory, type MigrationMemory } from './memory.ts'

/** `memory`: absent where none counts; `known` then says which numbers were given before. `carried`: what the Deployment itself says. */
export type Recalled = { memory?: MigrationMemory, known: NonNullable<Evidence['known']>, carried?: NonNullable<DeploymentLook['carried']> }

type Sources = { deployment: KubeObject | undefined, jobs: KubeObject[], status?: { attempt?: number, version?: string } | undefined }

/** `jobs`: those of ours that are observed, of any kind. `status`: what was reported last. */
export function recallMigration ({ deployment, jobs, status }: Sources): Recalled {
  const written = deployment && deployment.metadata.deletionTimestamp === undefined ? memoryOf(deployment) : undefined
  const ordered = jobs.flatMap((job) => withMemory(job)).toSorted((a, b) => b.memory.sequence - a.memory.sequence)
  const memory = newer(written, written ? ordered : ordered.filter(({ job }) => isTelling(job, deployment)))
  return { ...(memory && { memory }), known: knownOf(ordered.map(({ memory }) => memory), status), ...(written && { carried: { sequence: written.sequence, attempt: written.attempt } }) }
}

/**
 * The newest, but a migration that runs is never forgotten: a write of the Deployment may have been refused after its Job was made, and another decision written in
 * its place.
 */
function newer (written: MigrationMemory | undefined, ordered: Ordered[]): MigrationMemory | undefined {
  const running = ordered.find(({ job, memory }) => memory.stage === 'Migrating' && isRunning(job))?.memory
  if (written && running && !isAbout(written, running)) return { ...running, sequence: Math.max(running.sequence, written.sequence + 1) }
  const [newest] = ordered
  return newest && newest.memory.sequence > (written?.sequence ?? 0) ? newest.memory : written
}

function isAbout (written: MigrationMemory, { attempt, migrations }: MigrationMemory): boolean {
  return written.stage === 'Migrating' && written.attempt === attempt && written.migrations === migrations
}

/** Half of what a memory takes. */
const MOST_ATTEMPTS = 500_000_000

function knownOf (ordered: MigrationMemory[], { attempt = 0, version }: NonNullable<Sources['status']> = {}): Recalled['known'] {
  return {
    // A number that no memory takes was not counted by us.
    attempt: Math.max(attempt < MOST_ATTEMPTS ? attempt : 0, ...ordered.map((memory) => memory.attempt)),
    sequence: Math.max(1, ...ordered.map((memory) => memory.sequence)),
    ...(version !== undefined && { version })
  }
}

/**
 * Of a Deployment that has lost its memory and asks for pods, a Job that is over tells nothing: pods are asked for again after it only. One that runs does, whatever
 * else is seen.
 */
function isTelling (job: KubeObject, deployment: KubeObject | undefined): boolean {
  return isRunning(job) || (deploymentState(deployment)?.replicas ?? 0) === 0
}

/** One that is being deleted may still have a pod. */
function isRunning (job: KubeObject): boolean {
  const { deletionTimestamp, ...metadata } = job.metadata
  return jobState({ ...job, metadata }).state === 'Running'
}

type Ordered = { job: KubeObject, memory: MigrationMemory }

function withMemory (job: KubeObject): Ordered[] {
  const memory = memoryOf(job)
  return memory ? [{ job, memory }] : []
}

function memoryOf ({ metadata }: KubeObject): MigrationMemory | undefined {
  return parseMemory(metadata.annotations?.[STATE_ANNOTATION])
}
