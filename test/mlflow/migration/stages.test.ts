// Each stage, case by case: what is asked for, what people are told, and what comes next. Numbers of acceptance cases and of defects of the seed stand in the names.
import t from 'tap'
import type { DeploymentState } from '../../../hooks/core/deployment-state.ts'
import type { JobState } from '../../../hooks/core/job-state.ts'
import { decideMigration } from '../../../hooks/mlflow/migration/decide.ts'
import type { Decision, DeploymentLook, Evidence, JobLook, Wanted } from '../../../hooks/mlflow/migration/evidence.ts'
import type { MigrationMemory } from '../../../hooks/mlflow/migration/memory.ts'
import { jobName } from '../../../hooks/mlflow/migration/names.ts'
import { deepFreeze } from '../../helpers/deep-freeze.ts'

const NOW = 1_800_000_000
const LATER = '2027-01-15T08:02:00Z'
const wanted: Wanted = { name: 'mlflow-dev', object: { name: 'dev', namespace: 'team' }, image: 'mlflow:2', storesKey: 's', generation: 7, mode: 'Automatic', replicas: 2 }
const template = { metadata: { labels: { app: 'mlflow' } }, spec: { containers: [{ name: 'mlflow', image: 'mlflow:1' }] } }
const before = { template, replicas: 2, revisions: [{ store: 'backend', revision: 'a1', schema: 's1' }] }

function remembered (fields: Partial<MigrationMemory> = {}): MigrationMemory {
  return deepFreeze({ sequence: 5, attempt: 3, stage: 'Preflight', trigger: 'version-upgrade', target: { image: 'mlflow:2', storesKey: 's', generation: 7 }, preflights: 1, migrations: 1, before, settled: { image: 'mlflow:1', version: '3.16.0' }, ...fields })
}

function withoutBefore (fields: Partial<MigrationMemory>): MigrationMemory {
  const { before: _before, ...memory } = remembered(fields)
  return memory
}

const settledMemory = () => withoutBefore({ stage: 'Settled', version: '3.17.0', settled: { image: 'mlflow:2', version: '3.17.0' } })

function serving (fields: Partial<DeploymentState> = {}, pods = fields.replicas ?? 2, carried = { sequence: 5, attempt: 3 }): DeploymentLook {
  return { state: { observed: true, replicas: 2, updated: 2, available: 2, old: 0, complete: true, ...fields }, pods, template, carried }
}

const empty = { replicas: 0, updated: 0, available: 0 }

/** Of attempt 3: one that is begun anew has none yet. */
const MIGRATIONS = [1, 2, 3, 4, 5].map((migrations) => jobName('mlflow-dev', 'migrate', remembered({ migrations })))

/** `pf` and `mg`: what is seen of the Jobs. `deployment`: null where none is seen. */
type Seen = Omit<Partial<Evidence>, 'deployment'> & { pf?: JobLook, mg?: JobLook, deployment?: DeploymentLook | null }

const ABSENT: JobLook = { state: { state: 'Absent' } }

function evidence ({ pf = ABSENT, mg = ABSENT, deployment = serving(), ...others }: Seen = {}): Evidence {
  return { ...(deployment && { deployment }), look: (name) => lookAt(name, pf, mg), now: NOW, ...others }
}

function lookAt (name: string, pf: JobLook, mg: JobLook): JobLook {
  if (name.includes('-pf-')) return pf
  return MIGRATIONS.includes(name) ? mg : ABSENT
}

function uncarried (fields?: Partial<DeploymentState>): DeploymentLook {
  const { carried: _carried, ...look } = serving(fields)
  return look
}

const running: JobLook = { state: { state: 'Running' } }
const succeeded = (after: string | null, head = 'b2'): JobLook => ({ state: { state: 'Succeeded' }, pod: { owner: 'Job/x', uid: '1', reason: 'Completed', exitCode: 0, result: JSON.stringify({ version: '3.17.0', stores: [{ store: 'backend', dialect: 'sqlite', schema: 's1', before: 'a1', after, head }] }) } })
const failed = (exitCode: number, { message = 'It cannot be', after, schema = 's1' }: { message?: string, after?: string, schema?: string } = {}): JobLook => ({
  state: { state: 'Failed', reason: 'PodFailurePolicy', message: `failed with exit code ${exitCode} matching` } satisfies JobState,
  pod: { owner: 'Job/x', uid: '1', reason: 'Bad', exitCode, message, ...(after !== undefined && { result: JSON.stringify({ stores: [{ store: 'backend', dialect: 'sqlite', schema, before: 'a1', after, head: 'b2' }] }) }) }
})

