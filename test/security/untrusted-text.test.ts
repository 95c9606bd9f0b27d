// Texts that move the cursor, turn the direction of writing or end a line: in names, in what servers say, in annotations. Whoever reads conditions, Events or
// logs sees one line of each, and that there was something.
import { pino } from 'pino'
import t from 'tap'
import { answerSync } from '../../hooks/core/answer.ts'
import { formatFact, parseFacts, type RegistryFact } from '../../hooks/core/facts.ts'
import { UnprocessableError } from '../../hooks/core/kind.ts'
import { safeLine } from '../../hooks/core/safe-text.ts'
import { refusalOf, RefusedError } from '../../hooks/errors.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { ApiError, apiErrorOf } from '../../poller/cluster/api-error.ts'
import { createEventRecorder } from '../../poller/cluster/event-recorder.ts'
import { createWriteQueue } from '../../poller/cluster/write-queue.ts'
import { logger } from '../helpers/poller-cluster.ts'
import { model } from '../helpers/poller-model.ts'
import { requestFor } from '../helpers/requests.ts'

/** A line of its own, a terminal's escapes (of seven and of eight bits), a name that reads backwards, an end of the text. */
const ODD = 'churn\n  Ready: True\r\n\u001b[2J\u009b31m\u202egnp\u2066\u0000\u2028 Bearer tok-123'
const SEEN = 'churn   Ready: True \ufffd[2J\ufffd31m\ufffdgnp\ufffd\ufffd  Bearer [redacted]'
const INVISIBLE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u206f]/u

const FACT: RegistryFact = { server: 'default', workspace: '', model: ODD, alias: 'champion', state: 'Unreachable', problem: `it says ${ODD}`, observedAt: '2026-01-05T10:00:00Z' }

t.test('conditions and status.error are lines of visible characters', async (t) => {
  const status = (registry?: object) => answerSync(mlflowModel, requestFor(mlflowModel, {
    spec: { modelName: ODD, modelAlias: 'champion' },
    metadata: registry ? { annotations: { 'sluice.dev/registry': JSON.stringify(registry) } } : {}
  })).status as { error?: string, conditions: Array<{ message: string }> }
  const texts = [undefined, FACT, { ...FACT, state: 'Refused' }, { ...FACT, state: 'ModelMissing' }, { ...FACT, state: 'AliasMissing' }, { ...FACT, state: 'Found', version: '7', createdAt: '2026-01-05T09:00:00Z' }]
    .flatMap((registry) => {
      const { error, conditions } = status(registry)
      return [error ?? '', ...conditions.map(({ message }) => message)]
    })
  t.strictSame(texts.filter((text) => INVISIBLE.test(text) || text.includes('tok-123')), [])
  t.ok(texts.filter((text) => text.includes(SEEN)).length >= 6, 'the name is told, as it can be seen')
})

t.test('the annotation holds them escaped, and reads back as it was', async (t) => {
  const text = formatFact(FACT)
  t.notMatch(text, INVISIBLE)
  t.strictSame(parseFacts({ 'sluice.dev/registry': text }).registry, FACT)
})

t.test('an Event has one line', async (t) => {
  const notes: string[] = []
  const recorder = createEventRecorder({
    client: { serverTime: () => 0, async create (_path: string, body: object) { notes.push((body as { note: string }).note); return body as never } },
    queue: createWriteQueue(),
    instance: 'p',
    logger
  })
  recorder.record(model() as never, { key: 'k', type: 'Warning', reason: 'R', action: 'A', note: ODD })
  await new Promise(setImmediate)
  await recorder.close()
  t.strictSame(notes, [SEEN])
})

t.test('a line of a log is one line, whatever was logged, and still the same JSON but for credentials', async (t) => {
  const lines: string[] = []
  const log = pino({ hooks: { streamWrite: safeLine } }, { write (line: string) { lines.push(line) } })
  log.warn({ model: ODD, nested: { list: [ODD] }, [ODD]: 1, err: new Error(ODD, { cause: new Error(`caused by ${ODD}`) }), token: 12345678, 'x-secret': { a: 1 } }, ODD)
  t.equal(lines.length, 1)
  const [line = ''] = lines
  t.equal(line.indexOf('\n'), line.length - 1)
  t.notMatch(line.trimEnd(), INVISIBLE)
  t.notMatch(line, /tok-123/)
  t.match(JSON.parse(line), { model: ODD.replace('tok-123', '[redacted]'), token: 12345678, 'x-secret': { a: 1 } })
})

t.test('a refusal of the hooks, which Metacontroller copies into an Event, is one line and not long', async (t) => {
  const validation = [{ keyword: 'type', instancePath: `/parent/metadata/labels/${ODD}${'x'.repeat(5000)}`, params: { type: 'string' } }]
  for (const error of [new UnprocessableError(ODD), new RefusedError(429, ODD, 1), Object.assign(new Error(), { validation, statusCode: 400 })]) {
    const { message, field = '' } = refusalOf(error)
    t.notMatch(message + field, INVISIBLE)
    t.notMatch(message + field, /tok-123/)
    t.ok(message.length <= 1000 && field.length <= 1000)
  }
})

t.test('what an API server says is told in one line, and its beginning only', async (t) => {
  const error = apiErrorOf('PATCH /x', 403, { message: `${ODD}${'x'.repeat(5000)}` })
  t.ok(error instanceof ApiError && error.message.startsWith(`PATCH /x was answered 403: ${SEEN}`) && error.message.length < 1100)
  t.equal(apiErrorOf('GET /x', 500, { message: { a: 1 } as never }).message, 'GET /x was answered 500')
})
