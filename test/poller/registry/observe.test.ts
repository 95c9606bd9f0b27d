import t from 'tap'
import type { RegistryFact } from '../../../hooks/core/facts.ts'
import type { RegistryQuestion } from '../../../hooks/core/registry-question.ts'
import { afterAnswer, findAlias, found, hasOtherCase, isPlausible, judgeAge, missing, type Age } from '../../../poller/registry/observe.ts'

const question: RegistryQuestion = { server: 'default', workspace: '', model: 'churn', alias: 'champion' }
const fact: RegistryFact = { ...question, state: 'Found', version: '7', createdAt: '2026-01-01T00:00:00.123Z', uri: 's3://b/7', observedAt: '2026-01-01T00:01:00Z' }
const { observedAt: _observedAt, ...observation } = fact
const NOW = Date.parse('2026-02-01T00:00:00Z') / 1000

t.test('what an alias names', async (t) => {
  const model = { name: 'churn', aliases: [{ alias: 'Champion', version: '1' }, { alias: 'champion', version: '2' }] }
  t.equal(findAlias(model, 'champion'), '2', 'by exact spelling')
  t.equal(findAlias(model, 'CHAMPION'), undefined)
  t.equal(findAlias({ name: 'churn' }, 'champion'), undefined, 'a model without aliases has no such field')
  t.ok(hasOtherCase(model, 'CHAMPION'))
  t.notOk(hasOtherCase(model, 'other'))
})

t.test('what is observed', async (t) => {
  const record = { createdAt: '2026-01-01T00:00:00.123Z', downloadUri: 's3://b/7', runId: 'r1' }
  t.strictSame(found(question, '7', { kind: 'Ready', record }), { ...observation, runId: 'r1' })
  t.strictSame(found(question, '7', { kind: 'Ready', record: { ...record, downloadUri: 'mlflow-artifacts:/7' } }, { artifactsDestination: 's3://d' }), { ...observation, uri: 's3://d/7', runId: 'r1' })
  t.strictSame(found(question, '7', { kind: 'Ready', record }, { artifactRoots: ['s3://b'] }), { ...observation, runId: 'r1' })
  const { uri: _, ...elsewhere } = observation
  t.strictSame(found(question, '7', { kind: 'Ready', record }, { artifactRoots: ['s3://d'] }), {
    ...elsewhere, runId: 'r1', problem: "s3://b/7 lies outside of what the registry entry allows; log the model to a place that is allowed, or ask the registry's owner to add its place to registries.default.artifactRoots"
  }, 'a source that its author chose elsewhere is handed to nobody')
  t.match(found(question, '7', { kind: 'Ready', record: { ...record, downloadUri: '/local' } }), { state: 'Found', version: '7', problem: /only the machine/ }, 'no URI is a problem, not an absence')
  t.strictSame(found(question, '7', { kind: 'NotReady', createdAt: '2026-01-01T00:00:00.123Z', status: 'PENDING_REGISTRATION' }), {
    ...question, state: 'NotReady', version: '7', createdAt: '2026-01-01T00:00:00.123Z', problem: 'version 7 is PENDING_REGISTRATION; wait, or move the alias to a version that is READY'
  })
  t.strictSame(found(question, '7', { kind: 'Gone' }), { ...question, state: 'NotReady', version: '7', problem: 'version 7 does not exist any more; move the alias to one that does' })
  t.strictSame(missing(question, 'ModelMissing'), { ...question, state: 'ModelMissing' })
})

t.test('the fact after an answer', async (t) => {
  t.equal(afterAnswer(fact, observation, NOW), fact, 'is the same one when it says the same')
  t.strictSame(afterAnswer(undefined, observation, NOW), { ...observation, observedAt: '2026-02-01T00:00:00Z' }, 'is new when there was none')
  t.strictSame(afterAnswer(fact, { ...observation, version: '8' }, NOW), { ...observation, version: '8', observedAt: '2026-02-01T00:00:00Z' }, 'moves observedAt with the meaning')
  t.strictSame(afterAnswer({ ...fact, stale: true }, observation, NOW), { ...observation, observedAt: '2026-02-01T00:00:00Z' }, 'is not stale any more')
})

t.test('an instant from the future is not ours', async (t) => {
  t.ok(isPlausible(fact, NOW))
  t.ok(isPlausible({ ...fact, observedAt: '2026-02-01T00:00:59Z' }, NOW), 'clocks differ a little')
  t.notOk(isPlausible({ ...fact, observedAt: '2026-02-01T00:01:01Z' }, NOW))
})

t.test('an answer that is visibly older', async (t) => {
  const model = (created: number, updated: number) => ({ name: 'churn', creation_timestamp: created, last_updated_timestamp: updated })
  const known: Age = { created: 10, updated: 20, ignored: 0 }
  t.strictSame(judgeAge(undefined, model(10, 20)), { older: false, age: known })
  t.strictSame(judgeAge(known, model(10, 20)), { older: false, age: known }, 'an alias that moved does not change the times')
  t.strictSame(judgeAge(known, model(10, 21)), { older: false, age: { ...known, updated: 21 } })
  t.strictSame(judgeAge(known, model(30, 30)), { older: false, age: { created: 30, updated: 30, ignored: 0 } }, 'deleted and created anew')
  t.strictSame(judgeAge(known, model(10, 19)), { older: true, age: { ...known, ignored: 1 } })
  t.strictSame(judgeAge(known, model(5, 30)), { older: true, age: { ...known, ignored: 1 } }, 'of its earlier life')
  t.strictSame(judgeAge({ ...known, ignored: 2 }, model(10, 20)), { older: false, age: known }, 'the count begins anew')
  t.strictSame(judgeAge({ ...known, ignored: 3 }, model(10, 19)), { older: false, age: { created: 10, updated: 19, ignored: 0 } }, 'the fourth time it is believed: a restored database')
})