/** What is compared: the rest of a decision follows from the memory. */
function brief ({ memory, run, replicas, suspended, jobs, condition, available, progressing, nextDeadline }: Decision) {
  return {
    stage: memory.stage, attempt: memory.attempt, run, replicas, suspended, jobs: jobs.map(({ kind, try: number }) => `${kind} ${number}`),
    status: condition.status, reason: condition.reason, available: available?.reason, progressing: progressing && `${progressing.status} ${progressing.reason}`, wait: nextDeadline === undefined ? undefined : nextDeadline - NOW
  }
}

type Brief = ReturnType<typeof brief>
const looking: Brief = { stage: 'Preflight', attempt: 3, run: 'before', replicas: 'wanted', suspended: true, jobs: ['preflight 1'], status: 'Unknown', reason: 'MigrationPreflight', available: undefined, progressing: 'True MigrationPreflight', wait: undefined }
const scaling: Brief = { ...looking, stage: 'ScalingDown', replicas: 0, reason: 'MigrationScalingDown', available: 'MigrationScalingDown', progressing: 'True MigrationScalingDown' }
const migrating: Brief = { ...scaling, stage: 'Migrating', jobs: ['migrate 1'], reason: 'MigrationRunning', available: 'MigrationRunning', progressing: 'True MigrationRunning' }
const rolling: Brief = { ...looking, stage: 'RollingOut', run: 'wanted', suspended: false, jobs: [], reason: 'MigrationRunning', progressing: undefined }
const done: Brief = { ...rolling, stage: 'Settled', status: 'True', reason: 'MigrationSucceeded' }
const stopped: Brief = { ...looking, stage: 'Failed', replicas: 0, jobs: ['migrate 1'], status: 'False', reason: 'MigrationFailed', available: 'MigrationFailed', progressing: 'False MigrationFailed' }
const goesOn: Brief = { ...looking, stage: 'Failed', status: 'False', reason: 'MigrationFailed', progressing: 'False MigrationFailed' }
const retrying = { reason: 'MigrationRetrying', wait: 120 }

type Row = { name: string, memory?: MigrationMemory, wanted?: Partial<Wanted>, seen?: Seen, want: Brief, says?: string }

const down = remembered({ stage: 'Migrating', down: true, needed: true, seen: true })
const rest = (tries: object) => remembered({ stage: 'Migrating', down: true, needed: true, ...tries })

