// Facts and commands in annotations: what one side formats the other parses, and what cannot be parsed was never written.
import t from 'tap'
import { FACT_LIMIT, factInstants, formatFact, parseCommands, parseFacts, type AnalysisFact, type PodsFact, type RegistryFact } from '../../hooks/core/facts.ts'
import { formatInstant } from '../../hooks/core/time.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'

const registry: RegistryFact = deepFreeze({ server: 'default', workspace: '', model: 'churn', alias: 'champion', state: 'Found', version: '7', createdAt: '2026-01-05T10:00:00.123Z', uri: 's3://models/7', observedAt: '2026-01-05T10:05:00Z' })
const analysis: AnalysisFact = deepFreeze({
  rollout: 'v7-0zosjf-1',
  step: 2,
  stepStartedAt: '2026-01-05T10:10:00Z',
  passed: 3,
  failed: 0,
  inconclusive: 1,
  errors: 0,
  streak: { outcome: 'Passed', count: 2 },
  last: { at: '2026-01-05T10:12:00Z', outcome: 'Passed', reason: '', metrics: [{ name: 'latency-p95', stable: 0.1234567, canary: null, limit: '+5%', requests: 1234567, outcome: 'Passed' }] }
})
const pods: PodsFact = deepFreeze([{ owner: 'Job/a', uid: 'u', reason: 'OOMKilled', exitCode: 137 }])

t.test('facts are read back as they were written, with numbers of four digits', async (t) => {
  const annotations = {
    'sluice.dev/registry': formatFact(registry),
    'sluice.dev/analysis': formatFact(analysis),
    'sluice.dev/pods': formatFact(pods),
    'sluice.dev/references': formatFact({ 'Secret/a': '5' }),
    'sluice.dev/clock': '2026-01-05T10:20:00Z'
  }
  const [metric] = analysis.last.metrics
  t.strictSame(parseFacts(annotations), {
    registry,
    analysis: { ...analysis, last: { ...analysis.last, metrics: [{ ...metric, stable: 0.1235, requests: 1234567 }] } },
    pods,
    references: { 'Secret/a': '5' },
    clock: 1767608400
  })
})

t.test('the instants of all facts are told', async (t) => {
  const instants = factInstants({ registry, analysis, clock: 1767608400 })
  t.strictSame(instants.map((seconds) => formatInstant(seconds ?? 0)), ['2026-01-05T10:20:00Z', '2026-01-05T10:05:00Z', '2026-01-05T10:12:00Z'])
  t.strictSame(factInstants({}), [undefined, undefined, undefined])
})

const unreadable: Array<{ name: string, annotations: Record<string, string> | undefined }> = [
  { name: 'no annotations', annotations: undefined },
  { name: 'nothing of ours', annotations: { a: 'b' } },
  { name: 'no JSON', annotations: { 'sluice.dev/registry': '{', 'sluice.dev/analysis': 'x', 'sluice.dev/clock': 'soon' } },
  { name: 'another shape', annotations: { 'sluice.dev/registry': '{}', 'sluice.dev/analysis': '[]', 'sluice.dev/pods': '{}', 'sluice.dev/references': '{"a":1}' } },
  { name: 'an unknown state', annotations: { 'sluice.dev/registry': JSON.stringify({ ...registry, state: 'Gone' }) } },
  { name: 'counters below zero', annotations: { 'sluice.dev/analysis': JSON.stringify({ ...analysis, failed: -1 }) } },
  { name: 'null', annotations: { 'sluice.dev/registry': 'null' } },
  { name: 'too many pods', annotations: { 'sluice.dev/pods': JSON.stringify(Array(6).fill(pods[0])) } }
]

for (const { name, annotations } of unreadable) {
  t.test(`no fact: ${name}`, async (t) => {
    t.strictSame(parseFacts(annotations), {})
  })
}

t.test('a fact beyond the limit is not written', async (t) => {
  const long = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`Secret/${'x'.repeat(20)}${index}`, '1']))
  t.throws(() => formatFact(long), { name: 'RangeError', message: new RegExp(`over the limit of ${FACT_LIMIT}`) })
})

t.test('commands are read, empty ones are none', async (t) => {
  t.strictSame(parseCommands({ 'sluice.dev/promote': 'r1', 'sluice.dev/abort': '', 'sluice.dev/retry': 'r2', other: 'x' }), { promote: 'r1', retry: 'r2' })
  t.strictSame(parseCommands(undefined), {})
})
