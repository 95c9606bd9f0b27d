// What Jobs and their pods say, exit code by exit code; names of Jobs; what the program tells of databases.
import t from 'tap'
import { outcomeOf, type Outcome } from '../../../hooks/mlflow/migration/outcome.ts'
import { isUnchanged, leftBehind, parseResult } from '../../../hooks/mlflow/migration/result.ts'
import { jobName } from '../../../hooks/mlflow/migration/names.ts'
import { formatMemory, parseMemory, type MigrationMemory } from '../../../hooks/mlflow/migration/memory.ts'
import type { JobLook } from '../../../hooks/mlflow/migration/evidence.ts'

const failed = (message: string, reason = 'PodFailurePolicy') => ({ state: 'Failed', reason, message }) as const
const pod = (fields: Partial<NonNullable<JobLook['pod']>>) => ({ owner: 'Job/x', uid: '1', reason: 'Error', ...fields })
const matching = (code: number) => `Container db-migrate for pod mlflow/x-abc failed with exit code ${code} matching FailJob rule at index 0`

const rows: Array<{ name: string, given: JobLook, want: Outcome | undefined }> = [
  { name: 'a Job that runs has no outcome', given: { state: { state: 'Running' } }, want: undefined },
  { name: 'a Job that is not there has none', given: { state: { state: 'Absent' } }, want: undefined },
  { name: 'success without a word is not told yet', given: { state: { state: 'Succeeded' } }, want: { kind: 'done', told: false } },
  ...[10, 11, 12, 13, 14].map((code) => ({
    name: `exit code ${code} is terminal, in the words of the program`,
    given: { state: failed(matching(code)), pod: pod({ reason: 'X', exitCode: code, message: 'Do this' }) },
    want: { kind: 'failed', terminal: true, message: 'X: Do this', told: true } as const
  })),
  { name: 'exit code 15 may be mended by another try', given: { state: failed('', 'BackoffLimitExceeded'), pod: pod({ reason: 'Unreachable', exitCode: 15, message: 'No connection' }) }, want: { kind: 'failed', terminal: false, message: 'Unreachable: No connection', told: true } },
  { name: 'D8: no Python ends in a code of its own, and is not tried for ever', given: { state: failed(matching(14)) }, want: { kind: 'failed', terminal: true, message: 'The image has no Python, no MLflow, or no list of migrations that can be read: set spec.image to an image with a complete MLflow', told: false } },
  { name: 'the code that ended the Job counts, not that of an earlier pod', given: { state: failed(matching(12)), pod: pod({ exitCode: 15, message: 'No connection' }) }, want: { kind: 'failed', terminal: true, message: 'Error with exit code 15: No connection. The container ended with an error: see kubectl logs of its pod', told: true } },
  { name: 'D6: a deadline is tried again', given: { state: failed('Job was active longer than specified deadline', 'DeadlineExceeded') }, want: { kind: 'failed', terminal: false, message: 'DeadlineExceeded: Job was active longer than specified deadline. The Job took too long: see kubectl describe of its pod for what holds it up, and raise migration.activeDeadline if it only needs time', told: false } },
  { name: 'without any word there is the one of the Job', given: { state: failed('', '') }, want: { kind: 'failed', terminal: false, message: 'JobFailed', told: false } }
]

for (const { name, given, want } of rows) {
  t.test(name, async (t) => { t.strictSame(outcomeOf(given, 'migrate'), want) })
}

t.test('a preflight that took too long is nothing that migration.activeDeadline could mend', async (t) => {
  const { message } = outcomeOf({ state: failed('Job was active longer than specified deadline', 'DeadlineExceeded') }, 'preflight') as Extract<Outcome, { kind: 'failed' }>
  t.equal(message, 'DeadlineExceeded: Job was active longer than specified deadline. It only looks at a few tables: see kubectl describe of its pod for what holds it up, such as an image that is long in coming or no node with room, and whether the database answers')
})

