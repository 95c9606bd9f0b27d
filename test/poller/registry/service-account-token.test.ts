import t from 'tap'
import { createServiceAccountToken } from '../../../poller/registry/service-account-token.ts'

const auth = { serviceAccount: 'reader', namespace: 'mlflow', expirationSeconds: 3600 }

function setUp () {
  const state = { now: 0, asked: 0, fails: false }
  const token = createServiceAccountToken(auth, async () => {
    if (state.fails) throw new Error('forbidden')
    return { token: `token-${++state.asked}`, seconds: 1000 }
  }, () => state.now)
  return { state, token }
}

t.test('a token is used until 80 % of its life are over', async (t) => {
  const { state, token } = setUp()
  t.strictSame(await Promise.all([token.get(), token.get()]), ['token-1', 'token-1'], 'one request for all who wait')
  state.now = 799_999
  t.equal(await token.get(), 'token-1')
  state.now = 800_000
  t.equal(await token.get(), 'token-2')
})

t.test('a refused token is replaced, but not more than once a minute', async (t) => {
  const { state, token } = setUp()
  await token.get()
  token.forget()
  t.equal(await token.get(), 'token-1')
  state.now = 60_000
  token.forget()
  t.equal(await token.get(), 'token-2')
})

t.test('a failed request is not remembered', async (t) => {
  const { state, token } = setUp()
  state.fails = true
  await t.rejects(token.get(), { message: 'forbidden' })
  state.fails = false
  t.equal(await token.get(), 'token-1')
})