const rows: Row[] = [
  // Beginnings.
  { name: 'the first installation looks at the databases, with a Deployment without pods', seen: { deployment: null }, want: { ...looking, attempt: 1, run: 'wanted', replicas: 0, available: 'MigrationPreflight' } },
  { name: 'what runs without a memory goes on while the databases are looked at', seen: { deployment: uncarried(), known: { attempt: 3, version: '3.16.0' } }, want: { ...looking, attempt: 4 } },
  { name: 'what is at 0 without a memory stays there until the databases have been looked at', seen: { deployment: uncarried(empty), known: { attempt: 3 } }, want: { ...looking, attempt: 4, replicas: 0, available: 'MigrationPreflight' } },
  { name: '58: what was done is not done again with mode Automatic, whatever the generation', memory: settledMemory(), wanted: { generation: 8 }, want: done },
  { name: '58: mode Always migrates at each new generation, after a look', memory: settledMemory(), wanted: { generation: 8, mode: 'Always' }, want: { ...looking, attempt: 4 } },
  { name: '58: and not at a generation for which it was done', memory: settledMemory(), wanted: { mode: 'Always' }, want: done },
  { name: 'another image begins an attempt, and what serves goes on', memory: settledMemory(), wanted: { image: 'mlflow:3' }, want: { ...looking, attempt: 4 }, says: 'because the image has changed from mlflow:2 to mlflow:3' },
  { name: 'other stores do', memory: settledMemory(), wanted: { storesKey: 't' }, want: { ...looking, attempt: 4 }, says: 'because the settings of the stores, or a Secret that they name, have changed' },
  { name: '63: a request begins another attempt after a success, whose Job does not count', memory: settledMemory(), seen: { command: '3' }, want: { ...looking, attempt: 4, reason: 'ForceMigrationRestartRequested', progressing: 'True ForceMigrationRestartRequested' }, says: 'because somebody asked for it by annotation' },
  { name: '63: once its Job is there, it is a look like any other', memory: remembered({ trigger: 'force-rerun' }), seen: { pf: running }, want: looking },
  { name: '63: a request of an attempt that is no longer the newest does nothing', memory: settledMemory(), seen: { command: '2' }, want: done },

  // Preflight.
  { name: 'a Job that was just made and is not seen is asked for under the same name', memory: remembered(), want: looking },
  { name: 'D6: why its pod does not start is told at once', memory: remembered({ seen: true }), seen: { pf: { ...running, pod: { owner: 'Job/x', uid: '1', reason: 'CreateContainerConfigError', message: 'secret "db" not found' } } }, want: looking, says: 'Its pod does not run: CreateContainerConfigError: secret "db" not found.' },
  { name: 'at head already: no downtime at all', memory: remembered({ seen: true }), seen: { pf: succeeded('b2') }, want: { ...rolling, jobs: ['preflight 1'] } },
  { name: 'something to migrate: the server is taken down', memory: remembered({ seen: true }), seen: { pf: succeeded('a1') }, want: { ...scaling, jobs: ['preflight 1'] } },
  { name: 'D10: Jobs of CronJobs that run are waited for before anything is taken down', memory: remembered({ seen: true }), seen: { pf: succeeded('a1'), active: 2 }, want: looking, says: 'waiting until 2 running Jobs of CronJobs have ended' },
  { name: 'success that nothing is told of yet is waited with', memory: remembered({ seen: true }), seen: { pf: { state: { state: 'Succeeded' } } }, want: { ...looking, wait: 120 } },
  { name: 'success that nothing is told of for two minutes: something may have to be migrated', memory: remembered({ seen: true, wait: { for: 'result', until: LATER } }), seen: { pf: { state: { state: 'Succeeded' } }, now: NOW + 120 }, want: { ...scaling, jobs: ['preflight 1'] } },
  { name: 'where the poller is silent, people are told so, and where the words of the Job are', memory: remembered({ seen: true, wait: { for: 'result', until: LATER } }), seen: { pf: { state: { state: 'Succeeded' } } }, want: { ...looking, wait: 120 }, says: `The Job ${jobName('mlflow-dev', 'preflight', remembered())} has succeeded, and the poller has not told yet what it found. If this stays for more than two minutes, see whether the poller's pod runs; the Job's own words: kubectl logs job/${jobName('mlflow-dev', 'preflight', remembered())} -n team` },
  { name: 'CronJobs are of the new image, so that they wait with it, and people know', memory: remembered({ seen: true }), wanted: { tasks: true }, seen: { pf: failed(10) }, want: goesOn, says: 'the new image waits, and with it garbage collection and archival.' },
  { name: '63: a value that people know from elsewhere asks for nothing, and they are told what to write', memory: settledMemory(), seen: { asked: { 'mlflow.opendatahub.io/force-migrate': 'true' } }, want: done, says: 'The annotation mlflow.opendatahub.io/force-migrate has the value "true", which asks for nothing: write "3". The databases fit' },
  { name: 'nor does a number that is not given yet; those of before may stay', memory: settledMemory(), seen: { asked: { 'mlflow.opendatahub.io/force-migrate': '2', 'sluice.dev/retry': '4' } }, want: done, says: 'The annotation sluice.dev/retry has the value "4"' },
  { name: 'D9: an image that is too old fails before anything is taken down', memory: remembered({ seen: true }), seen: { pf: failed(10) }, want: goesOn, says: 'Bad: It cannot be. Nothing was stopped or changed: what served before goes on, with its image; the new image waits. Change the image or the stores to try another, or mend the cause. To try again: kubectl annotate mlflow dev --overwrite sluice.dev/retry=3 . After fixing the issue, add the mlflow.opendatahub.io/force-migrate annotation to the MLflow resource to force a rerun.' },
  { name: 'no connection is tried again in two minutes, without downtime', memory: remembered({ seen: true }), seen: { pf: failed(15) }, want: { ...looking, ...retrying, progressing: 'True MigrationRetrying' }, says: `Retrying automatically after ${LATER}, or at once by: kubectl annotate mlflow dev --overwrite sluice.dev/retry=3 . If you want to rerun immediately after fixing the issue, add the mlflow.opendatahub.io/force-migrate annotation.` },
  { name: 'the next try is a Job of its own', memory: remembered({ wait: { for: 'retry', until: LATER } }), seen: { now: NOW + 120 }, want: { ...looking, jobs: ['preflight 2'] } },
  { name: 'after five tries it has failed', memory: remembered({ preflights: 5, seen: true }), seen: { pf: failed(15) }, want: { ...goesOn, jobs: ['preflight 5'] } },
  { name: 'a failure at the first installation starts nothing', memory: withoutBefore({ down: true, seen: true }), seen: { deployment: serving(empty), pf: failed(11) }, want: { ...stopped, run: 'wanted', jobs: ['preflight 1'] }, says: 'MLflow is not started.' },
  { name: 'at the first installation what another try may mend is tried for ever', memory: withoutBefore({ down: true, seen: true, preflights: 5 }), seen: { deployment: serving(empty), pf: failed(15) }, want: { ...stopped, stage: 'Preflight', run: 'wanted', jobs: ['preflight 5'], status: 'Unknown', reason: 'MigrationRetrying', available: 'MigrationRetrying', progressing: 'True MigrationRetrying', wait: 1800 }, says: 'This was try 5. Retrying' },
  { name: 'at first soon', memory: withoutBefore({ down: true, seen: true, preflights: 2 }), seen: { deployment: serving(empty), pf: failed(15) }, want: { ...stopped, stage: 'Preflight', run: 'wanted', jobs: ['preflight 2'], status: 'Unknown', reason: 'MigrationRetrying', available: 'MigrationRetrying', progressing: 'True MigrationRetrying', wait: 240 } },
  { name: 'another image during it: the Job goes, and another attempt begins', memory: remembered({ seen: true }), wanted: { image: 'mlflow:3' }, seen: {}, want: { ...looking, attempt: 4 } },

  { name: 'a success of a Job that has gone and was never told of: something may have to be migrated', memory: remembered({ seen: true, wait: { for: 'result', until: LATER } }), want: { ...scaling, jobs: [] } },
  { name: 'a Deployment that was missed when the attempt began, and serves, goes on', memory: withoutBefore({ down: true }), seen: { deployment: serving({}, 2, { sequence: 2, attempt: 2 }) }, want: looking },

  // ScalingDown.
  { name: '59: pods that are there are waited for', memory: remembered({ stage: 'ScalingDown', needed: true }), seen: { deployment: serving({ ...empty, complete: false }, 1) }, want: { ...scaling, jobs: [] }, says: ': 1 replicas remain' },
  { name: '59: no pod, and the order to go: it migrates', memory: remembered({ stage: 'ScalingDown', needed: true }), seen: { deployment: serving(empty) }, want: migrating },
  { name: 'no pod in a read that is older than the order says nothing', memory: remembered({ stage: 'ScalingDown', needed: true }), seen: { deployment: serving(empty, 0, { sequence: 4, attempt: 3 }) }, want: { ...scaling, jobs: [] } },
  { name: 'what the controller of Deployments has not seen yet says nothing', memory: remembered({ stage: 'ScalingDown', needed: true }), seen: { deployment: serving({ ...empty, observed: false }) }, want: { ...scaling, jobs: [] } },
  { name: 'a Deployment that is not seen says nothing', memory: remembered({ stage: 'ScalingDown', needed: true }), seen: { deployment: null }, want: { ...scaling, jobs: [] } },
  { name: 'D10: pods that are ending and that the server does not count are given their time', memory: remembered({ stage: 'ScalingDown', needed: true }), seen: { deployment: { ...serving(empty), grace: 30 } }, want: { ...scaling, jobs: [], wait: 30 } },
  { name: 'another image during it: pods come back while it is looked at', memory: remembered({ stage: 'ScalingDown', needed: true }), wanted: { image: 'mlflow:3' }, seen: { deployment: serving(empty) }, want: { ...looking, attempt: 4 } },
  { name: 'an autoscaler that is at 0 is told how many there were', memory: remembered({ stage: 'ScalingDown', needed: true }), wanted: { image: 'mlflow:3', autoscaling: true, replicas: 1 }, seen: { deployment: serving(empty) }, want: { ...looking, attempt: 4, replicas: 2 } },

  // Migrating.
  { name: 'a Job that was just made and is not seen is asked for again, and no pods', memory: rest({}), seen: { deployment: serving(empty) }, want: migrating },
  { name: 'done: new pods come', memory: down, seen: { deployment: serving(empty), mg: succeeded('b2') }, want: { ...rolling, jobs: ['migrate 1'] } },
  { name: '60: a terminal failure that touched something: no pods, and what to do', memory: down, seen: { deployment: serving(empty), mg: failed(11, { after: 'a2' }) }, want: stopped, says: 'Bad: It cannot be. The databases may have been changed (backend a1 → a2), so MLflow stays stopped: restore the databases from a backup that was made before, and set the image that served then; or mend the cause and let it try again. To try again: kubectl annotate mlflow dev --overwrite sluice.dev/retry=3 . After fixing the issue, add the mlflow.opendatahub.io/force-migrate annotation to the MLflow resource to force a rerun.' },
  { name: 'a failure of which nobody tells whether it touched anything is waited with', memory: down, seen: { deployment: serving(empty), mg: { state: { state: 'Failed', reason: 'PodFailurePolicy', message: 'exit code 13' } } }, want: { ...migrating, wait: 120 } },
  { name: 'and leaves no pods', memory: { ...down, wait: { for: 'result', until: LATER } }, seen: { deployment: serving(empty), now: NOW + 120, mg: { state: { state: 'Failed', reason: 'PodFailurePolicy', message: 'exit code 13' } } }, want: stopped },
  { name: 'D9: a failure that touched nothing brings back what served', memory: down, seen: { deployment: serving(empty), mg: failed(14, { after: 'a1' }) }, want: { ...looking, stage: 'Restoring', jobs: ['migrate 1'], status: 'False', reason: 'MigrationRestored', progressing: undefined }, says: 'The databases are as they were, so what served before is being brought back' },
  { name: 'D9: a step that failed in its middle has touched something, though the revision is that of before', memory: down, seen: { deployment: serving(empty), mg: failed(14, { after: 'a1', schema: 's2' }) }, want: stopped, says: 'The databases may have been changed (backend a1 → a1; tables of the backend store have changed though its revision has not: a step failed in its middle, and another try would fail at what it has left), so MLflow stays stopped: restore' },
  { name: 'no connection: no pods between two tries', memory: down, seen: { deployment: serving(empty), mg: failed(15, { after: 'a1' }) }, want: { ...migrating, reason: 'MigrationRetrying', available: 'MigrationRetrying', progressing: 'True MigrationRetrying', wait: 120 } },
  { name: 'the fifth try that touched nothing brings back what served', memory: rest({ migrations: 5, seen: true }), seen: { deployment: serving(empty), mg: failed(15, { after: 'a1' }) }, want: { ...looking, stage: 'Restoring', jobs: ['migrate 5'], status: 'False', reason: 'MigrationRestored', progressing: undefined } },
  { name: 'a Job that somebody deleted is made again, but not before its pod has gone', memory: down, seen: { deployment: serving(empty) }, want: { ...migrating, jobs: [], reason: 'MigrationRetrying', available: 'MigrationRetrying', progressing: 'True MigrationRetrying', wait: 120 }, says: 'The Job was deleted while it ran. This was try 1 of 5' },
  { name: 'then under the same name', memory: rest({ lost: 1, wait: { for: 'gone', until: LATER } }), seen: { deployment: serving(empty), now: NOW + 120 }, want: migrating },
  { name: 'one that is seen again is followed', memory: rest({ lost: 1, wait: { for: 'gone', until: LATER } }), seen: { deployment: serving(empty), mg: running }, want: migrating },
  { name: 'another image during it: its Job is let finish', memory: down, wanted: { image: 'mlflow:3' }, seen: { deployment: serving(empty), mg: running }, want: migrating },
  { name: 'and then the databases are looked at, without pods, for they fit neither image', memory: down, wanted: { image: 'mlflow:3' }, seen: { deployment: serving(empty), mg: succeeded('b2') }, want: { ...looking, attempt: 4, replicas: 0, available: 'MigrationPreflight' } },
  { name: 'a Job of the image before is not made of the new one, and not believed away', memory: rest({}), wanted: { image: 'mlflow:3' }, seen: { deployment: serving(empty) }, want: { ...migrating, jobs: [], reason: 'MigrationRetrying', available: 'MigrationRetrying', progressing: 'True MigrationRetrying', wait: 120 } },
  { name: 'one that is there after all is let finish', memory: rest({ wait: { for: 'gone', until: LATER } }), wanted: { image: 'mlflow:3' }, seen: { deployment: serving(empty), mg: running, now: NOW + 120 }, want: migrating },
  { name: 'one that is not there after two minutes is gone', memory: rest({ wait: { for: 'gone', until: LATER } }), wanted: { image: 'mlflow:3' }, seen: { deployment: serving(empty), now: NOW + 120 }, want: { ...looking, attempt: 4, replicas: 0, available: 'MigrationPreflight' } },
  { name: 'a request during it waits for its end', memory: down, seen: { deployment: serving(empty), mg: running, command: '3' }, want: migrating },
  { name: 'a request between two tries begins another attempt', memory: rest({ wait: { for: 'retry', until: LATER } }), seen: { deployment: serving(empty), mg: failed(15), command: '3' }, want: { ...looking, attempt: 4, replicas: 0, reason: 'ForceMigrationRestartRequested', available: 'ForceMigrationRestartRequested', progressing: 'True ForceMigrationRestartRequested' } },
  { name: 'an attempt that was asked for has reasons of its own', memory: { ...down, trigger: 'force-rerun' }, seen: { deployment: serving(empty), mg: running }, want: { ...migrating, reason: 'ForceMigrationRunning', available: 'ForceMigrationRunning', progressing: 'True ForceMigrationRunning' } },

  // Afterwards.
  { name: 'D11: pods of the old template do not settle it', memory: remembered({ stage: 'RollingOut' }), seen: { deployment: serving({ updated: 1, old: 1, complete: false }) }, want: rolling },
  { name: 'another image, and a read from before the migration: what is seen there is not what fits', memory: remembered({ stage: 'RollingOut', down: true, needed: true }), wanted: { image: 'mlflow:3' }, seen: { deployment: serving({}, 2, { sequence: 4, attempt: 3 }) }, want: { ...looking, attempt: 4, replicas: 0, available: 'MigrationPreflight' } },
  { name: 'another image while new pods come: they go on coming', memory: remembered({ stage: 'RollingOut', down: true, needed: true }), wanted: { image: 'mlflow:3' }, want: { ...looking, attempt: 4 } },
  { name: 'all pods of the new one do', memory: remembered({ stage: 'RollingOut' }), want: done },
  { name: 'D7: a Job that has gone after its outcome was heard is never made again', memory: remembered({ stage: 'RollingOut', down: true, needed: true }), seen: { deployment: serving({ complete: false }) }, want: rolling },
  { name: 'what served before serves again, and it has failed', memory: remembered({ stage: 'Restoring', problem: { stage: 'Migrating', message: 'No', terminal: true, restored: true } }), want: { ...goesOn, jobs: [], reason: 'MigrationRestored', progressing: 'False MigrationRestored' } },
  { name: '62: a failure stays one when anything else in the spec changes, and its Job is not made again', memory: remembered({ stage: 'Failed', down: true, problem: { stage: 'Migrating', message: 'No', terminal: true } }), wanted: { generation: 8, mode: 'Always' }, seen: { deployment: serving(empty) }, want: { ...stopped, jobs: [] } },
  { name: '62: a request makes it again', memory: remembered({ stage: 'Failed', down: true, problem: { stage: 'Migrating', message: 'No', terminal: true } }), seen: { deployment: serving(empty), command: '3' }, want: { ...looking, attempt: 4, replicas: 0, reason: 'ForceMigrationRestartRequested', available: 'ForceMigrationRestartRequested', progressing: 'True ForceMigrationRestartRequested' } },
  { name: 'another image does, too', memory: remembered({ stage: 'Failed', problem: { stage: 'Preflight', message: 'No', terminal: true } }), wanted: { image: 'mlflow:1' }, want: { ...looking, attempt: 4 } },
  { name: 'databases that were restored by hand bring back what served, where the next look fails', memory: remembered({ down: true, seen: true }), seen: { deployment: serving(empty), pf: failed(14, { after: 'a1' }) }, want: { ...looking, stage: 'Restoring', status: 'False', reason: 'MigrationRestored', progressing: undefined } }
]

