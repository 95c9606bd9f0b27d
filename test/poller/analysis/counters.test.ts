import t from 'tap'
import { FACT_LIMIT, formatFact, parseFacts, type AnalysisFact, type CheckOutcome } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { countCheck, fitFact, verdictsOf, type Check } from '../../../poller/analysis/counters.ts'
import { T0 } from './models.ts'

const KEY = { rollout: 'v8-abc123-1', step: 2, stepStartedAt: formatInstant(T0) }
const INTERVAL = 10

const checkAt = (seconds: number, outcome: CheckOutcome = 'Passed', key = KEY): Check => ({ key, at: T0 + seconds, verdict: { outcome, reason: 'r', metrics: [] } })
const factOf = (counts: Partial<AnalysisFact>, seconds: number, outcome: CheckOutcome, streak: number): AnalysisFact => ({
  ...KEY, passed: 0, failed: 0, inconclusive: 0, errors: 0, undecided: 0, ...counts, streak: { outcome, count: streak }, last: { at: formatInstant(T0 + seconds), outcome, reason: 'r', metrics: [] }
})

t.test('counting', async (t) => {
  const before = factOf({ passed: 2, failed: 1 }, 30, 'Passed', 2)
  const rows: Array<{ name: string, last?: AnalysisFact, check: Check, want: AnalysisFact | undefined }> = [
    { name: 'begins at one', check: checkAt(10), want: factOf({ passed: 1 }, 10, 'Passed', 1) },
    { name: 'goes on from the annotation, with the row', last: before, check: checkAt(40), want: factOf({ passed: 3, failed: 1 }, 40, 'Passed', 3) },
    { name: 'another outcome begins a row of its own', last: before, check: checkAt(40, 'Error'), want: factOf({ passed: 2, failed: 1, errors: 1, undecided: 1 }, 40, 'Error', 1) },
    { name: 'Error after Inconclusive goes on with the row of no verdict', last: factOf({ inconclusive: 2, undecided: 2 }, 30, 'Inconclusive', 2), check: checkAt(40, 'Error'), want: factOf({ inconclusive: 2, errors: 1, undecided: 3 }, 40, 'Error', 1) },
    { name: 'Failed and Inconclusive have counters of their own', last: factOf({ failed: 1, inconclusive: 1 }, 30, 'Inconclusive', 1), check: checkAt(40, 'Failed'), want: factOf({ failed: 2, inconclusive: 1 }, 40, 'Failed', 1) },
    { name: 'another step begins anew', last: { ...before, step: 1 }, check: checkAt(40), want: factOf({ passed: 1 }, 40, 'Passed', 1) },
    { name: 'another rollout begins anew', last: { ...before, rollout: 'v9-abc123-2' }, check: checkAt(40), want: factOf({ passed: 1 }, 40, 'Passed', 1) },
    { name: 'a renewed start of the step begins anew', last: { ...before, stepStartedAt: formatInstant(T0 - 5) }, check: checkAt(40), want: factOf({ passed: 1 }, 40, 'Passed', 1) },
    { name: 'one interval has one check', last: before, check: checkAt(39), want: undefined },
    { name: 'the same check delivered twice counts once', last: before, check: checkAt(30), want: undefined },
    { name: 'parts of a second do not count', last: before, check: { ...checkAt(40), at: T0 + 40.9 }, want: factOf({ passed: 3, failed: 1 }, 40, 'Passed', 3) },
    { name: 'a check that began under another step is dropped', last: before, check: checkAt(40, 'Failed', { ...KEY, step: 1 }), want: undefined },
    { name: 'a check from before the step is dropped', check: checkAt(-1), want: undefined }
  ]
  for (const { name, last, check, want } of rows) t.strictSame(countCheck(last, KEY, check, INTERVAL), want, name)
})

t.test('verdicts are the checks that said something', async (t) => {
  const last = factOf({ passed: 3, failed: 2, inconclusive: 7, errors: 9 }, 30, 'Passed', 1)
  t.equal(verdictsOf(last, KEY), 5)
  t.equal(verdictsOf(last, { ...KEY, step: 3 }), 0)
  t.equal(verdictsOf(undefined, KEY), 0)
})

t.test('a fact fits into its annotation', async (t) => {
  const metrics = (length: number, limit: string) => Array.from({ length }, (_, i) => ({ name: `${i}`.padStart(63, 'n'), stable: -0.00012344567, canary: -0.00012355678, limit, requests: 123456.789, outcome: 'Inconclusive' as const, dryRun: true }))
  const longest = '1234567890.1234%, max 1234567890123456789012345678901'
  const rows: Array<{ name: string, reason: string, metrics: AnalysisFact['last']['metrics'], check: (fitted: AnalysisFact) => boolean }> = [
    { name: 'as it is, when it is short', reason: 'X: short', metrics: metrics(1, '5%'), check: ({ last }) => last.reason === 'X: short' && last.metrics[0]?.limit === '5%' },
    { name: 'with its sentence cut, when that is enough', reason: `X: ${'ü"'.repeat(3000)}`, metrics: metrics(3, '5%'), check: ({ last }) => last.reason.startsWith('X: ') && last.reason.endsWith('…') && last.metrics[2]?.limit === '5%' },
    { name: 'with long limits cut, when 16 metrics have the longest of everything', reason: `NotEnoughTraffic: ${'long '.repeat(200)}`, metrics: metrics(16, longest), check: ({ last }) => last.reason === 'NotEnoughTraffic' && last.metrics.length === 16 && last.metrics.every(({ limit }) => limit.length === 20) }
  ]
  for (const { name, reason, metrics, check } of rows) {
    const fact = fitFact({ ...KEY, rollout: `v${'9'.repeat(64)}-abc123-1234567890`, passed: 1000, failed: 1000, inconclusive: 100000, errors: 100000, undecided: 100000, streak: { outcome: 'Inconclusive', count: 100000 }, last: { at: KEY.stepStartedAt, outcome: 'Inconclusive', reason, metrics } })
    const text = formatFact(fact)
    t.ok(text.length <= FACT_LIMIT && check(fact), `${name} (${text.length})`)
    t.strictSame(parseFacts({ [FACTS.analysis]: text }).analysis, fact, 'and reads back as it was')
  }
})
