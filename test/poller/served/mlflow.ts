// What people and programs are told of MLflow objects, beside the stories of served.test.ts: names of Events, and numbers.
import t from 'tap'
import { parseInstant } from '../../../hooks/core/time.ts'
import { createMetrics } from '../../../poller/metrics.ts'
import { findNews, type ObjectEvent, type Story } from '../../../poller/object-event.ts'
import { MLFLOW_STORY, type MLflow } from '../../../poller/served/mlflow.ts'
import { at, T0 } from '../../helpers/poller-model.ts'
import { kept } from '../mlflow/servers.ts'

type Parts = { phase: string, migration: [string, string, number], available: [string, string, number], progressing?: [string, string, number], attempt?: number, error?: string, version?: string, retry?: string }

let versions = 0

function state ({ phase, migration, available, progressing = ['True', 'DeploymentProgressing', 0], attempt = 1, error, version, retry }: Parts): MLflow {
  const condition = (type: string, [status, reason, since]: [string, string, number]) => ({ type, status, reason, message: '', lastTransitionTime: at(since) })
  return kept({
    version: versions++,
    status: { phase, attempt, error, version, conditions: [condition('Available', available), condition('Progressing', progressing), condition('Migration', migration)] },
    ...(retry !== undefined && { annotations: { 'sluice.dev/retry': retry } })
  })
}

const DOWN: Parts['available'] = ['False', 'DeploymentNotReady', 0]
const NEW = state({ phase: 'Migrating', migration: ['Unknown', 'MigrationPreflight', 0], available: DOWN })
const UP = state({ phase: 'Available', version: '3.17.2', migration: ['True', 'MigrationSucceeded', 60], available: ['True', 'DeploymentReady', 60], progressing: ['False', 'ReconcileComplete', 60] })
const LOOKING = state({ phase: 'Migrating', attempt: 2, version: '3.17.2', migration: ['Unknown', 'MigrationPreflight', 100], available: ['True', 'DeploymentReady', 60] })
const MIGRATING = state({ phase: 'Migrating', attempt: 2, version: '3.17.2', migration: ['Unknown', 'MigrationRunning', 100], available: ['False', 'MigrationRunning', 110] })
const TRYING = state({ phase: 'Migrating', attempt: 2, migration: ['Unknown', 'MigrationRetrying', 100], available: ['False', 'MigrationRetrying', 110] })
const FAILED = state({ phase: 'Failed', attempt: 2, migration: ['False', 'MigrationFailed', 200], available: ['False', 'MigrationFailed', 110], error: 'the revision is unknown; set another image' })
const AGAIN = state({ phase: 'Migrating', attempt: 3, migration: ['Unknown', 'MigrationPreflight', 300], available: ['False', 'MigrationRunning', 110], retry: '2' })
const ILL = state({ phase: 'Degraded', version: '3.17.2', migration: ['True', 'MigrationSucceeded', 60], available: ['False', 'DeploymentNotReady', 400], progressing: ['False', 'ReconcileComplete', 60], error: 'its pods fail' })

const rows: Array<{ name: string, states: MLflow[], want: string[] }> = [
  { name: 'tries that fail, and a failure that no try mends', states: [MIGRATING, TRYING, MIGRATING, FAILED], want: ['Normal MigrationStarted', 'Warning MigrationRetrying', 'Normal MigrationStarted', 'Warning MigrationFailed'] },
  { name: 'a person has it tried again', states: [FAILED, AGAIN], want: ['Warning MigrationFailed', 'Normal Retried'] },
  { name: 'what answered does no longer', states: [UP, ILL, UP], want: ['Normal Available', 'Normal MigrationSucceeded', 'Warning Degraded', 'Normal Available'] }
]

function newsOf (before: MLflow | undefined, after: MLflow): ObjectEvent[] {
  return findNews(MLFLOW_STORY as Story<MLflow>, { before, after }, T0 + 600)
}

for (const { name, states, want } of rows) {
  t.test(name, async (t) => {
    const told = states.flatMap((after, index) => index === 0 ? newsOf(undefined, after).toSorted((a, b) => a.reason < b.reason ? -1 : 1) : newsOf(states[index - 1], after))
    t.strictSame(told.map(({ type, reason }) => `${type} ${reason}`), want)
  })
}

t.test('an occasion has one name, whoever tells it and when', async (t) => {
  for (const object of [UP, MIGRATING, FAILED, AGAIN, ILL]) t.strictSame(newsOf(kept({ status: { phase: undefined } }), object).map(({ key }) => key), newsOf(undefined, object).map(({ key }) => key))
  t.strictSame(newsOf(undefined, UP).map(({ note }) => note), ['The databases are as MLflow 3.17.2 needs them, and the server is rolled out.', 'MLflow 3.17.2 answers at https://mlflow.opendatahub.svc:8443/mlflow.'])
  t.strictSame(newsOf(UP, kept({ status: { phase: undefined, conditions: undefined } })), [], 'a status that was lost tells nothing')
})

t.test('metrics count migrations once, and servers by where they stand', async (t) => {
  const metrics = createMetrics({ monotonic: () => 0, objects: () => ({}), processMetrics: false })
  const { observe } = metrics.served
  const states = [NEW, UP, MIGRATING, UP, NEW, UP, LOOKING, MIGRATING, FAILED]
  states.forEach((after, index) => { observe(states[index - 1], after, parseInstant(at(600)) ?? 0) })
  const text = await metrics.render()
  for (const line of ['mlflow_migrations_total{outcome="success"} 1', 'mlflow_migrations_total{outcome="failure"} 1', 'mlflow_servers{phase="Failed"} 1', 'mlflow_servers{phase="Available"} 0']) t.ok(text.includes(line), line)
})