for (const { name, memory, wanted: other, seen, want, says } of rows) {
  t.test(name, async (t) => {
    const asked = { ...wanted, ...other }
    const facts = evidence(seen)
    const decision = decideMigration(memory, asked, facts)
    t.strictSame(brief(decision), want)
    if (says !== undefined) t.ok(decision.condition.message.includes(says), decision.condition.message)
    const again = decideMigration(decision.memory, asked, facts)
    t.strictSame(again, decision, 'fed back, it says the same')
  })
}

t.test('60: however long the words of a failure and of the databases are, what to do is not cut off', async (t) => {
  const stores = ['backend', 'registry'].map((store) => ({ store, dialect: 'sqlite', schema: 't'.repeat(12), before: 'a'.repeat(12), after: 'a'.repeat(12), head: 'b2' }))
  const ended: JobLook = { ...failed(13, { message: 'word '.repeat(200) }), pod: { owner: 'Job/x', uid: '1', reason: 'HalfMigrated', exitCode: 13, message: 'word '.repeat(200), result: JSON.stringify({ stores }) } }
  const served = { ...before, revisions: stores.map(({ store, after }) => ({ store, revision: after, schema: 's' })) }
  const { condition } = decideMigration({ ...down, before: served }, wanted, evidence({ deployment: serving(empty), mg: ended }))
  t.match(condition.message, /restore the databases from a backup .* --overwrite sluice\.dev\/retry=3 \. .* to force a rerun\.$/)
})

