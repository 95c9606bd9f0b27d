import t, { type Test } from 'tap'
import { startRound, type Round, type RoundOptions } from '../../poller/round.ts'
import { logger, until } from '../helpers/poller-cluster.ts'

function start (t: Test, options: Partial<RoundOptions>): { round: Round, stop: () => void, reports: boolean[] } {
  const ended = new AbortController()
  const reports: boolean[] = []
  const round = startRound({ name: 'test', nextDue: () => Infinity, run: async () => undefined, signal: ended.signal, logger, shortestMs: 1, onRun: ({ ok }) => { reports.push(ok) }, ...options })
  t.teardown(async () => {
    ended.abort()
    await round.ended
  })
  return { round, reports, stop: () => { ended.abort() } }
}

t.test('runs when something is due', async (t) => {
  let due = 0
  let runs = 0
  start(t, { nextDue: () => due, async run () { due = ++runs < 3 ? 1 : Infinity } })
  await until(() => runs >= 3)
  t.equal(runs, 3)
})

t.test('asks anew what is due when it is woken, and runs only then', async (t) => {
  let due = Infinity
  let runs = 0
  const { round } = start(t, { nextDue: () => due, async run () { runs += 1; due = Infinity } })
  round.wake()
  await new Promise((resolve) => { setTimeout(resolve, 20) })
  t.equal(runs, 0)
  due = 0
  round.wake()
  await until(() => runs >= 1)
})

t.test('runs at once when it is told to, also when told during a run', async (t) => {
  let runs = 0
  const first = Promise.withResolvers<void>()
  const { round } = start(t, { async run () { if (++runs === 1) await first.promise } })
  round.wake(true)
  await until(() => runs >= 1)
  round.wake(true)
  round.wake()
  first.resolve()
  await until(() => runs >= 2)
  t.equal(runs, 2)
})

t.test('many wakes make few runs', async (t) => {
  let runs = 0
  const { round } = start(t, { shortestMs: 5, async run () { runs += 1 } })
  for (let i = 0; i < 1000; i++) round.wake(true)
  await until(() => runs > 0)
  t.ok(runs <= 2)
})

t.test('a run that fails is reported and pauses the round', async (t) => {
  let runs = 0
  const { reports } = start(t, { nextDue: () => 0, async run () { runs += 1; throw new Error('no') } })
  await until(() => reports.length === 1)
  await new Promise((resolve) => { setTimeout(resolve, 30) })
  t.equal(runs, 1, 'for much longer than a good one')
  t.same(reports, [false])
})

t.test('ends when it is told to, wherever it is', async (t) => {
  const waiting = start(t, {})
  waiting.stop()
  await waiting.round.ended
  const pausing = start(t, { nextDue: () => 0, run: async () => { throw new Error('no') } })
  await until(() => pausing.reports.length === 1)
  pausing.stop()
  await pausing.round.ended
  t.pass()
})
