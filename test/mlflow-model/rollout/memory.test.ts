// The rollout's memory: how it travels as text, and its smallest changes.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { defined, withoutEmpty } from '../../../hooks/core/plain-value.ts'
import {
  ALL_STABLE, clearedMemory, EMPTY_MEMORY, findFailure, formatMemory, freshTraffic, nextSequence, parseMemory, parseMemoryText,
  wantedShares, withFailure, withoutFailure, withRollout as changeRollout, withTraffic
} from '../../../hooks/mlflow-model/rollout/memory.ts'
import { OUTCOMES, STAGES, type Memory, type Rollout } from '../../../hooks/mlflow-model/schema/status.ts'
import { at, changed, facts, failure, fresh, ID, memory, P1, P2, SETTLED, T0, V1, V2, V3, withRollout } from '../../helpers/rollout.ts'

const text = (maxLength: number) => fc.string({ maxLength })
const instant = fc.integer({ min: 0, max: 4e9 }).map((seconds) => new Date(seconds * 1000).toISOString())
const percent = fc.integer({ min: 0, max: 100 })
const identity = { version: fc.string({ minLength: 1, maxLength: 64 }), createdAt: instant }
const optional = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, requiredKeys: Array<keyof T>) => fc.record(model, { requiredKeys, noNullPrototype: true })
const version = optional({ ...identity, uri: fc.string({ minLength: 1, maxLength: 100 }) }, ['version', 'createdAt', 'uri'])

const rollout = optional({
  id: text(128), stage: fc.constantFrom(...STAGES), step: fc.nat(100), startedAt: instant, stepStartedAt: instant, trafficSince: instant, present: fc.boolean(), raised: fc.boolean(),
  commanded: fc.boolean(), losses: fc.nat(), progress: text(64), deadline: instant, deadlineLeft: fc.nat(), outcome: fc.constantFrom(...OUTCOMES), reason: text(64)
}, ['id', 'stage', 'step', 'startedAt', 'present', 'raised', 'commanded', 'losses'])

const memories = optional({
  sequence: fc.nat(),
  counter: fc.nat(),
  stable: version,
  canary: version,
  previous: optional({ ...identity, uri: fc.string({ minLength: 1, maxLength: 100 }), keepUntil: instant, fastReturn: fc.boolean() }, ['version', 'createdAt', 'uri', 'keepUntil', 'fastReturn']),
  rollout,
  traffic: fc.record({ stable: percent, canary: percent, writtenAt: instant, routerTransition: text(128), inForce: fc.boolean(), canaryInForce: percent }, { noNullPrototype: true }),
  failedVersions: fc.array(optional({ ...identity, rollout: text(128), at: instant, reason: text(64), metrics: text(300) }, ['version', 'createdAt', 'rollout', 'at', 'reason']), { maxLength: 10 }),
  lastOutcome: fc.constantFrom(...OUTCOMES),
  lastCommands: fc.record({ promote: text(64), abort: text(64), retry: text(64) }, { requiredKeys: [], noNullPrototype: true }),
  deleting: fc.boolean()
}, ['sequence', 'counter'])

/** A rollout is of a canary, the shares are of those that are there and sum to 100, and what is empty is left out. */
function coherent (given: Partial<Memory>): Memory {
  const { canary, rollout, traffic, ...rest } = given
  const under = canary && rollout ? { canary, rollout } : {}
  const share = shareOf(given)
  const shares = { writtenAt: at(0), routerTransition: '', inForce: false, canaryInForce: 0, ...traffic, canary: share, stable: 100 - share }
  return withoutEmpty({ ...rest, ...under, ...((traffic || share > 0) && { traffic: shares }) }) as Memory
}

function shareOf ({ stable, canary, rollout, traffic }: Partial<Memory>): number {
  if (!canary || !rollout?.present) return 0
  if (!stable) return 100
  const weights: Partial<Record<Rollout['stage'], number>> = { Loading: 0, Promoting: 100, Unwinding: 0, Draining: 0 }
  return weights[rollout.stage] ?? traffic?.canary ?? 0
}

/** Of a canary alone, at weight 0, nothing would serve. */
const isServing = ({ stable, previous, rollout }: Memory) => stable !== undefined ? rollout?.stage !== 'Promoting' || rollout.present : rollout === undefined ? previous === undefined : rollout.present

t.test('memory comes back from its text as it was', async () => {
  fc.assert(fc.property(memories.map((given) => coherent(given as Partial<Memory>)).filter(isServing), (given) => assert.deepEqual(parseMemoryText(formatMemory(given as Memory)), given)), { numRuns: 300 })
})

t.test('no text makes reading it fail', async () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (given) => { parseMemoryText(given) }), { numRuns: 500 })
})

const stepping = memory(withRollout('Stepping'))
const asText = formatMemory(stepping)

