// The queue: one worker a key, delays, backoff, rate.
import t from 'tap'
import { backoffSeconds, createBucket, createWorkQueue } from '../../../playground/control-loop/work-queue.ts'
import type { Outcome } from '../../../playground/control-loop/work-queue.ts'

t.test('backoff doubles from 5 ms to 1000 s', (t) => {
  t.same([0, 1, 2, 10, 17, 18, 60].map(backoffSeconds), [0.005, 0.01, 0.02, 5.12, 655.36, 1000, 1000])
  t.end()
})

t.test('the common rate is 10 a second after a burst of 100', (t) => {
  const reserve = createBucket()
  const waits = Array.from({ length: 102 }, () => reserve(0))
  t.same([waits[0], waits[99], waits[100]?.toFixed(1), waits[101]?.toFixed(1)], [0, 0, '0.1', '0.2'])
  t.equal(reserve(1000), 0, 'later it is filled again')
  t.end()
})

t.test('a key is never worked on twice at once, and what comes in meanwhile is not lost', async (t) => {
  const log: string[] = []
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => { release = resolve })
  const queue = createWorkQueue({
    workers: 5,
    timeScale: 1,
    process: async (key): Promise<Outcome> => {
      log.push(`+${key}`)
      if (log.length === 1) await gate
      log.push(`-${key}`)
      return { kind: 'done' }
    }
  })
  queue.add('a')
  queue.add('a')
  queue.add('a')
  queue.add('b')
  await new Promise(setImmediate)
  t.same(log, ['+a', '+b', '-b'])
  release()
  await queue.idle()
  t.same(log, ['+a', '+b', '-b', '-a', '+a', '-a'], 'three adds are two runs')
  await queue.stop()
})

t.test('failures come back later, a 429 after its time, success forgets', async (t) => {
  const outcomes: Outcome[] = [{ kind: 'retry' }, { kind: 'after', seconds: 3 }, { kind: 'retry' }, { kind: 'done' }]
  let finished = (): void => {}
  const done = new Promise<void>((resolve) => { finished = resolve })
  let runs = 0
  const queue = createWorkQueue({
    workers: 1,
    timeScale: 0.001,
    process: async () => {
      const outcome = outcomes[runs++]!
      if (outcome.kind === 'done') finished()
      return outcome
    }
  })
  queue.add('a')
  await done
  await queue.idle()
  t.equal(runs, 4)
  await queue.stop()
  queue.add('a')
  t.equal(runs, 4, 'a stopped queue takes nothing')
})
