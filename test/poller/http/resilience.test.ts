import t from 'tap'
import { RemoteError } from '../../../poller/http/errors.ts'
import { createResilience } from '../../../poller/http/resilience.ts'

const down = (retryAfter?: number) => new RemoteError('Unreachable', 'answered 503', { status: 503, again: true, ...(retryAfter === undefined ? {} : { retryAfter }) })

function fails (error: Error): () => Promise<never> {
  return () => Promise.reject(error)
}

t.test('the breaker', async (t) => {
  t.test('opens after failures in a row, says why, and then asks nothing', async (t) => {
    const { guard } = createResilience({ breakAfter: 2, reopenAfter: 60_000 })
    let asked = 0
    for (let i = 0; i < 2; i++) await t.rejects(guard(fails(down())), { message: 'answered 503' })
    await t.rejects(guard(async () => { asked++ }), { kind: 'Unreachable', again: false, message: 'not asked: the last 2 requests or more failed, the last with: answered 503' })
    t.equal(asked, 0)
  })

  t.test('lets a first request through after a while, and closes when it is answered', async (t) => {
    const { guard } = createResilience({ breakAfter: 1, reopenAfter: 0 })
    await t.rejects(guard(fails(down())))
    t.equal(await guard(async () => 'answer'), 'answer')
    t.equal(await guard(async () => 'more'), 'more')
  })

  for (const error of [new RemoteError('NotFound', 'none'), new RemoteError('Refused', 'no'), new RemoteError('BadRequest', 'what?'), new RemoteError('Unreachable', 'busy', { status: 429 })]) {
    t.test(`${error.status ?? error.kind} is a sign of life`, async (t) => {
      const { guard } = createResilience({ breakAfter: 2, reopenAfter: 60_000 })
      for (let i = 0; i < 3; i++) {
        await t.rejects(guard(fails(down())), { message: 'answered 503' })
        await t.rejects(guard(fails(error)), { message: error.message })
      }
    })
  }
})

t.test('Retry-After', async (t) => {
  t.test('is waited for when it is short', async (t) => {
    let attempts = 0
    const { retry, guard } = createResilience({ retries: 1, initialDelay: 1, patience: 1000 })
    const started = performance.now()
    const answer = await retry(() => guard(() => attempts++ === 0 ? Promise.reject(down(40)) : Promise.resolve('answer')))
    t.equal(answer, 'answer')
    t.ok(performance.now() - started >= 39, 'the second attempt did not come too early')
  })

  t.test('fails requests at once when it is long, and until it has passed', async (t) => {
    let now = 0
    const { retry, guard } = createResilience({ patience: 1000, monotonic: () => now })
    await t.rejects(retry(() => guard(fails(down(30_000)))), { message: 'answered 503' })
    now = 10_000
    await t.rejects(guard(async () => 'answer'), { kind: 'Unreachable', retryAfter: 20_000, message: 'not asked: the server wants to be left alone for now' })
    now = 30_000
    t.equal(await guard(async () => 'answer'), 'answer')
  })

  t.test('never silences us for more than five minutes', async (t) => {
    let now = 0
    const { guard } = createResilience({ monotonic: () => now })
    await t.rejects(guard(fails(down(86_400_000))))
    now = 5 * 60_000
    t.equal(await guard(async () => 'answer'), 'answer')
  })
})
