// What MLflow objects are told of the Secrets and ConfigMaps that they name, with an API server of answers and a clock that stands still.
import t, { type Test } from 'tap'
import type { ReferencesFact } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { ApiError, apiErrorOf } from '../../../poller/cluster/api-error.ts'
import { createStore } from '../../../poller/cluster/store.ts'
import { tellForbidden } from '../../../poller/mlflow/forbidden.ts'
import { createReferencesWork, type LookOutcome } from '../../../poller/mlflow/references.ts'
import { createObjectWrites } from '../../../poller/object-writes.ts'
import type { MLflow } from '../../../poller/served/mlflow.ts'
import { logger, until } from '../../helpers/poller-cluster.ts'
import { kept } from './servers.ts'

const DB = '/api/v1/namespaces/opendatahub/secrets/db'
const TLS = '/api/v1/namespaces/opendatahub/secrets/mlflow-tls'

type Answer = string | number

/** Objects by their paths: a resourceVersion, or the status of a refusal; what is not there is 404. */
function world (t: Test, answers: Record<string, Answer>) {
  const servers = createStore<MLflow>(logger)
  const term = new AbortController()
  const [asked, written, events, looks]: [string[], ReferencesFact[], string[], LookOutcome[]] = [[], [], [], []]
  let ms = 0
  let version = 100
  const work = createReferencesWork({
    servers: { store: servers, subscribe: servers.subscribe },
    writer: { object: servers.get },
    client: {
      async get (path, options) {
        asked.push(path)
        if (!options?.accept?.includes('as=PartialObjectMetadata')) throw new Error('the whole of a Secret is nobody\'s business')
        const answer = answers[path] ?? 404
        if (typeof answer === 'number') throw answer === 0 ? new ApiError('no answer', { kind: 'Unavailable', status: 0 }) : apiErrorOf(`GET ${path}`, answer, undefined)
        return { metadata: { resourceVersion: answer } } as never
      }
    },
    writes: createObjectWrites<ReferencesFact>({
      async write ({ uid, fact }) {
        const object = servers.get(uid) as MLflow
        const text = JSON.stringify(fact)
        if (object.metadata.annotations?.[FACTS.references] === text) return
        written.push(fact)
        servers.put({ ...object, metadata: { ...object.metadata, resourceVersion: String(version++), annotations: { [FACTS.references]: text } } })
      },
      onFailed (_finding, error) { throw error }
    }),
    onForbidden: tellForbidden({ record: (_object, { reason, note }) => { events.push(`${reason}: ${note}`) } }, logger),
    onLook: (outcome) => { looks.push(outcome) },
    onNews () {},
    signal: term.signal,
    monotonic: () => ms,
    random: () => 0.5
  })
  t.teardown(() => { term.abort() })
  return {
    servers,
    asked,
    written,
    events,
    answers,
    work,
    pass (by: number) { ms += by },
    /** One round, and all that it began; `gets` questions. */
    async look (gets: number): Promise<void> {
      const before = looks.length
      await work.run()
      await until(() => looks.length === before + gets)
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
}

t.test('what is named is told, with "" for what is not there, and again only when it has changed', async (t) => {
  const { servers, look, written, asked, answers, pass, work } = world(t, { [DB]: '7' })
  servers.put(kept())
  t.equal(work.nextDue(), 0, 'a new object is looked at at once')
  await look(2)
  t.strictSame(asked.toSorted(), [DB, TLS])
  t.strictSame(written, [{ 'Secret/db': '7', 'Secret/mlflow-tls': '' }])
  t.equal(work.nextDue(), 60_000)
  await look(0)
  pass(60_000)
  await look(2)
  t.equal(written.length, 1, 'nothing has changed')
  answers[TLS] = '9'
  pass(60_000)
  await look(2)
  t.strictSame(written[1], { 'Secret/db': '7', 'Secret/mlflow-tls': '9' })
  delete answers[DB]
  pass(60_000)
  await look(2)
  t.strictSame(written[2], { 'Secret/db': '', 'Secret/mlflow-tls': '9' })
})

t.test('another spec is looked at at once, and what it names no longer is told no longer', async (t) => {
  const { servers, look, written, work } = world(t, { [DB]: '7', [TLS]: '9' })
  servers.put(kept())
  await look(2)
  servers.put(kept({ version: 2, annotations: { [FACTS.references]: JSON.stringify(written[0]) }, status: { phase: 'Degraded' } }))
  t.equal(work.nextDue(), 60_000, 'another status is no reason')
  servers.put(kept({ version: 3, generation: 2, annotations: { [FACTS.references]: JSON.stringify(written[0]) }, spec: { tls: { mode: 'Off' } } }))
  t.equal(work.nextDue(), 0)
  await look(1)
  t.strictSame(written[1], { 'Secret/db': '7' })
})

t.test('what may not be looked at is told of once, and never taken for changed', async (t) => {
  const { servers, look, written, events, answers, pass } = world(t, { [DB]: '7', [TLS]: 403 })
  servers.put(kept())
  await look(2)
  t.strictSame(written, [{ 'Secret/db': '7' }])
  t.strictSame(events, ['ReferencesForbidden: The poller may not get Secret opendatahub/mlflow-tls, so a change of it replaces no pods: give it get on that Secret, or turn mlflowServers.references off.'])
  answers[DB] = 0
  pass(60_000)
  await look(2)
  t.equal(written.length, 1, 'nor is what has no answer this time')
  t.equal(events.length, 1)
  answers[TLS] = '9'
  pass(60_000)
  await look(2)
  t.strictSame(written[1], { 'Secret/db': '7', 'Secret/mlflow-tls': '9' })
})

t.test('where an object lives', async (t) => {
  const rows: Array<{ name: string, object: Parameters<typeof kept>[0], want: string[] }> = [
    { name: 'as its status says', object: { spec: { namespace: 'other' } }, want: [DB, TLS] },
    { name: 'as its spec says, before it has a status', object: { spec: { namespace: 'opendatahub' }, status: { namespace: undefined } }, want: [DB, TLS] },
    { name: 'nobody knows', object: { status: { namespace: undefined } }, want: [] },
    { name: 'a name that leads elsewhere is that of nothing', object: { spec: { backendStoreUriFrom: { name: '../../kube-system/secrets/x', key: 'k' } } }, want: [TLS] }
  ]
  for (const { name, object, want } of rows) {
    const { servers, look, asked } = world(t, {})
    servers.put(kept(object))
    await look(want.length)
    t.strictSame(asked.toSorted(), want, name)
  }
})

t.test('nobody is asked for an object that is gone, and nobody who names nothing is written', async (t) => {
  const { servers, look, asked, written, work } = world(t, {})
  servers.put(kept({ spec: { tls: { mode: 'Off' }, backendStoreUriFrom: undefined, backendStoreUri: 'sqlite:////mlflow/mlflow.db' } }))
  await look(0)
  servers.remove(kept())
  t.equal(work.nextDue(), Infinity)
  t.strictSame([asked, written], [[], []])
})
