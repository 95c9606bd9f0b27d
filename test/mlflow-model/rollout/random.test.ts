// What holds in every decision, along random lives of one object: pods come and go, the alias moves, people command and edit.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { RolloutFacts } from '../../../hooks/mlflow-model/rollout/facts.ts'
import { EMPTY_MEMORY, formatMemory, parseMemoryText } from '../../../hooks/mlflow-model/rollout/memory.ts'
import { stepRollout } from '../../../hooks/mlflow-model/rollout/step.ts'
import { judgeStep } from '../../../hooks/mlflow-model/rollout/verdict.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { deepFreeze } from '../../helpers/deep-freeze.ts'
import { at, DOWN, facts, FAILED, PARTIAL, PASSED, V1, V2, V3, type Told } from '../../helpers/rollout.ts'

/** What happens before one decision. Mostly all is well, so that lives get far. */
type Turn = Told & { seconds: number, command?: 'promote' | 'abort' | 'retry' | undefined }

const ERRORS = { errors: 3, streak: { outcome: 'Error' as const, count: 3 } }
const often = <T>(usual: T, ...others: T[]) => fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

const policy = fc.record({
  steps: fc.constantFrom<number[]>([10, 50], [30], [20, 60, 100], []),
  approval: often('Automatic' as const, 'Manual' as const),
  paused: often(false, true),
  newVersion: often('Replace' as const, 'Queue' as const),
  whenPaused: often('Hold' as const, 'Rollback' as const, 'Promote' as const),
  whenAliasMissing: often('Retain' as const, 'Delete' as const)
})

const turn: fc.Arbitrary<Turn> = fc.record({
  seconds: fc.constantFrom(1, 1, 10, 70, 700),
  target: often<NonNullable<Told['target']>>(V2, V1, V3, 'Unknown', 'Missing'),
  checks: fc.constantFrom(PASSED, PASSED, PASSED, FAILED, ERRORS, {}),
  pods: often<NonNullable<Told['pods']>>({}, { 1: DOWN }, { 2: DOWN }, { 2: PARTIAL }, { 1: PARTIAL, 2: DOWN }),
  policy,
  command: often<Turn['command']>(undefined, 'promote', 'abort', 'retry'),
  router: often<NonNullable<Told['router']>>({}, { applied: false }, { transition: '' }, { shares: {} })
})

/** One decision of a life, with what it was told. */
type Decision = { before: Memory, told: RolloutFacts, after: Memory }

/** Decides turn by turn; the first alias is on version 1, and its pods come up. */
function live (turns: Turn[]): Decision[] {
  let [memory, now]: [Memory, number] = [EMPTY_MEMORY, 0]
  return [BIRTH, BIRTH, BIRTH, ...turns].map(({ seconds, command, ...told }) => {
    now += seconds
    const id = memory.rollout?.id ?? memory.failedVersions?.[0]?.rollout
    const router = { transition: at(now - 1), ...told.router }
    const decision = { before: memory, told: facts(memory, { ...told, now, router, commands: command && id ? { [command]: id } : {} }) }
    const after = deepFreeze(stepRollout(decision.before, decision.told))
    memory = after.deleting ? EMPTY_MEMORY : after
    return { ...decision, after }
  })
}

/** What the canary is to have. */
function shareOf ({ traffic }: Memory): number {
  return traffic?.canary ?? 0
}

const BIRTH: Turn = { seconds: 1, target: V1 }

function always (name: string, holds: (decision: Decision) => void): void {
  t.test(name, async () => {
    fc.assert(fc.property(fc.array(turn, { maxLength: 25, size: 'max' }), (turns) => live(turns).forEach(holds)), { numRuns: 150 })
  })
}

always('shares are whole, from 0 to 100, and sum to 100', ({ after: { traffic } }) => {
  if (!traffic) return
  assert.ok([traffic.stable, traffic.canary, traffic.canaryInForce].every((share) => Number.isInteger(share) && share >= 0 && share <= 100))
  assert.equal(traffic.stable + traffic.canary, 100)
})

always('a canary whose checks have failed gets no more traffic, unless somebody asked for it', ({ before, told, after }) => {
  const { rollout } = before
  const asked = rollout?.commanded === true || told.commands.promote !== undefined
  if (!rollout || asked || judgeStep(rollout, told) !== 'Failed') return
  assert.ok(shareOf(after) <= shareOf(before))
})

always('traffic rises by one step, or to 100, and only for a canary that is ready', ({ before, told, after }) => {
  if (!before.stable || shareOf(after) <= shareOf(before)) return
  const next = told.policy.steps.find((weight) => weight > shareOf(before)) ?? 100
  assert.ok([next, 100].includes(shareOf(after)))
  assert.ok(after.canary && told.readiness(after.canary).ready)
})

always('the same arguments give the same answer', ({ before, told, after }) => {
  assert.equal(formatMemory(stepRollout(before, told)), formatMemory(after))
})

always('a change raises the sequence by one, and no change is the very same memory', ({ before, after }) => {
  if (after === before) return
  assert.notEqual(formatMemory({ ...after, sequence: before.sequence }), formatMemory(before))
  if (before.sequence > 0) assert.equal(after.sequence, before.sequence + 1)
})

always('memory fits its schema, and so survives in an annotation', ({ after }) => {
  assert.deepEqual(parseMemoryText(formatMemory(after)), after)
})

always('a version that failed is not tried again without retry', ({ before, told, after }) => {
  if (told.commands.retry !== undefined || before.canary || !after.canary) return
  const { version, createdAt } = after.canary
  assert.ok(!before.failedVersions?.some((failure) => failure.version === version && failure.createdAt === createdAt))
})

always('a version with all traffic does not leave the object', ({ before, after }) => {
  if (after.deleting || before.traffic?.stable !== 100 || !before.stable || before.rollout) return
  const kept = [after.stable, after.previous].some((version) => version?.version === before.stable?.version)
  assert.ok(kept || after.lastOutcome === 'FastRolledBack')
})

t.test('random lives get to where it matters', async (t) => {
  const lives = fc.sample(fc.array(turn, { minLength: 25, maxLength: 25, size: 'max' }), { numRuns: 150, seed: 1 }).flatMap(live)
  const stages = new Set(lives.map(({ after }) => after.rollout?.stage ?? 'none'))
  const outcomes = new Set(lives.map(({ after }) => after.lastOutcome ?? 'none'))
  t.strictSame([...stages].sort(), ['AwaitingApproval', 'Draining', 'Loading', 'Promoting', 'Stepping', 'Unwinding', 'none'])
  t.strictSame([...outcomes].sort(), ['Aborted', 'FastPromoted', 'FastRolledBack', 'Promoted', 'RolledBack', 'Superseded', 'none'])
})
