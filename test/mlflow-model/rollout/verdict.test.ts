// What the checks of a step say. Limits here: 3 passes complete a step, 1 failure, 4 inconclusive checks and 2 errors in a row are tolerated.
import t from 'tap'
import type { AnalysisFact, CheckOutcome } from '../../../hooks/core/facts.ts'
import { currentAnalysis, describeMetrics, judgeStep, type Verdict } from '../../../hooks/mlflow-model/rollout/verdict.ts'
import type { Memory, Rollout } from '../../../hooks/mlflow-model/schema/status.ts'
import { at, checks, facts, memory, withRollout } from '../../helpers/rollout.ts'

const stepping = memory(withRollout('Stepping'))
const awaiting = memory(withRollout('AwaitingApproval'))
const rolloutOf = (given: Memory) => given.rollout as Rollout
const streak = (outcome: CheckOutcome, count: number) => ({ streak: { outcome, count }, last: { at: at(90), outcome, reason: '', metrics: [] } })
const permanent = (reason: string) => ({ streak: { outcome: 'Error' as const, count: 1 }, last: { at: at(90), outcome: 'Error' as const, reason, metrics: [] } })

const verdicts: Array<{ name: string, given?: Memory, checks?: Partial<AnalysisFact>, want: Verdict }> = [
  { name: 'without checks nothing is said', want: 'Pending' },
  { name: 'too few passes are not enough', checks: { passed: 2 }, want: 'Pending' },
  { name: 'as many passes as are asked for complete a step', checks: { passed: 3 }, want: 'Passed' },
  { name: 'more do too', checks: { passed: 4 }, want: 'Passed' },
  { name: 'as many failures as are tolerated are', checks: { failed: 1, ...streak('Failed', 1) }, want: 'Pending' },
  { name: 'the next one fails', checks: { failed: 2, ...streak('Failed', 2) }, want: 'Failed' },
  { name: 'failures add up over the step, whatever comes in between', checks: { passed: 2, failed: 2, ...streak('Passed', 1) }, want: 'Failed' },
  { name: 'a failure too many outweighs all passes', checks: { passed: 9, failed: 2, ...streak('Passed', 9) }, want: 'Failed' },
  { name: 'errors up to the limit are waited for', checks: { errors: 2, ...streak('Error', 2) }, want: 'Pending' },
  { name: 'one more is a pause', checks: { errors: 3, ...streak('Error', 3) }, want: 'MetricsUnavailable' },
  { name: 'errors that do not come in a row are none', checks: { passed: 1, errors: 9, ...streak('Passed', 1) }, want: 'Pending' },
  { name: 'inconclusive checks up to the limit are waited for', checks: { inconclusive: 4, ...streak('Inconclusive', 4) }, want: 'Pending' },
  { name: 'one more inconclusive check is a pause', checks: { inconclusive: 5, ...streak('Inconclusive', 5) }, want: 'NotEnoughTraffic' },
  { name: 'inconclusive checks that do not come in a row are none', checks: { passed: 1, inconclusive: 9, ...streak('Passed', 1) }, want: 'Pending' },
  { name: 'a pause outweighs passes', checks: { passed: 3, errors: 3, ...streak('Error', 3) }, want: 'MetricsUnavailable' },
  { name: 'a failure outweighs a pause', checks: { failed: 2, errors: 3, ...streak('Error', 3) }, want: 'Failed' },
  { name: 'errors and inconclusive checks by turns up to the larger limit are waited for', checks: { undecided: 4, ...streak('Error', 1) }, want: 'Pending' },
  { name: 'one more by turns is a pause, called after the last', checks: { undecided: 5, ...streak('Error', 1) }, want: 'MetricsUnavailable' },
  { name: 'or after the other one', checks: { undecided: 5, ...streak('Inconclusive', 1) }, want: 'NotEnoughTraffic' },
  { name: 'an error that lasts until somebody mends it is a pause at once', checks: { errors: 1, ...permanent('QueryInvalid: parse error') }, want: 'MetricsUnavailable' },
  { name: 'its name alone is enough', checks: { errors: 1, ...permanent('ProviderUnknown') }, want: 'MetricsUnavailable' },
  { name: 'a name that only begins like one is not', checks: { errors: 1, ...permanent('QueryInvalidated: x') }, want: 'Pending' },
  { name: 'while approval is awaited failures must come in a row', given: awaiting, checks: { failed: 9, ...streak('Failed', 1) }, want: 'Pending' },
  { name: 'in a row they fail then too', given: awaiting, checks: { failed: 2, ...streak('Failed', 2) }, want: 'Failed' },
  { name: 'a failure some time ago does not fail then', given: awaiting, checks: { passed: 3, failed: 9, ...streak('Passed', 3) }, want: 'Passed' }
]

