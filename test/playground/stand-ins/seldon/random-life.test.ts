// Random lives of a SeldonDeployment: what must hold at every step, and where it ends when the world calms down.
import fc from 'fast-check'
import t from 'tap'

import { predictor, startLife } from './life.ts'
import type { Life } from './life.ts'

type Action =
  | { kind: 'weights', share: number }
  | { kind: 'replace', stable: number, canary: number }
  | { kind: 'kill', predictor: string, outage: 'none' | 'some' | 'all' }
  | { kind: 'pass', lose: boolean }
  | { kind: 'wait', milliseconds: number }

const NAMES = ['v1', 'v2', 'v3']
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('weights' as const), share: fc.integer({ min: 0, max: 100 }) }),
  fc.record({ kind: fc.constant('replace' as const), stable: fc.nat(2), canary: fc.nat(2) }),
  fc.record({ kind: fc.constant('kill' as const), predictor: fc.constantFrom(...NAMES), outage: fc.constantFrom('none' as const, 'some' as const, 'all' as const) }),
  fc.record({ kind: fc.constant('pass' as const), lose: fc.boolean() }),
  fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.integer({ min: 1, max: 20_000 }) })
)

/** What the spec asks for at the moment. */
interface Wish {
  stable: string
  canary: string | undefined
  share: number
}

function apply (life: Life, wish: Wish): void {
  const canary = wish.canary === undefined ? [] : [predictor(wish.canary, wish.share)]
  life.set(predictor(wish.stable, 100 - (canary.length * wish.share)), ...canary)
}

// Weights may only have changed when every wanted Deployment had been rolled out and all its pods were ready.
function checkedPass (life: Life, wish: Wish, lose: boolean): boolean {
  const before = life.world.history.length
  life.pass(lose)
  if (life.world.history.length === before) return true
  return [wish.stable, wish.canary].filter(name => name !== undefined).every(name => {
    const deployment = life.world.deployments[`bank-${name}-0-model`]
    return deployment !== undefined && deployment.pods.length > 0 && deployment.pods.every(({ ready }) => ready)
  })
}

function play (life: Life, wish: Wish, next: Action): boolean {
  switch (next.kind) {
    case 'weights': wish.share = next.share; apply(life, wish); return true
    case 'replace':
      wish.stable = NAMES[next.stable] as string
      wish.canary = next.canary === next.stable ? undefined : NAMES[next.canary]
      apply(life, wish)
      return true
    case 'kill': life.kill(next.predictor, next.outage); return true
    case 'wait': life.now += next.milliseconds; return checkedPass(life, wish, false)
    case 'pass': return checkedPass(life, wish, next.lose)
    default: return next satisfies never
  }
}

t.test('weights change only when everything is ready, and the wanted ones are in force in the end', async t => {
  fc.assert(fc.property(fc.array(action, { maxLength: 60 }), actions => {
    const life = startLife([predictor('v1', 100)])
    const wish: Wish = { stable: 'v1', canary: undefined, share: 0 }
    if (!actions.every(next => play(life, wish, next))) return false
    for (const name of NAMES) life.kill(name, 'none')
    life.settle()
    const wanted = wish.canary === undefined ? { [wish.stable]: 100 } : { [wish.stable]: 100 - wish.share, [wish.canary]: wish.share }
    t.strictSame(life.weights(), wanted)
    const gone = life.status.state === 'Failed' && /^services ".*" not found$/.test(life.status.description ?? '')
    return gone || life.status.state === 'Available'
  }), { numRuns: 300, seed: 20231114 })
})
