import t from 'tap'
import { nextLook, planReads, type Pace } from '../../../poller/registry/scan-plan.ts'

const names = (n: number) => Array.from({ length: n }, (_, i) => `m${i}`)

t.test('how a round reads', async (t) => {
  const rows: Array<{ name: string, due: number, size?: { models: number, age: number }, want: string }> = [
    { name: 'a few are asked for one by one', due: 9, size: { models: 9, age: 0 }, want: 'Get' },
    { name: 'over a fifth of the registry is a scan', due: 21, size: { models: 100, age: 0 }, want: 'LargeShare' },
    { name: 'a fifth is not yet', due: 20, size: { models: 100, age: 0 }, want: 'Get' },
    { name: 'over 500 is a scan', due: 501, size: { models: 10_000, age: 0 }, want: 'ManyDue' },
    { name: '500 is not yet', due: 500, size: { models: 10_000, age: 0 }, want: 'Get' },
    { name: 'many are still asked for one by one when they are a speck of the registry', due: 600, size: { models: 50_000, age: 0 }, want: 'Get' },
    { name: 'over 500 of an unknown size is a scan', due: 501, want: 'ManyDue' },
    { name: 'over 100 of an unknown size is a scan, which counts', due: 101, want: 'SizeUnknown' },
    { name: '100 of an unknown size are asked for', due: 100, want: 'Get' },
    { name: 'a size is not believed for ever', due: 101, size: { models: 100_000, age: 3601 }, want: 'SizeUnknown' },
    { name: 'an empty registry is scanned: one page tells that all is gone', due: 20, size: { models: 0, age: 0 }, want: 'LargeShare' }
  ]
  for (const { name, due, size, want } of rows) {
    const plan = planReads(names(due), size)
    t.equal(plan.kind === 'Get' ? 'Get' : plan.reason, want, name)
  }
  t.strictSame(planReads(['b', 'a', 'b'], undefined), { kind: 'Get', models: ['a', 'b'] }, 'each model once, in a fixed order')
})

t.test('milliseconds until the next look', async (t) => {
  const rows: Array<{ name: string, pace: Pace, outcome: 'Answered' | 'NoAnswer', chance: number, want: { from: number, at: number } }> = [
    { name: 'the object\'s interval', pace: { monitoringInterval: 60, minInterval: 30 }, outcome: 'Answered', chance: 0, want: { from: 60_000, at: 60_000 } },
    { name: 'the entry\'s is a floor', pace: { monitoringInterval: 5, minInterval: 30 }, outcome: 'Answered', chance: 0, want: { from: 30_000, at: 30_000 } },
    { name: 'up to a tenth later by itself, and from the interval on with others', pace: { monitoringInterval: 60, minInterval: 30 }, outcome: 'Answered', chance: 0.5, want: { from: 60_000, at: 63_000 } },
    { name: 'sooner after no answer', pace: { monitoringInterval: 86_400, minInterval: 30 }, outcome: 'NoAnswer', chance: 0, want: { from: 60_000, at: 60_000 } },
    { name: 'but not below the floor', pace: { monitoringInterval: 86_400, minInterval: 120 }, outcome: 'NoAnswer', chance: 0, want: { from: 120_000, at: 120_000 } },
    { name: 'nor sooner than wished', pace: { monitoringInterval: 10, minInterval: 5 }, outcome: 'NoAnswer', chance: 0, want: { from: 10_000, at: 10_000 } }
  ]
  for (const { name, pace, outcome, chance, want } of rows) t.strictSame(nextLook(pace, outcome, chance), want, name)
})