t.test('what the databases are while nothing serves is not what served fits', async (t) => {
  const { memory } = decideMigration(remembered({ down: true, seen: true }), wanted, evidence({ deployment: serving(empty), pf: succeeded('a9') }))
  t.strictSame([memory.stage, memory.before], ['Migrating', before])
})

t.test('a way without trouble: revisions and version are kept, and the old template until the databases fit', async (t) => {
  let { memory } = decideMigration(settledMemory(), { ...wanted, image: 'mlflow:3' }, evidence())
  t.strictSame(memory.before, { template, replicas: 2 })
  memory = decideMigration(memory, { ...wanted, image: 'mlflow:3' }, evidence({ pf: succeeded('a1') })).memory
  t.strictSame([memory.stage, memory.before, memory.version], ['ScalingDown', before, '3.17.0'])
  const gone = serving(empty, 0, { sequence: memory.sequence, attempt: memory.attempt })
  memory = decideMigration(memory, { ...wanted, image: 'mlflow:3' }, evidence({ deployment: gone })).memory
  memory = decideMigration(memory, { ...wanted, image: 'mlflow:3' }, evidence({ deployment: gone, look: () => succeeded('b2') })).memory
  t.strictSame([memory.stage, memory.settled], ['RollingOut', { image: 'mlflow:2', version: '3.17.0' }])
  const back = serving({}, 2, { sequence: memory.sequence, attempt: memory.attempt })
  memory = decideMigration(memory, { ...wanted, image: 'mlflow:3' }, evidence({ deployment: back })).memory
  t.strictSame(memory, { sequence: memory.sequence, attempt: 4, stage: 'Settled', trigger: 'version-upgrade', target: { image: 'mlflow:3', storesKey: 's', generation: 7 }, preflights: 1, migrations: 1, version: '3.17.0', settled: { image: 'mlflow:3', version: '3.17.0' } })
})
