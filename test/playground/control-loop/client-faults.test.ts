// The stand-in for Metacontroller meets a failing API server as client-go does.
import t, { type Test } from 'tap'
import { startApiServer, type ApiServer } from '../../../playground/api-server/server.ts'
import type { FaultRule } from '../../../playground/api-server/faults.ts'
import { statusOfCode } from '../../../playground/api-server/api-error.ts'
import { createKubeClient, type KubeClient } from '../../../playground/control-loop/kube-client.ts'
import { createObjectCache } from '../../../playground/control-loop/object-cache.ts'
import { rejection, until } from '../../helpers/poller-cluster.ts'

const PATH = '/api/v1/configmaps'
/** A second is ten milliseconds. */
const SCALE = 0.01

async function start (t: Test): Promise<{ server: ApiServer, client: KubeClient, create: (name: string) => void }> {
  const server = await startApiServer()
  const client = createKubeClient({ baseUrl: server.url, timeScale: SCALE })
  t.teardown(async () => {
    await client.close()
    await server.close()
  })
  const resource = server.registry.find('', 'v1', 'configmaps')!
  return { server, client, create: (name) => { server.operations.create(resource, 'default', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }) } }
}

t.test('a refusal that names a wait is tried again, ten times at most; another is not', async (t) => {
  const rows: Array<{ name: string, rule: FaultRule, asked: number }> = [
    { name: '429 with Retry-After', rule: { answer: 429, retryAfter: 1 }, asked: 11 },
    { name: '503 with Retry-After', rule: { answer: 503, retryAfter: 1 }, asked: 11 },
    { name: '500 without it', rule: { answer: 500 }, asked: 1 },
    { name: '410 whatever it says', rule: { answer: 410, retryAfter: 1 }, asked: 1 }
  ]
  const { server, client } = await start(t)
  for (const { name, rule, asked } of rows) {
    server.faults.set(rule)
    t.match(await rejection(client.call({ method: 'GET', path: PATH })), { code: rule.answer }, name)
    t.equal(server.faults.met.length, asked, name)
  }
})

t.test('a watch that fails in any way goes on, and never in a tight circle', async (t) => {
  const rows: Array<{ name: string, rule: FaultRule, lists: boolean }> = [
    { name: '410 for every watch', rule: { answer: 410, verbs: ['watch'] }, lists: true },
    { name: '500 for every watch', rule: { answer: 500, verbs: ['watch'] }, lists: true },
    { name: '429 for every watch', rule: { answer: 429, verbs: ['watch'] }, lists: false }
  ]
  const { server, client, create } = await start(t)
  const cache = createObjectCache({ client, path: PATH, kind: 'ConfigMap', depth: 1, timeScale: SCALE })
  t.teardown(() => { cache.stop() })
  await cache.start()
  for (const [index, { name, rule, lists }] of rows.entries()) {
    await until(() => server.watches().length > 0)
    const before = server.counts.list
    server.faults.set(rule)
    for (const watch of server.watches()) watch.end({ error: statusOfCode(rule.answer ?? 500, 'a fault') })
    create(`m${index}`)
    await until(() => server.faults.met.length >= 5)
    const waits = server.faults.met.slice(1).map(({ at }, nth) => at - server.faults.met[nth]!.at)
    t.ok(waits.every((wait) => wait >= 5), `${name}: it waits in between`)
    t.equal(server.counts.list > before, lists, `${name}: lists`)
    server.faults.clear()
    await until(() => cache.get('default', `m${index}`) !== undefined)
  }
})
