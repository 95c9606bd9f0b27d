// Who is answered by the hooks, and what they believe of those who are: the token on every route that decides, and registries that callers have no say in.
import path from 'node:path'
import t, { type Test } from 'tap'
import { buildApp, type AppOptions } from '../hooks/app.ts'
import { HOOKS } from '../hooks/core/answer.ts'
import type { Kind } from '../hooks/core/kind.ts'
import { FACTS } from '../hooks/core/labels.ts'
import { kinds } from '../hooks/kinds.ts'
import { createTokenCheck } from '../hooks/tokens.ts'
import { greeting, planet } from './fixtures/kinds/greeting.ts'
import { requestFor } from './helpers/requests.ts'
import { findScenarios } from './helpers/scenarios.ts'

type App = Awaited<ReturnType<typeof buildApp>>['app']

async function build (t: Test, options: Partial<AppOptions>): Promise<App> {
  const { app } = await buildApp({ kinds: [...kinds, greeting, planet], v: '1', ...options })
  t.teardown(() => app.close())
  return app
}

const post = (url: string, payload: unknown, headers: Record<string, string> = {}) => ({ method: 'POST' as const, url, headers: { 'content-type': 'application/json', ...headers }, payload: JSON.stringify(payload) })

t.test('every route that decides asks for the token, whatever is sent, and nothing else decides', async (t) => {
  const tokenCheck = createTokenCheck(path.join(t.testdir({ tokens: 'good' }), 'tokens'), t.error)
  let asked = 0
  const spied: Kind = { ...greeting, sync (request) { asked++; return greeting.sync(request) } }
  const app = await build(t, { kinds: [...kinds, spied, planet], tokenCheck })
  const routes = [...kinds, greeting, planet].flatMap(({ resource }) => HOOKS.map((hook) => `/${resource.plural}/${hook}`))
  for (const url of routes) {
    for (const authorization of [undefined, '', 'Bearer', 'Bearer bad', 'Basic Z29vZDpnb29k', 'good']) {
      const { statusCode, body } = await app.inject(post(url, requestFor(greeting), authorization === undefined ? {} : { authorization }))
      t.equal(statusCode, 401, `${url} with ${authorization}`)
      t.notMatch(body, /good|release/, 'and learns nothing')
    }
    t.equal((await app.inject(post(`${url}?v=1`, {}))).statusCode, 401, `${url} of this release`)
  }
  t.equal(asked, 0, 'nothing was decided')
  t.equal((await app.inject(post('/greetings/sync', requestFor(greeting), { authorization: 'Bearer good' }))).statusCode, 200)
  t.equal(asked, 1)
  const deciding = app.printRoutes({ commonPrefix: false }).match(/\(.*(POST|PUT|PATCH|DELETE).*\)/g) ?? []
  t.equal(deciding.length, routes.length, 'no other route takes a body')
})

t.test('what is open tells nothing of objects: probes, metrics, the description, and how to call', async (t) => {
  const app = await build(t, { tokenCheck: () => false })
  for (const url of ['/healthz', '/readyz', '/docs/json']) t.equal((await app.inject(url)).statusCode, 200, url)
  const { body, statusCode } = await app.inject('/metrics')
  t.equal(statusCode, 200)
  t.notMatch(body, /namespace=|name="(?!sync|finalize|customize)/, 'metrics of the hooks name kinds, never objects')
  t.equal((await app.inject('/greetings/sync')).statusCode, 405)
})

type Condition = { type: string, status: string, reason: string }

t.test('what the hooks are told of registries counts, and what a caller says of them does not', async (t) => {
  const { input } = findScenarios().find(({ name }) => name === '06-serving')!
  const call = async (app: App, payload: unknown): Promise<Condition | undefined> => {
    const { conditions } = (await app.inject(post('/mlflowmodels/sync', payload))).json<{ status: { conditions: Condition[] } }>().status
    return conditions.find(({ type }) => type === 'RegistryFound')
  }
  t.ok(input.parent.metadata.annotations?.[FACTS.registry])
  const open = await build(t, {})
  t.match(await call(open, input), { status: 'True' }, 'without entries everything is believed')
  t.match(await call(open, { ...input, registries: {} }), { status: 'True' }, 'whatever a caller says')
  const closed = await build(t, { own: { registries: { default: { namespaces: ['elsewhere'] } } } })
  t.match(await call(closed, input), { status: 'False', reason: 'NamespaceNotAllowed' })
  t.match(await call(closed, { ...input, registries: { default: {} } }), { status: 'False', reason: 'NamespaceNotAllowed' })
})
