// Deliveries to MLflow's webhook: only what is signed, fresh and new is a hint, whatever else comes.
import fc from 'fast-check'
import { createReceiver, signDelivery, type Delivery } from '../../../poller/registry/webhook.ts'
import { hostileValue } from '../inputs/hostile.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'

const NOW = 1_790_000_000
const SECRET = 'hunter2'

type Given = { id: string, timestamp: string, body: string, forged: 'no' | 'secret' | 'body' | 'cut' | 'garbage' | 'none', leads: boolean }

const given: fc.Arbitrary<Given> = fc.record({
  id: fc.constantFrom('a', 'b', '', '__proto__', 'x'.repeat(128)),
  timestamp: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: NOW - 400, max: NOW + 400 }).map(String) }, { weight: 1, arbitrary: fc.constantFrom('', '-1', '1e9', '9'.repeat(400), ' 1790000000', 'NaN') }),
  body: fc.oneof(fc.constantFrom('{"data":{"name":"bank-churn"}}', '', '{', 'null', '{"data":null}', '{"data":"x"}', '[]'), hostileValue.map((value) => JSON.stringify({ data: { name: value } }))),
  forged: fc.oneof({ weight: 3, arbitrary: fc.constant('no' as const) }, { weight: 2, arbitrary: fc.constantFrom('secret', 'body', 'cut', 'garbage', 'none') }),
  leads: fc.integer({ min: 0, max: 9 }).map((n) => n > 0)
})

export const deliveries: Target = {
  name: 'deliveries',
  what: 'webhook deliveries, forged, old, repeated and garbled: a hint only of what is signed, fresh and new',
  share: 90_000,
  quick: 100,
  open: async (tally) => session(fc.asyncProperty(fc.array(given, { minLength: 1, maxLength: 4 }), async (all) => {
    const hints: string[] = []
    const seen = new Set<string>()
    let leads = true
    const receive = createReceiver({ secret: () => SECRET, isLeader: () => leads, hint: (model) => { hints.push(model) }, now: () => NOW })
    for (const one of all) {
      leads = one.leads
      const before = hints.length
      const outcome = await receive(deliveryOf(one))
      tally.count(outcome)
      const honest = one.forged === 'no' && /^\d+$/.test(one.timestamp) && Math.abs(Number(one.timestamp) - NOW) <= 300
      const isNew = !seen.has(one.id)
      if (leads && honest) seen.add(one.id)
      demand(outcome !== 'Accepted' || (leads && honest && isNew), () => 'a delivery that is forged, old or repeated is accepted')
      demand(hints.length === before || outcome === 'Accepted', () => `a hint from a delivery that is ${outcome}`)
    }
  }))
}

function deliveryOf ({ id, timestamp, body, forged }: Given): Delivery | undefined {
  if (forged === 'none') return undefined
  const bytes = Buffer.from(body)
  const signature = signDelivery(forged === 'secret' ? '' : SECRET, { id, timestamp, body: forged === 'body' ? Buffer.from(`${body} `) : bytes })
  return { id, timestamp, body: bytes, signature: forged === 'cut' ? signature.slice(0, -1) : forged === 'garbage' ? '\ud800' : signature }
}
