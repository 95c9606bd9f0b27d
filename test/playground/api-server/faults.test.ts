import t, { type Test } from 'tap'
import { startApiServer, type ApiServer } from '../../../playground/api-server/server.ts'
import type { FaultRule } from '../../../playground/api-server/faults.ts'
import { until } from '../../helpers/poller-cluster.ts'

const PATH = '/api/v1/namespaces/default/configmaps'

async function start (t: Test): Promise<ApiServer & { ask: (path: string, agent?: string) => Promise<Response> }> {
  const server = await startApiServer()
  t.teardown(() => server.close())
  return { ...server, ask: async (path, agent = 'kubectl') => await fetch(`${server.url}${path}`, { headers: { 'user-agent': agent } }) }
}

t.test('a rule meets only whom it names', async (t) => {
  const server = await start(t)
  const rows: Array<{ name: string, rule: FaultRule, path?: string, want: number }> = [
    { name: 'another verb', rule: { answer: 500, verbs: ['watch'] }, want: 200 },
    { name: 'another kind', rule: { answer: 500, resources: ['secrets'] }, want: 200 },
    { name: 'another caller', rule: { answer: 500, agents: ['sluice-poller'] }, want: 200 },
    { name: 'the first page of a list', rule: { answer: 410, continued: true }, want: 200 },
    { name: 'all that is named', rule: { answer: 500, verbs: ['list'], resources: ['configmaps'], agents: ['kube'] }, want: 500 },
    { name: 'everybody', rule: { answer: 503 }, want: 503 }
  ]
  for (const { name, rule, want } of rows) {
    server.faults.set(rule)
    t.equal((await server.ask(PATH)).status, want, name)
    t.equal(server.faults.met.length, want === 200 ? 0 : 1, name)
  }
  server.faults.clear()
  t.equal((await server.ask(PATH)).status, 200, 'well again')
})

t.test('a share of the requests is met, evenly', async (t) => {
  const server = await start(t)
  server.faults.set({ answer: 500, share: 0.3 })
  const statuses: number[] = []
  for (let i = 0; i < 10; i++) statuses.push((await server.ask(PATH)).status)
  t.same(statuses.map((status, index) => status === 500 ? index + 1 : 0).filter(Boolean), [4, 7, 10])
})

t.test('a refusal is a Status, with Retry-After', async (t) => {
  const server = await start(t)
  server.faults.set({ answer: 429, retryAfter: 7 })
  const answer = await server.ask(PATH)
  t.equal(answer.headers.get('retry-after'), '7')
  t.match(await answer.json(), { kind: 'Status', code: 429, reason: 'TooManyRequests' })
})

t.test('a silent watch stays open, says nothing and does not end at its time', async (t) => {
  const server = await start(t)
  const resource = server.registry.find('', 'v1', 'configmaps')!
  const create = (name: string): void => { server.operations.create(resource, 'default', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }) }
  const heard = { before: '', after: '' }
  const read = async (which: keyof typeof heard, answer: Response): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of answer.body!) heard[which] += decoder.decode(chunk as Uint8Array)
  }
  const version = server.store.version()
  const watch = `${PATH}?watch=true&timeoutSeconds=1&resourceVersion=${version}`
  const reading = [read('before', await server.ask(watch))]
  create('a')
  await until(() => heard.before.includes('"a"'))
  server.faults.set({ silent: true, verbs: ['watch'] })
  reading.push(read('after', await server.ask(watch)))
  create('b')
  server.faults.clear()
  const other = await server.ask(watch)
  await read('before', other)
  t.notMatch(heard.after, /ADDED/)
  t.equal(server.watches().length, 0)
  const open = await Promise.race([Promise.all(reading).then(() => 'ended', () => 'ended'), 'still open'])
  t.equal(open, 'still open', 'although the time of both is over')
})