t.test('memory of one meaning is one text, in whatever order it was put together', async (t) => {
  const backwards = (value: unknown): unknown => value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value).toReversed().map(([key, field]) => [key, backwards(field)])) : value
  t.equal(formatMemory(backwards(stepping) as Memory), asText)
})

const corrupt: Array<{ name: string, given: unknown }> = [
  { name: 'nothing', given: undefined },
  { name: 'empty text', given: '' },
  { name: 'half a text', given: asText.slice(0, -1) },
  { name: 'null', given: 'null' },
  { name: 'a text longer than all annotations of an object may be', given: `${asText}${' '.repeat(256 * 1024)}` },
  { name: 'a rollout without a canary', given: formatMemory({ ...stepping, canary: undefined } as unknown as Memory) },
  { name: 'a canary without a rollout', given: formatMemory({ ...stepping, rollout: undefined } as unknown as Memory) },
  { name: 'shares that do not sum to 100', given: formatMemory({ ...stepping, traffic: { ...SETTLED, stable: 80 } }) },
  { name: 'a share for a canary that is not there', given: formatMemory({ ...stepping, rollout: { ...stepping.rollout as Rollout, present: false } }) },
  { name: 'a version without a URI', given: formatMemory({ ...stepping, canary: { ...V2, uri: '' } }) },
  { name: 'a promotion that has not all traffic', given: formatMemory(memory(withRollout('Promoting', { weight: 60 }))) },
  { name: 'a way back with traffic', given: formatMemory(memory(withRollout('Unwinding', { weight: 60 }))) },
  { name: 'a first version that is not there', given: formatMemory(memory(withRollout('Loading', { present: false }), { stable: undefined })) },
  { name: 'one version in two places', given: formatMemory({ ...stepping, canary: V1 }) },
  { name: 'even where it is not yet there', given: formatMemory(memory(withRollout('Loading', { present: false }), { canary: V1 })) },
  { name: 'a sequence that cannot be counted on', given: formatMemory({ ...stepping, sequence: Number.MAX_SAFE_INTEGER }) },
  { name: 'a step that no rollout has', given: formatMemory({ ...stepping, rollout: { ...stepping.rollout as Rollout, step: 101 } }) },
  { name: 'a number that cannot be sent', given: formatMemory({ ...stepping, rollout: { ...stepping.rollout as Rollout, losses: 1e308 } }) },
  { name: 'a number', given: '7' },
  { name: 'a list', given: '[]' },
  { name: 'an empty object', given: '{}' },
  { name: 'a memory without counter', given: '{"sequence":1}' },
  { name: 'a negative sequence', given: '{"sequence":-1,"counter":1}' },
  { name: 'a broken sequence', given: '{"sequence":1.5,"counter":1}' },
  { name: 'a number in words', given: '{"sequence":"1","counter":1}' },
  { name: 'a stage that does not exist', given: asText.replace('"Stepping"', '"Waiting"') },
  { name: 'a share over 100', given: asText.replace('"stable":90', '"stable":101') },
  { name: 'a time that is none', given: asText.replace(at(1), 'yesterday') },
  { name: 'a version without URI', given: asText.replace('"uri":"s3://models/2",', '') },
  { name: 'more failures than are kept', given: JSON.stringify({ ...stepping, failedVersions: Array(11).fill(failure('Aborted')) }) }
]

for (const { name, given } of corrupt) {
  t.test(`${name} is no memory`, async (t) => {
    if (typeof given === 'string' && name !== 'empty text') t.not(given, asText)
    t.equal(parseMemoryText(given as string | undefined), undefined)
  })
}

t.test('fields that memory does not know are left behind, and what was read is not changed', async (t) => {
  const given = Object.freeze({ ...stepping, phase: 'Progressing' })
  t.strictSame(parseMemory(given), stepping)
  t.strictSame([parseMemory(null), parseMemory('text'), parseMemory(undefined)], [undefined, undefined, undefined])
})

const warm = { ...V3, keepUntil: at(500), fastReturn: true }
const shares: Array<{ name: string, given: Memory, want: Record<string, number> }> = [
  { name: 'nothing is served without versions', given: EMPTY_MEMORY, want: {} },
  { name: 'stable alone has everything', given: memory(), want: { [P1]: 100 } },
  { name: 'stable has everything while nothing is known of traffic', given: memory({ traffic: undefined }), want: { [P1]: 100 } },
  { name: 'a canary has its share', given: stepping, want: { [P1]: 90, [P2]: 10 } },
  { name: 'a canary that is not in the object has no share', given: memory(withRollout('Loading', { present: false })), want: { [P1]: 100 } },
  { name: 'the previous version has none, and stands in the object', given: memory({ previous: warm }), want: { [P1]: 100, 'v3-zx8g00': 0 } },
  { name: 'the first version has everything', given: memory(withRollout('Loading', { weight: 100 }), { stable: undefined }), want: { [P2]: 100 } }
]

