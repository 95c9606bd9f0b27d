// Answers that are given again: nothing but the time may tell them from those that are computed.
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { pino } from 'pino'
import { buildApp, type AppOptions, type Hooks } from '../hooks/app.ts'
import type { Kind } from '../hooks/core/kind.ts'
import { greeting, planet } from './fixtures/kinds/greeting.ts'
import { requestFor } from './helpers/requests.ts'

type Line = Record<string, unknown>

/** Hooks with their log, and how often they have computed a sync. */
async function build (t: Test, options: Partial<AppOptions> = {}): Promise<Hooks & { lines: Line[], syncs: () => number }> {
  const lines: Line[] = []
  let syncs = 0
  const counted: Kind = { ...greeting, sync: (request) => { syncs++; return greeting.sync(request) } }
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line) as Line) })
  const hooks = await buildApp({ kinds: [counted, planet], v: '1', logger, answerCacheBytes: 2 ** 20, ...options })
  t.teardown(() => hooks.app.close())
  return { ...hooks, lines, syncs: () => syncs }
}

type Sent = { url?: string, payload: string | Buffer, headers?: Record<string, string> }

/** All that a caller and a reader of the log can tell, but the times. */
async function outcome ({ app, lines }: Awaited<ReturnType<typeof build>>, { url = '/greetings/sync', payload, headers = {} }: Sent): Promise<object> {
  lines.length = 0
  const { statusCode, rawPayload, raw } = await app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json', ...headers } })
  const { date, ...sent } = raw.res.getHeaders()
  return { statusCode, sent, order: raw.res.getHeaderNames(), text: rawPayload.toString(), log: lines.map(({ time, pid, hostname, ms, err, ...line }) => ({ ...line, fields: Object.keys(line), timed: typeof ms })) }
}

const text = (...given: Parameters<typeof requestFor>): string => JSON.stringify(requestFor(...given))
const answered = (app: Hooks['app']) => async (result: string): Promise<number> => {
  const { body } = await app.inject('/metrics')
  return Number(new RegExp(`^sluice_hook_answer_cache_requests_total{result="${result}"} (\\d+)$`, 'm').exec(body)?.[1] ?? 0)
}

