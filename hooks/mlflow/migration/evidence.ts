// What the state machine is told and what it answers. It knows Jobs and pods only by what is said here.
import type { DeploymentState } from '../../core/deployment-state.ts'
import type { PodsFact } from '../../core/facts.ts'
import type { JobState } from '../../core/job-state.ts'
import type { Template } from '../../core/pod-template.ts'
import type { MigrationMemory, Stage } from './memory.ts'

/** What the spec asks for. */
export type Wanted = {
  /** Of the server: what names of Jobs begin with. */
  name: string
  /** For sentences that people paste into a shell: of the object, and where its Jobs are. */
  object: { name: string, namespace: string }
  image: string
  /** contentHash of the settings of the stores and of the resourceVersions of their Secrets. */
  storesKey: string
  generation: number
  mode: 'Automatic' | 'Always'
  /** Pods that there should be, at least 1: of the spec; with an autoscaler those that it has asked for, or its least. */
  replicas: number
  /** An autoscaler says how many pods there are: one that finds 0 leaves them at 0, so the number has to be said once. */
  autoscaling?: boolean
  /** There are CronJobs, which wait until the databases fit the image. */
  tasks?: boolean
}

/** `pod`: the newest pod of the Job that is over or in trouble, as the poller tells. */
export type JobLook = { state: JobState, pod?: PodsFact[number] }

export type DeploymentLook = {
  state: DeploymentState
  /** Pods that are there: status.replicas, and those that are ending where the server counts them. */
  pods: number
  template?: Template
  /** Of the memory that it carries; absent where it carries none that can be read. */
  carried?: { sequence: number, attempt: number }
  /** Seconds that a pod may take to end where the server does not count those that are ending; 0 or absent where it does. */
  grace?: number
}

export type Evidence = {
  deployment?: DeploymentLook
  look: (jobName: string) => JobLook
  /** Whole seconds. */
  now: number
  /** Value of the annotation by which somebody asks for another attempt. */
  command?: string
  /** Values of the annotations by which somebody may ask, by their names. */
  asked?: Record<string, string>
  /** Jobs of CronJobs that run: they write to the same databases. */
  active?: number
  /** What is known where there is no memory: the newest numbers that were given, and the version of the status. */
  known?: { attempt?: number, sequence?: number, version?: string }
}

/** A Job that must exist. `state`: for its annotation, the memory by which it was ordered. */
export type JobOrder = { kind: 'preflight' | 'migrate', name: string, attempt: number, try: number, state: string }

export type Said = { reason: string, message: string }

export type Decision = {
  memory: MigrationMemory
  stage: Stage
  /** Whose pod template the Deployment gets: that of the spec, or memory.before.template. */
  run: 'wanted' | 'before'
  /** `wanted`: as without a migration. */
  replicas: number | 'wanted'
  /** CronJobs: they are made of the image that is wanted, and MLflow's commands write to the databases, and may bring them to that image's schema. */
  suspended: boolean
  /** All that must exist; a Job that is not among them is to go. */
  jobs: JobOrder[]
  /** The condition Migration. */
  condition: Said & { status: 'True' | 'False' | 'Unknown' }
  /** Available is False for this reason, whatever the Deployment says. */
  available?: Said
  /** What Progressing says, in place of the Deployment. */
  progressing?: Said & { status: 'True' | 'False' }
  /** Whole seconds. */
  nextDeadline?: number
}
