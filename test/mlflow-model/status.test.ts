// The status: the mirror of the memory, and what people read.
import t from 'tap'
import type { Summary } from '../../hooks/mlflow-model/phase.ts'
import type { Memory, Status } from '../../hooks/mlflow-model/schema/status.ts'
import { computeStatus } from '../../hooks/mlflow-model/status.ts'
import { at, DOWN, facts, failure, memory, PARTIAL, T0, V1, V2, V3, withRollout, type Told } from '../helpers/rollout.ts'

const summary: Summary = { phase: 'Healthy', reason: 'Serving' }
const url = '/seldon/models/churn'
const good = { phase: 'Healthy', reason: 'Serving', url } as const
const serving = { stable: { ...V1, ready: true }, currentModelVersion: '1' }
const trying = { ...serving, canary: { ...V2, ready: true }, canaryModelVersion: '2' }
const nothing: Memory = { sequence: 40, counter: 30 }
const stepping = memory(withRollout('Stepping'))
const warm = { previous: { ...V3, keepUntil: at(400), fastReturn: true } }

const rows: Array<{ name: string, given: Memory, told?: Told, want: Status }> = [
  { name: 'where nothing is served there is no URL', given: nothing, want: { ...nothing, phase: 'Healthy', reason: 'Serving' } },
  { name: 'the stable version is told with its number', given: memory(), want: { ...memory(), ...good, ...serving } },
  { name: 'a version with a pod down is not ready', given: memory(), told: { pods: { 1: PARTIAL } }, want: { ...memory(), ...good, ...serving, stable: { ...V1, ready: false } } },
  { name: 'the previous version is told, and when it leaves', given: memory(warm), want: { ...memory(), ...good, ...serving, previous: { ...warm.previous, ready: true }, previousModelVersion: '3', nextDeadline: at(400) } },
  { name: 'a canary is told with weight and step', given: stepping, want: { ...stepping, ...good, ...trying, weight: 10, step: '1/2' } },
  { name: 'the weight is the one that is in force', given: memory(withRollout('Stepping', { inForce: false, deadline: at(650) })), want: { ...memory(withRollout('Stepping', { inForce: false, deadline: at(650) })), ...good, ...trying, weight: 0, step: '1/2', nextDeadline: at(110) } },
  { name: 'a final 100 is not counted as a step', given: stepping, told: { policy: { steps: [10, 100] } }, want: { ...stepping, ...good, ...trying, weight: 10, step: '1/1' } },
  { name: 'a rollout without traffic in memory has weight 0', given: memory(stepping, { traffic: undefined }), want: { ...memory(stepping, { traffic: undefined }), ...good, ...trying, weight: 0, step: '1/2' } },
  { name: 'a first version has neither weight nor step', given: memory(withRollout('Loading', { weight: 100 }), { stable: undefined }), told: { pods: { 2: DOWN } }, want: { ...memory(withRollout('Loading', { weight: 100 }), { stable: undefined }), ...good, canary: { ...V2, ready: false }, canaryModelVersion: '2' } },
  { name: 'what memory knows beside the versions is mirrored', given: memory({ failedVersions: [failure('Aborted')], lastOutcome: 'Aborted', lastCommands: { abort: 'x' }, deleting: true }), want: { ...memory({ failedVersions: [failure('Aborted')], lastOutcome: 'Aborted', lastCommands: { abort: 'x' }, deleting: true }), ...good, ...serving } }
]

for (const { name, given, told, want } of rows) {
  t.test(name, async (t) => {
    t.strictSame(computeStatus(given, facts(given, told), { summary, url }), want)
  })
}

t.test('a long error is cut to what the schema holds', async (t) => {
  const given = memory()
  t.strictSame(computeStatus(given, facts(given), { summary: { phase: 'Degraded', reason: 'BackendFailed', error: 'x'.repeat(2000) }, url }), { ...given, ...good, ...serving, phase: 'Degraded', reason: 'BackendFailed', error: 'x'.repeat(1024) })
})

t.test('a decision that waits is a deadline too, and the first one counts', async (t) => {
  const until = (given: Memory, heldUntil: number) => computeStatus(given, facts(given), { summary, url, heldUntil: T0 + heldUntil }).nextDeadline
  t.equal(until(memory(), 160), at(160))
  t.equal(until(memory(warm), 160), at(160))
  t.equal(until(memory(warm), 500), at(400))
})
