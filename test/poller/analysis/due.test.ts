import t from 'tap'
import type { AnalysisFact } from '../../../hooks/core/facts.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { dueAt } from '../../../poller/analysis/due.ts'
import { lookBackOf, rangeOf } from '../../../poller/analysis/look-back.ts'
import { subjectOf, type Subject } from '../../../poller/analysis/subject.ts'
import { T0, makeModel, type ModelOptions } from './models.ts'

const subject = subjectOf(makeModel())!
const factAt = (seconds: number, key: Partial<Subject['key']> = {}): AnalysisFact => ({
  ...subject.key, ...key, passed: 1, failed: 0, inconclusive: 0, errors: 0, streak: { outcome: 'Passed', count: 1 }, last: { at: formatInstant(T0 + seconds), outcome: 'Passed', reason: '', metrics: [] }
})

t.test('a check is due', async (t) => {
  const rows: Array<{ name: string, trafficSince?: number, last?: AnalysisFact, interval?: string, want: number }> = [
    { name: 'when the initial delay after the first traffic is over', want: 60 },
    { name: 'one interval into a later step', trafficSince: -300, want: 10 },
    { name: 'one interval after the last check', trafficSince: -300, last: factAt(20), want: 30 },
    { name: 'one interval after the last check, however long that is', trafficSince: -300, last: factAt(20), interval: '1h30m', want: 20 + 5400 },
    { name: 'as in a new step when the last check was of another', trafficSince: -300, last: factAt(-3, { step: 0 }), want: 10 },
    { name: 'as in a new step when the step has started again', trafficSince: -300, last: factAt(-3, { stepStartedAt: formatInstant(T0 - 100) }), want: 10 }
  ]
  for (const { name, trafficSince = 0, last, interval = '10s', want } of rows) {
    t.equal(dueAt({ ...subject, trafficSince: T0 + trafficSince }, { interval, initialDelay: '60s' }, last), T0 + want, name)
  }
})

t.test('an object is checked', async (t) => {
  const { rollout, ...withoutRollout } = makeModel().status!
  const rows: Array<{ name: string, options: ModelOptions, want: boolean }> = [
    { name: 'while Stepping', options: {}, want: true },
    { name: 'while AwaitingApproval', options: { rolloutStatus: { stage: 'AwaitingApproval' } }, want: true },
    { name: 'not while Loading', options: { rolloutStatus: { stage: 'Loading' } }, want: false },
    { name: 'not while Promoting', options: { rolloutStatus: { stage: 'Promoting' } }, want: false },
    { name: 'not while Unwinding', options: { rolloutStatus: { stage: 'Unwinding' } }, want: false },
    { name: 'not before the weight is in force', options: { rolloutStatus: { stepStartedAt: undefined } }, want: false },
    { name: 'not while paused', options: { rollout: { paused: true } }, want: false }
  ]
  for (const { name, options, want } of rows) t.equal(subjectOf(makeModel(options)) !== undefined, want, name)
  t.equal(subjectOf({ ...makeModel(), status: withoutRollout }), undefined, 'not without a rollout')
  t.ok(rollout)
})

t.test('the subject of a check', async (t) => {
  t.strictSame(subject, {
    key: { rollout: 'v8-abc123-1', step: 1, stepStartedAt: formatInstant(T0) },
    stepStartedAt: T0,
    trafficSince: T0,
    predictors: { stable: 'v7-' + (Date.parse('2026-01-01') % 36 ** 6).toString(36).padStart(6, '0'), canary: 'v8-' + (Date.parse('2026-02-01') % 36 ** 6).toString(36).padStart(6, '0') },
    versions: { stable: '7', canary: '8' }
  })
})

t.test('the look-back', async (t) => {
  const rows: Array<[string, number, number, number, string]> = [
    ['is a minute at first', 60, 300, 60, '1m'],
    ['is a minute even before', 5, 300, 60, '1m'],
    ['stays a minute until two have passed', 119, 300, 60, '1m'],
    ['grows with the time there was traffic', 120, 300, 120, '2m'],
    ['grows up to the window', 100_000, 300, 300, '5m'],
    ['is the largest below the window', 100_000, 599, 300, '5m'],
    ['is half an hour at most', 100_000, 86_400, 1800, '30m']
  ]
  for (const [name, age, window, seconds, range] of rows) {
    t.equal(lookBackOf({ trafficSince: T0, now: T0 + age, window }), seconds, name)
    t.equal(rangeOf(seconds), range)
  }
})
