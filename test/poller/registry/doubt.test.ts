import t from 'tap'
import type { RegistryFact } from '../../../hooks/core/facts.ts'
import { beginHearing, weigh, type Heard } from '../../../poller/registry/doubt.ts'
import type { Observation } from '../../../poller/registry/observe.ts'

const LAG = 30_000
const question = { server: 'default', workspace: '', model: 'churn', alias: 'champion' }
const created = (version: number): string => new Date(1_700_000_000_000 + version).toISOString()
const found = (version: number): Observation => ({ ...question, state: 'Found', version: String(version), createdAt: created(version) })
const factOf = (answer: Observation): RegistryFact => ({ ...answer, observedAt: '2027-01-15T08:00:00Z' })

/** Looks, one after the other: what is told at which second; and the second from which on each change was believed. */
function follow (looks: Array<[at: number, answer: Observation, updated?: number]>, lag = LAG): { believed: string[], heard: Heard, last: RegistryFact | undefined, lookAt: number } {
  let last: RegistryFact | undefined
  let heard = beginHearing(undefined, { seconds: 0, ms: 0 })
  let lookAt = Infinity
  const believed: string[] = []
  for (const [at, answer, updated] of looks) {
    const weighed = weigh(heard, last, { answer, updated }, { ms: at * 1000, lag })
    heard = weighed.heard
    lookAt = weighed.lookAt / 1000
    if (!weighed.believed) continue
    const name = answer.version === undefined ? answer.state : `v${answer.version}${answer.state === 'Found' ? '' : ` ${answer.state}`}`
    if (believed.at(-1)?.endsWith(`: ${name}`) !== true) believed.push(`${at}: ${name}`)
    last = factOf(answer)
  }
  return { believed, heard, last, lookAt }
}

const missing: Observation = { ...question, state: 'AliasMissing' }
const pending: Observation = { ...found(3), state: 'NotReady' }

t.test('what is believed, and from when on', (t) => {
  const rows: Array<{ name: string, looks: Parameters<typeof follow>[0], lag?: number, want: string[] }> = [
    { name: 'a newer version, at once', looks: [[0, found(2)], [1, found(3)], [2, found(4)]], want: ['0: v2', '1: v3', '2: v4'] },
    { name: 'a version that gets ready, at once', looks: [[0, found(2)], [1, pending], [2, found(3)]], want: ['0: v2', '1: v3 NotReady', '2: v3'] },
    { name: 'a replica of before between two looks: never', looks: [[0, found(2)], [60, found(3)], [120, found(2)], [125, found(3)], [180, found(3)]], want: ['0: v2', '60: v3'] },
    { name: 'a return, long after the last move: five seconds later', looks: [[0, found(2)], [60, found(3)], [120, found(2)], [125, found(2)]], want: ['0: v2', '60: v3', '125: v2'] },
    { name: 'a return right after a move: when a lag has passed', looks: [[0, found(2)], [60, found(3)], [62, found(2)], [67, found(2)], [89, found(2)], [90, found(2)]], want: ['0: v2', '60: v3', '90: v2'] },
    { name: 'a return to an older version than any that was named', looks: [[0, found(7)], [60, found(3)], [64, found(3)], [65, found(3)]], want: ['0: v7', '65: v3'] },
    { name: 'a second return does not count from the first', looks: [[0, found(2)], [60, found(3)], [120, found(2)], [125, found(1)], [129, found(1)], [130, found(1)]], want: ['0: v2', '60: v3', '130: v1'] },
    { name: 'once more forward to where it was: as a return', looks: [[0, found(3)], [60, found(2)], [65, found(2)], [70, found(3)], [94, found(3)], [95, found(3)]], want: ['0: v3', '65: v2', '95: v3'] },
    { name: 'a model that was made anew counts from one, and is newer', looks: [[0, found(7)], [60, { ...found(1), createdAt: created(8) }]], want: ['0: v7', '60: v1'] },
    { name: 'an alias that is gone: as a return', looks: [[0, found(2)], [60, missing], [65, missing]], want: ['0: v2', '65: AliasMissing'] },
    { name: 'a version that is ready no more: as a return', looks: [[0, found(3)], [60, pending], [65, pending]], want: ['0: v3', '65: v3 NotReady'] },
    { name: 'a return that comes with a newer change of the model: at once', looks: [[0, found(2), 10], [60, found(3), 20], [61, found(2), 30]], want: ['0: v2', '60: v3', '61: v2'] },
    { name: 'without replicas everything, at once', lag: 0, looks: [[0, found(2)], [1, found(3)], [2, found(2)], [3, missing]], want: ['0: v2', '1: v3', '2: v2', '3: AliasMissing'] },
    {
      name: 'of a registry that has contradicted itself: when it has said it for a lag',
      looks: [[0, found(2)], [60, found(3)], [120, found(2)], [125, found(3)], [180, found(2)], [185, found(2)], [209, found(2)], [210, found(2)]],
      want: ['0: v2', '60: v3', '210: v2']
    }
  ]
  for (const { name, looks, lag, want } of rows) t.same(follow(looks, lag).believed, want, name)
  t.end()
})

t.test('a registry whose replica stands still is believed less and less', (t) => {
  const looks: Parameters<typeof follow>[0] = [[0, found(2)], [60, found(3)]]
  // Every other look shows what was before, for an hour.
  for (let at = 120; at < 3_600; at += 5) looks.push([at, found(at % 2 === 0 ? 2 : 3)])
  t.same(follow(looks).believed, ['0: v2', '60: v3'])
  const { heard, last } = follow(looks.slice(0, -1))
  const since = 4_000
  const verdicts = [0, 470, 480].map((later) => weigh({ ...heard, doubt: { answer: found(2), since: since * 1000 } }, last, { answer: found(2), updated: undefined }, { ms: (since + later) * 1000, lag: LAG }).believed)
  t.same(verdicts, [false, false, true], 'and in the end it is, after eight minutes of one voice')
  t.end()
})

t.test('who doubts looks again in five seconds, or when the lag is over', (t) => {
  t.equal(follow([[0, found(2)], [60, found(3)], [120, found(2)]]).lookAt, 125)
  t.equal(follow([[0, found(2)], [60, found(3)], [62, found(2)]]).lookAt, 67)
  t.equal(follow([[0, found(2)], [60, found(3)], [62, found(2)], [87, found(2)]]).lookAt, 90)
  t.end()
})

t.test('a poller that begins knows what the object says: which version, and since when', (t) => {
  const fact: RegistryFact = { ...found(3), observedAt: '2027-01-15T08:00:00Z' } as RegistryFact
  const seconds = Date.parse(fact.observedAt) / 1000 + 10
  t.same(beginHearing(fact, { seconds, ms: 1_000_000 }), { since: 990_000, newest: { at: Date.parse(created(3)), number: 3 }, updated: -Infinity, refuted: 0 })
  t.equal(weigh(beginHearing(fact, { seconds, ms: 1_000_000 }), fact, { answer: found(2), updated: undefined }, { ms: 1_000_000, lag: LAG }).lookAt, 1_005_000)
  t.equal(weigh(beginHearing(undefined, { seconds, ms: 1_000_000 }), undefined, { answer: found(2), updated: undefined }, { ms: 1_000_000, lag: LAG }).believed, true, 'and believes the first answer of all')
  t.end()
})
