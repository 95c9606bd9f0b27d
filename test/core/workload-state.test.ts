// What is read off observed Jobs and Deployments.
import t from 'tap'
import { deploymentState } from '../../hooks/core/deployment-state.ts'
import { jobState } from '../../hooks/core/job-state.ts'
import type { KubeObject } from '../../hooks/core/request.ts'

const condition = (type: string, reason: string, status = 'True') => ({ type, status, reason, message: `${reason} it is` })
const job = (conditions: object[] = [], metadata: object = {}): KubeObject => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j', ...metadata }, status: { conditions } })

const jobs: Array<{ name: string, job: KubeObject | undefined, want: object }> = [
  { name: 'no Job', job: undefined, want: { state: 'Absent' } },
  { name: 'a Job without a status runs', job: { ...job(), status: undefined }, want: { state: 'Running' } },
  { name: 'a Job whose status is nonsense runs', job: { ...job(), status: { conditions: 'x' } }, want: { state: 'Running' } },
  { name: 'a Job that is being deleted is absent', job: job([condition('Complete', '')], { deletionTimestamp: '2026-01-05T10:00:00Z' }), want: { state: 'Absent' } },
  { name: 'a complete Job has succeeded', job: job([condition('SuccessCriteriaMet', 'CompletionsReached'), condition('Complete', 'CompletionsReached')]), want: { state: 'Succeeded' } },
  { name: 'a Job about to fail still runs', job: job([condition('FailureTarget', 'DeadlineExceeded')]), want: { state: 'Running' } },
  { name: 'a failed Job says why', job: job([condition('FailureTarget', 'DeadlineExceeded'), condition('Failed', 'DeadlineExceeded')]), want: { state: 'Failed', reason: 'DeadlineExceeded', message: 'DeadlineExceeded it is' } },
  { name: 'a condition that is not True says nothing', job: job([condition('Failed', 'x', 'False')]), want: { state: 'Running' } }
]
for (const { name, job, want } of jobs) t.test(name, async (t) => { t.strictSame(jobState(job), want) })

const deployment = (status: object | undefined, { replicas = 2, generation = 3, ...metadata }: { replicas?: number | null, generation?: number, deletionTimestamp?: string } = {}): KubeObject =>
  ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', generation, ...metadata }, spec: { ...(replicas !== null && { replicas }) }, ...(status && { status }) })
const done = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }

const deployments: Array<{ name: string, deployment: KubeObject | undefined, want: object | undefined }> = [
  { name: 'no Deployment', deployment: undefined, want: undefined },
  { name: 'one that is being deleted counts as none', deployment: deployment(done, { deletionTimestamp: '2026-01-05T10:00:00Z' }), want: undefined },
  { name: 'a new one has nothing', deployment: deployment(undefined), want: { observed: false, replicas: 2, updated: 0, available: 0, old: 0, complete: false } },
  { name: 'a number that no Deployment can have is none', deployment: deployment(undefined, { replicas: 1e21 }), want: { observed: false, replicas: 1, updated: 0, available: 0, old: 0, complete: false } },
  { name: 'all pods answer', deployment: deployment(done), want: { observed: true, replicas: 2, updated: 2, available: 2, old: 0, complete: true } },
  { name: 'a status of the generation before is not about this template', deployment: deployment({ ...done, observedGeneration: 2 }), want: { observed: false, replicas: 2, updated: 2, available: 2, old: 0, complete: false } },
  { name: 'an old pod is still there', deployment: deployment({ ...done, replicas: 3 }), want: { observed: true, replicas: 2, updated: 2, available: 2, old: 1, complete: false } },
  { name: 'pods do not get ready in time', deployment: deployment({ ...done, availableReplicas: 1, conditions: [condition('Progressing', 'ProgressDeadlineExceeded', 'False')] }), want: { observed: true, replicas: 2, updated: 2, available: 1, old: 0, complete: false, stuck: 'ProgressDeadlineExceeded it is' } },
  { name: 'pods cannot be made', deployment: deployment({ observedGeneration: 3, conditions: [condition('ReplicaFailure', 'FailedCreate')] }), want: { observed: true, replicas: 2, updated: 0, available: 0, old: 0, complete: false, stuck: 'FailedCreate it is' } },
  { name: 'trouble of the generation before is none of this one', deployment: deployment({ ...done, observedGeneration: 2, conditions: [condition('ReplicaFailure', 'FailedCreate')] }), want: { observed: false, replicas: 2, updated: 2, available: 2, old: 0, complete: false } },
  { name: 'a number that no controller writes is none', deployment: deployment({ ...done, replicas: 2 ** 53 }), want: { observed: true, replicas: 2, updated: 2, available: 2, old: 0, complete: true } },
  { name: 'replicas that are not given are one', deployment: deployment({ ...done, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }, { replicas: null }), want: { observed: true, replicas: 1, updated: 1, available: 1, old: 0, complete: true } }
]
for (const { name, deployment, want } of deployments) t.test(name, async (t) => { t.strictSame(deploymentState(deployment), want) })