const rows: Array<Sent & { name: string, known: boolean }> = [
  { name: 'a decision is told of again', payload: text(greeting), known: true },
  { name: 'a call that changes nothing', payload: text(greeting, { status: { phase: 'Said', sequence: 1 } }), known: true },
  { name: 'a condition about the spec', payload: text(greeting, { spec: { name: 'Ada', language: 'Latin' } }), known: true },
  { name: 'finalize', url: '/greetings/finalize', payload: text(greeting), known: true },
  { name: 'a kind without finalize', url: '/planets/finalize', payload: text(planet), known: true },
  { name: 'customize', url: '/greetings/customize', payload: text(greeting), known: true },
  { name: 'a release that is asked for', url: '/greetings/sync?v=1', payload: text(greeting), known: true },
  { name: 'a charset', headers: { 'content-type': 'application/json; charset=utf-8' }, payload: text(greeting), known: true },
  { name: 'a mark of byte order', payload: `\ufeff${text(greeting)}`, known: true },
  { name: 'bytes that are no UTF-8', payload: Buffer.concat([Buffer.from(text(greeting).slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]), known: true },
  { name: 'keys named __proto__ and constructor', payload: text(greeting).replace('"related":{}', '"related":{"__proto__":{"a/b":{"apiVersion":"v1","kind":"Secret","metadata":{"name":"b"}}},"constructor":{}}'), known: true },
  { name: 'characters of several bytes', payload: text(greeting, { spec: { name: 'Adä – 你好 🦆' } }), known: true },
  { name: 'a spec that cannot be honoured', payload: text(greeting, { spec: { name: 'nobody' } }), known: false },
  { name: 'a bug', payload: text(greeting, { spec: { name: 'bug' } }), known: false },
  { name: 'a wrong answer', payload: text(greeting, { spec: { name: 'null' } }), known: false },
  { name: 'no JSON', payload: '{"parent": ', known: false },
  { name: 'an empty body', payload: '', known: false },
  { name: 'a call of another kind', url: '/planets/sync', payload: text(greeting), known: false },
  { name: 'more bytes than are kept', payload: text(greeting).replace('"related":{}', `"related":{}${' '.repeat(2 ** 20)}`), known: false }
]

const plain = await build(t, { answerCacheBytes: 0 })

for (const { name, known, ...sent } of rows) {
  t.test(`asked again it is the same: ${name}`, async (t) => {
    const remembering = await build(t)
    const count = answered(remembering.app)
    const want = await outcome(plain, sent)
    for (const time of ['first', 'second', 'third']) t.strictSame(await outcome(remembering, sent), want, time)
    t.strictSame([await count('hit'), await count('miss')], known ? [1, 2] : [0, 0])
    t.strictSame([await answered(plain.app)('hit'), await answered(plain.app)('miss')], [0, 0])
  })
}

t.test('whatever is sent, asked again it is the same', async (t) => {
  const remembering = await build(t)
  const whole = text(greeting)
  const mutated = fc.tuple(fc.nat(whole.length - 1), fc.nat(3), fc.uint8Array({ maxLength: 3 })).map(([at, gone, bytes]) => Buffer.concat([Buffer.from(whole.slice(0, at)), bytes, Buffer.from(whole.slice(at + gone))]))
  await fc.assert(fc.asyncProperty(fc.oneof(mutated, fc.json()), async (payload) => {
    const want = await outcome(plain, { payload })
    const found = [await outcome(remembering, { payload }), await outcome(remembering, { payload }), await outcome(remembering, { payload })]
    t.strictSame(found, [want, want, want])
  }), { numRuns: 60 })
})

t.test('the same call is computed twice, and then no more; another one is computed anew', async (t) => {
  const hooks = await build(t)
  const computed = []
  for (const payload of [text(greeting), text(greeting), text(greeting), `${text(greeting)} `, text(greeting)]) {
    await outcome(hooks, { payload })
    computed.push(hooks.syncs())
  }
  t.strictSame(computed, [1, 2, 2, 3, 3])
})

t.test('the answer of one hook is not that of another', async (t) => {
  const hooks = await build(t)
  const texts = []
  for (const hook of ['sync', 'sync', 'finalize', 'finalize', 'customize', 'customize', 'sync']) texts.push((await hooks.app.inject({ method: 'POST', url: `/greetings/${hook}`, headers: { 'content-type': 'application/json' }, payload: text(greeting) })).body)
  t.equal(new Set(texts).size, 3)
  t.equal(texts[6], texts[0])
})

t.test('who may not ask is not answered, known though the call is', async (t) => {
  const hooks = await build(t, { tokenCheck: (authorization) => authorization === 'Bearer a' })
  const ask = async (sent: Partial<Sent> = {}): Promise<unknown> => (await outcome(hooks, { payload: text(greeting), headers: { authorization: 'Bearer a' }, ...sent }) as { statusCode: number }).statusCode
  t.strictSame([await ask(), await ask(), await ask(), hooks.syncs()], [200, 200, 200, 2])
  t.equal(await ask({ headers: {} }), 401)
  t.equal(await ask({ url: '/greetings/sync?v=2' }), 429)
  t.equal(await ask({ headers: { authorization: 'Bearer a', 'content-type': 'text/plain' } }), 415)
  t.equal(await ask({ headers: { authorization: 'Bearer a', 'content-length': '3' } }), 400)
  hooks.drain()
  t.equal(await ask(), 429)
})

t.test('memory is bounded, and what was asked for last is kept', async (t) => {
  const limit = 8 * 1024
  const hooks = await build(t, { answerCacheBytes: limit })
  const ask = async (generation: number): Promise<unknown> => await outcome(hooks, { payload: text(greeting, { metadata: { generation } }) })
  for (let generation = 1; generation <= 40; generation++) {
    await ask(generation)
    await ask(generation)
  }
  const { body } = await hooks.app.inject('/metrics')
  const bytes = Number(/^sluice_hook_answer_cache_bytes (\d+)$/m.exec(body)?.[1])
  t.ok(bytes > limit / 2 && bytes <= limit, String(bytes))
  await ask(40)
  t.equal(hooks.syncs(), 80)
  await ask(1)
  t.equal(hooks.syncs(), 81)
})