for (const { name, given, want } of shares) {
  t.test(name, async (t) => {
    t.strictSame(wantedShares(given), want)
    t.strictSame(Object.keys(wantedShares(given)), Object.keys(want), 'in this order')
  })
}

t.test('the same shares are not wanted anew', async (t) => {
  t.equal(withTraffic(stepping, facts(stepping), { stable: 90, canary: 10 }), stepping)
})

t.test('other shares are wanted from now on, are not in force, and note what the router says', async (t) => {
  t.strictSame(withTraffic(stepping, facts(stepping), { stable: 50, canary: 50 }), { ...stepping, traffic: fresh(50, 10) })
  t.strictSame(freshTraffic(ALL_STABLE, facts(stepping, { router: { transition: 'x' } })), { ...fresh(0), routerTransition: 'x' })
  const without = memory({ traffic: undefined })
  t.strictSame(withTraffic(without, facts(without), ALL_STABLE), { ...without, traffic: fresh(0) })
})

t.test('a rollout is changed field by field, and undefined takes one out', async (t) => {
  t.strictSame(changeRollout(stepping, { step: 2, stepStartedAt: undefined }), { ...stepping, ...changed(stepping, { step: 2, stepStartedAt: undefined }) })
  const idle = memory()
  t.equal(changeRollout(idle, { step: 2 }), idle)
  t.strictSame(defined({ a: undefined, b: null, c: 0 }), { b: null, c: 0 })
})

const failureOf = (version: typeof V1, reason = 'Aborted') => ({ ...failure(reason), version: version.version, createdAt: version.createdAt })

t.test('a failure is remembered once a version, newest first', async (t) => {
  const twice = withFailure(withFailure(memory(), failureOf(V2)), failureOf(V3))
  t.strictSame(twice.failedVersions, [failureOf(V3), failureOf(V2)])
  t.strictSame(withFailure(twice, failureOf(V2, 'AnalysisFailed')).failedVersions, [failureOf(V2, 'AnalysisFailed'), failureOf(V3)])
})

t.test('the oldest of eleven failures is forgotten', async (t) => {
  const nth = (n: number) => ({ ...failureOf(V2), version: String(n) })
  const full = Array.from({ length: 11 }, (_, n) => nth(n)).reduce(withFailure, memory())
  t.strictSame(full.failedVersions?.map(({ version }) => version), ['10', '9', '8', '7', '6', '5', '4', '3', '2', '1'])
})

t.test('another life of a number has not failed', async (t) => {
  const given = memory({ failedVersions: [failureOf(V2)] })
  t.strictSame(findFailure(given, V2), failureOf(V2))
  t.equal(findFailure(given, { ...V2, createdAt: '2026-11-09T00:00:00Z' }), undefined)
  t.strictSame(findFailure(given, { ...V2, createdAt: '2026-11-02T01:00:00+01:00' }), failureOf(V2), 'however the instant is written')
  t.equal(findFailure(given, undefined), undefined)
  t.equal(findFailure(memory(), V2), undefined)
})

t.test('a forgotten failure leaves no empty list', async (t) => {
  t.strictSame(withoutFailure(memory({ failedVersions: [failureOf(V2)] }), V2), memory())
  t.strictSame(withoutFailure(memory({ failedVersions: [failureOf(V2), failureOf(V3)] }), V2), memory({ failedVersions: [failureOf(V3)] }))
  t.strictSame(withoutFailure(memory(), V2), memory())
})

t.test('the sequence of a new memory begins with the time, and then counts', async (t) => {
  t.equal(nextSequence(EMPTY_MEMORY, { now: T0 }), T0)
  t.equal(nextSequence(EMPTY_MEMORY, { now: 0 }), 1)
  t.equal(nextSequence(memory(), { now: T0 }), 41)
})

t.test('when nothing is served any more failures, counter and spent commands stay', async (t) => {
  const kept = { failedVersions: [failureOf(V2)], lastCommands: { abort: ID } }
  t.strictSame(clearedMemory(memory(withRollout('Draining'), kept, { previous: warm, deleting: true, lastOutcome: 'Aborted' })), { sequence: 41, counter: 30, ...kept })
  t.strictSame(clearedMemory(memory({ traffic: SETTLED })), { sequence: 41, counter: 30 })
})

t.test('a canary that is not there yet, and could never be loaded, is no memory', async (t) => {
  const waiting = { ...stepping, rollout: { ...stepping.rollout, stage: 'Loading', step: 0, present: false, raised: false }, traffic: { ...stepping.traffic, ...ALL_STABLE, canaryInForce: 0 } }
  t.ok(parseMemory(waiting))
  t.equal(parseMemory({ ...waiting, canary: { ...stepping.canary, uri: '' } }), undefined)
})
