// What objects say of a registry that does not answer.
import t from 'tap'
import type { RegistryFact } from '../../../hooks/core/facts.ts'
import type { RegistryQuestion } from '../../../hooks/core/registry-question.ts'
import { RemoteError } from '../../../poller/http/errors.ts'
import { afterSilence, type Unanswered } from '../../../poller/registry/silence.ts'

const MIN = 60_000
const NOW = Date.parse('2026-02-01T00:00:00Z') / 1000
const question: RegistryQuestion = { server: 'default', workspace: '', model: 'churn', alias: 'champion' }
const fact: RegistryFact = { ...question, state: 'Found', version: '7', createdAt: '2026-01-01T00:00:00.123Z', uri: 's3://b/7', observedAt: '2026-01-01T00:01:00Z' }
const reset = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5000'), { code: 'ECONNREFUSED' })
const dead = new RemoteError('Unreachable', 'default: registered-models/get: could not be reached: connect ECONNREFUSED 10.0.0.1:5000', { cause: reset })
const after = (last: RegistryFact | undefined, given: Partial<Unanswered> = {}) => afterSilence(last, { question, place: 'registries.default', silence: { looks: 3, since: 0 }, error: dead, monotonic: 5 * MIN, now: NOW, staleAfter: 5 * MIN, ...given })

t.test('after an answer', async (t) => {
  t.equal(after(fact, { silence: { looks: 2, since: 0 }, monotonic: 60 * MIN }), fact, 'two looks are not enough, however long')
  t.equal(after(fact, { silence: { looks: 30, since: 0 }, monotonic: 5 * MIN - 1 }), fact, 'nor is less than five minutes, however often')
  t.strictSame(after(fact), { ...fact, stale: true }, 'then it is stale; observedAt tells of when the answer is')
  const stale = { ...fact, stale: true }
  t.equal(after(stale), stale, 'once')
})

t.test('without an answer ever', async (t) => {
  const url = "url and caFile in registries.default of the poller's configuration"
  const want: RegistryFact = { ...question, state: 'Unreachable', problem: `it cannot be reached, or does not answer in time (ECONNREFUSED); check that MLflow runs, and ${url}`, observedAt: '2026-02-01T00:00:00Z' }
  t.equal(after(undefined, { silence: { looks: 1, since: 0 } }), undefined, 'one look may fail')
  t.strictSame(after(undefined, { silence: { looks: 2, since: 0 }, monotonic: 1000 }), want, 'the second one tells the object why, however soon')
  t.equal(after(want, { now: NOW + 600 }), want, 'once')
  t.equal(after(want, { silence: { looks: 1, since: 0 } }), want, 'and a new start of the poller does not take it back')
  t.equal(after(want, { error: new RemoteError('Unreachable', 'answered 502', { status: 502 }) }), want, 'another failure that calls for the same is no news')
  t.strictSame(after(want, { error: new RemoteError('Refused', 'answered 401', { status: 401 }), now: NOW + 600 }), { ...want, problem: "it does not let the poller in (HTTP 401); check auth in registries.default of the poller's configuration" }, 'one that calls for something else is told, as the same outage')
  t.strictSame(after({ ...want, state: 'Refused', problem: 'x' }), want, 'a refusal was no answer')
})

t.test('the words name cause and remedy, and nothing that a server said', async (t) => {
  const secret = 'SECRET of https://user:SECRET@mlflow.internal:5000/'
  const entry = "registries.default of the poller's configuration"
  const rows: Array<{ name: string, error: RemoteError, workspace?: string, want: string }> = [
    { name: 'a refused Host header', error: new RemoteError('Refused', `default: registered-models/get: answered 403: Invalid Host header ${secret}`, { status: 403 }), want: `it refuses the Host header of the poller; set MLFLOW_SERVER_ALLOWED_HOSTS on the MLflow server, or host in ${entry}` },
    { name: 'no credentials, or wrong ones', error: new RemoteError('Refused', `answered 403: ${secret}`, { status: 403 }), want: `it does not let the poller in (HTTP 403); check auth in ${entry}` },
    { name: 'credentials that cannot be read', error: new RemoteError('Refused', secret), want: `it does not let the poller in; check auth in ${entry}` },
    { name: 'a timeout', error: new RemoteError('Unreachable', 'did not answer within 5000 ms'), want: `it cannot be reached, or does not answer in time; check that MLflow runs, and url and caFile in ${entry}` },
    { name: 'errors of the server', error: new RemoteError('Unreachable', secret, { status: 503 }), want: `it answers with errors (HTTP 503); check that MLflow runs, and url and caFile in ${entry}` },
    { name: 'a breaker that has opened for them', error: new RemoteError('Unreachable', 'not asked', { cause: new RemoteError('Unreachable', secret, { status: 503 }) }), want: `it answers with errors (HTTP 503); check that MLflow runs, and url and caFile in ${entry}` },
    { name: 'another server', error: new RemoteError('BadAnswer', secret, { status: 200 }), want: `what answers is not the API of MLflow (HTTP 200); check url in ${entry}` },
    { name: 'a wrong path', error: new RemoteError('BadAnswer', secret, { status: 404 }), workspace: 'bank', want: `what answers is not the API of MLflow (HTTP 404); check url in ${entry}` },
    { name: 'a workspace that does not exist', error: new RemoteError('BadAnswer', secret, { status: 404, body: {} }), workspace: 'bank', want: 'it knows no workspace bank; create it, or correct spec.workspace' },
    { name: 'a question that it does not understand', error: new RemoteError('BadRequest', secret, { status: 400 }), want: 'it declines the question (HTTP 400); check spec.modelName, and spec.workspace, which is empty for a server without workspaces' }
  ]
  for (const { name, error, workspace = '', want } of rows) t.equal(after(undefined, { error, question: { ...question, workspace } })?.problem, want, name)
  t.equal(after(undefined, { place: 'x'.repeat(500) })?.problem?.length, 300, 'within the limit of the fact')
})
