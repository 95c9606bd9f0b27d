// From a call to the checked answer: the same for all kinds.
import t from 'tap'
import { answerCustomize, answerFinalize, answerSync } from '../../hooks/core/answer.ts'
import { greeting, planet } from '../fixtures/kinds/greeting.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'
import { requestFor } from '../helpers/requests.ts'

const ready = { type: 'Ready', status: 'True', reason: 'Said', message: 'It was said.', lastTransitionTime: '2026-01-05T10:00:00Z', observedGeneration: 3 }
const notAccepted = {
  type: 'SpecAccepted',
  status: 'False',
  reason: 'InvalidFields',
  message: 'spec.language must be one of English, Dutch; correct it. Until then "English" holds.',
  lastTransitionTime: '2026-01-05T10:00:00Z',
  observedGeneration: 3
}
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'first', namespace: 'home' }, data: { greeting: 'Hello, Ada' } }

t.test('a kind gets its spec with defaults, and a frozen request is answered twice with the same bytes', async (t) => {
  const request = deepFreeze(requestFor(greeting))
  const answer = answerSync(greeting, request)
  t.strictSame(answer, { status: { phase: 'Said', sequence: 1, conditions: [ready] }, children: [configMap] })
  t.equal(JSON.stringify(answerSync(greeting, request)), JSON.stringify(answer))
})

t.test('a wrong field is a condition, and the rest of the spec is honoured', async (t) => {
  const answer = answerSync(greeting, requestFor(greeting, { spec: { name: 'Ada', language: 'Latin' } }))
  t.strictSame(answer, { status: { phase: 'Said', sequence: 1, conditions: [ready, notAccepted] }, children: [configMap] })
})

t.test('while the field stays wrong the condition does not move; once it is right the condition is gone', async (t) => {
  const status = { conditions: [ready, { ...notAccepted, lastTransitionTime: '2026-01-01T00:00:00Z' }] }
  const wrong = answerSync(greeting, requestFor(greeting, { spec: { name: 'Ada', language: 'Latin' }, status }))
  t.strictSame((wrong.status as typeof status).conditions[1]?.lastTransitionTime, '2026-01-01T00:00:00Z')
  const right = answerSync(greeting, requestFor(greeting, { status }))
  t.strictSame((right.status as typeof status).conditions, [ready])
})

t.test('a spec that cannot be honoured at all is refused, not answered', async (t) => {
  t.throws(() => answerSync(greeting, requestFor(greeting, { spec: {} })), { name: 'UnprocessableError', message: 'spec.name is missing; correct it' })
})

t.test('a wrong answer of a kind is not sent', async (t) => {
  t.throws(() => answerSync(greeting, requestFor(greeting, { spec: { name: 'null' } })), { name: 'WrongAnswerError' })
})

t.test('what is finalizing is finalized, whichever hook was called', async (t) => {
  const want = { status: { phase: 'Gone' }, children: [], finalized: true }
  t.strictSame(answerSync(greeting, requestFor(greeting, { finalizing: true })), want)
  t.strictSame(answerFinalize(greeting, requestFor(greeting, { finalizing: true })), want)
  t.strictSame(answerFinalize(greeting, requestFor(greeting)), want)
})

t.test('a wrong spec does not keep an object from being deleted', async (t) => {
  t.strictSame(answerFinalize(greeting, requestFor(greeting, { spec: {}, finalizing: true })).finalized, true)
})

t.test('a kind without finalize lets go at once, and keeps its status', async (t) => {
  t.strictSame(answerFinalize(planet, requestFor(planet, { finalizing: true, status: { phase: 'Said' } })), { status: { phase: 'Said' }, children: [], finalized: true })
})

t.test('customize answers from the spec; without the function, or a spec, nothing is related', async (t) => {
  t.strictSame(answerCustomize(greeting, requestFor(greeting)), { relatedResources: [{ apiVersion: 'v1', resource: 'secrets', namespace: 'home', names: ['Ada'] }] })
  t.strictSame(answerCustomize(planet, requestFor(planet)), { relatedResources: [] })
  t.strictSame(answerCustomize(greeting, requestFor(greeting, { spec: {} })), { relatedResources: [] })
})