for (const { name, given = stepping, checks, want } of verdicts) {
  t.test(name, async (t) => {
    t.equal(judgeStep(rolloutOf(given), facts(given, checks ? { checks } : {})), want)
  })
}

const arrivals: Array<{ name: string, given?: Memory, checks: Partial<AnalysisFact>, counts: boolean }> = [
  { name: 'checks of this rollout, step and start count', checks: {}, counts: true },
  { name: 'checks of another rollout do not', checks: { rollout: 'v2-yhslc0-29' }, counts: false },
  { name: 'checks of the step before do not', checks: { step: 0 }, counts: false },
  { name: 'checks from before the pause do not', checks: { stepStartedAt: at(59) }, counts: false },
  { name: 'without a start none count', given: memory(withRollout('Stepping', { stepStartedAt: undefined })), checks: {}, counts: false }
]

for (const { name, given = stepping, checks: change, counts } of arrivals) {
  t.test(name, async (t) => {
    const arrived = { ...checks(given.rollout), passed: 3, ...change }
    t.equal(currentAnalysis(given.rollout, arrived), counts ? arrived : undefined)
    t.equal(judgeStep(rolloutOf(given), facts(given, { checks: arrived })), counts ? 'Passed' : 'Pending')
  })
}

t.test('without a rollout, or a fact, there are no checks', async (t) => {
  t.equal(currentAnalysis(undefined, checks(undefined)), undefined)
  t.equal(currentAnalysis(stepping.rollout, undefined), undefined)
})

const p95 = { name: 'latency-p95', stable: 0.15, canary: 0.239, limit: '+5%', requests: 300, outcome: 'Failed' as const }
const mean = { name: 'latency-mean', stable: 0.1, canary: 0.096, limit: '+5%', requests: 300, outcome: 'Passed' as const }
const inWords = { p95: 'latency-p95 239 ms against 150 ms of stable (limit +5%)', mean: 'latency-mean 96 ms against 100 ms of stable (limit +5%)' }

const sentences: Array<{ name: string, metrics: AnalysisFact['last']['metrics'], want: string }> = [
  { name: 'of a failed check only the metrics that failed are told', metrics: [mean, p95], want: inWords.p95 },
  { name: 'where none failed all are told', metrics: [mean, { ...p95, outcome: 'Inconclusive' }], want: `${inWords.mean}, ${inWords.p95}` },
  { name: 'a dry run has not failed anything', metrics: [{ ...mean, outcome: 'Failed', dryRun: true }, p95], want: inWords.p95 },
  { name: 'no metrics are no words', metrics: [], want: '' },
  { name: 'many words are cut', metrics: Array(20).fill(p95), want: `${inWords.p95}, `.repeat(20).slice(0, 300) }
]

for (const { name, metrics, want } of sentences) {
  t.test(name, async (t) => {
    t.equal(describeMetrics(rolloutOf(stepping), facts(stepping, { checks: { last: { at: at(90), outcome: 'Failed', reason: '', metrics } } })), want)
  })
}

t.test('checks of another step have no words', async (t) => {
  t.equal(describeMetrics(rolloutOf(stepping), facts(stepping, { checks: { step: 7, last: { at: at(90), outcome: 'Failed', reason: '', metrics: [p95] } } })), '')
})