t.test('what the program tells of the databases', async (t) => {
  const both = { version: '3.17.2', stores: [{ store: 'backend', dialect: 'postgresql', before: 'a1', after: 'b2', head: 'b2' }, { store: 'registry', dialect: 'sqlite', before: null, after: null, head: 'b2' }] }
  t.strictSame(parseResult(JSON.stringify(both)), { version: '3.17.2', now: [{ store: 'backend', revision: 'b2', undoes: true }, { store: 'registry', revision: '' }], atHead: false, changes: 'backend a1 → b2, registry empty → empty' })
  t.strictSame(parseResult(JSON.stringify({ version: null, stores: [] })), { now: [], atHead: false, changes: '' }, 'no store is none at head')
  t.strictSame(parseResult(JSON.stringify({ stores: [{ store: 'backend', before: 'a1' }] })), { now: [], atHead: false, changes: 'backend a1 → unknown' }, 'what is not known of one is not known')
  for (const text of [undefined, '', '{', '[]', '{"stores":1}']) t.equal(parseResult(text), undefined)
})

t.test('databases are unchanged only where each is known to be', async (t) => {
  const before = [{ store: 'backend', revision: 'a', schema: 's' }, { store: 'registry', revision: '', undoes: true }]
  t.ok(isUnchanged(before, [before[1]!, before[0]!]))
  t.notOk(isUnchanged(before, [before[0]!]))
  t.notOk(isUnchanged(before, [before[0]!, { ...before[1]!, revision: 'b' }]))
  t.notOk(isUnchanged([], []))
  t.notOk(isUnchanged(undefined, before))
  t.notOk(isUnchanged(before, undefined))
  t.equal(leftBehind(before, before), '')
})

t.test('a revision of before does not say that its tables are those of before, where a step that fails is not taken back', async (t) => {
  const was = [{ store: 'backend', revision: 'a', schema: 's' }]
  const left = [{ store: 'backend', revision: 'a', schema: 't' }]
  t.notOk(isUnchanged(was, left))
  t.match(leftBehind(was, left), /^tables of the backend store have changed though its revision has not/)
  const untold = [{ store: 'backend', revision: 'a' }]
  t.notOk(isUnchanged(was, untold))
  t.match(leftBehind(was, untold), /is not known$/)
  const postgres = [{ store: 'backend', revision: 'a', undoes: true }]
  t.ok(isUnchanged(postgres, postgres))
  t.notOk(isUnchanged([{ ...postgres[0]!, schema: 's' }], [{ ...postgres[0]!, schema: 't' }]), 'where it is known it counts')
  t.equal(leftBehind(was, [{ store: 'backend', revision: 'b', schema: 't' }]), '', 'another revision says enough')
})

const memory: MigrationMemory = { sequence: 4, attempt: 2, stage: 'Preflight', trigger: 'bootstrap', target: { image: 'i', storesKey: 's', generation: 1 }, preflights: 1, migrations: 1 }

t.test('names of Jobs follow from image, stores, attempt and try, and from nothing else', async (t) => {
  const name = jobName('mlflow', 'preflight', memory)
  t.match(name, /^mlflow-pf-[0-9a-f]{10}$/)
  t.equal(jobName('mlflow', 'preflight', { ...memory, migrations: 5 }), name)
  const others = [{ attempt: 3 }, { preflights: 2 }, { target: { ...memory.target, image: 'j' } }, { target: { ...memory.target, storesKey: 't' } }]
  for (const other of others) t.not(jobName('mlflow', 'preflight', { ...memory, ...other }), name)
  t.match(jobName('mlflow', 'migrate', memory), /^mlflow-mg-[0-9a-f]{10}$/)
  const longest = jobName(`mlflow-${'x'.repeat(40)}`, 'migrate', memory)
  t.ok(longest.length <= 63, longest)
})

t.test('a memory is read back as it was written, in one form only, and nothing else is taken for one', async (t) => {
  t.strictSame(parseMemory(formatMemory(memory)), memory)
  const { sequence, ...rest } = memory
  t.equal(formatMemory({ ...rest, sequence }), formatMemory(memory))
  for (const text of [undefined, '', 'null', '{}', JSON.stringify({ ...memory, stage: 'Dancing' }), JSON.stringify({ ...memory, before: { template: { metadata: {}, spec: { containers: [], x: null } }, replicas: 1 } })]) t.equal(parseMemory(text), undefined)
})
