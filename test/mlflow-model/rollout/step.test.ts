// One decision, from observing to settling: who wins when several causes come at once, and which commands are spent.
import t from 'tap'
import { stepRollout } from '../../../hooks/mlflow-model/rollout/step.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { after, at, changed, DOWN, facts, FAILED, failure, fresh, ID, memory, NOW, P2, PARTIAL, PASSED, T0, V1, V2, V3, withRollout, type Told } from '../../helpers/rollout.ts'

/** At step 1, its weight not in force, its deadline in this very second. */
const between = memory(withRollout('Stepping', { inForce: false, deadline: at(NOW) }))
const unapplied = { router: { applied: false } }

/** In order of precedence. Three speak of the target, and so never come together. */
const causes: Array<{ name: string, told: Told }> = [
  { name: 'deletion', told: { target: 'Missing', policy: { whenAliasMissing: 'Delete' } } },
  { name: 'abort', told: { commands: { abort: ID } } },
  { name: 'target = stable', told: { target: V1 } },
  { name: 'another target', told: { target: V3 } },
  { name: 'canary unavailable', told: { pods: { 2: DOWN } } },
  { name: 'paused', told: { policy: { paused: true } } },
  { name: 'promote', told: { commands: { promote: ID } } },
  { name: 'verdict', told: { checks: FAILED } },
  { name: 'time', told: {} }
]

/** How each cause shows in the answer, what shows most plainly first. */
const SHOWN: Array<[string, (answer: Memory) => boolean]> = [
  ['deletion', ({ deleting }) => deleting === true],
  ['abort', (answer) => failedFor(answer) === 'Aborted'],
  ['verdict', (answer) => failedFor(answer) === 'AnalysisFailed'],
  ['time', (answer) => failedFor(answer) === 'WeightNotApplied'],
  ['target = stable', (answer) => outcomeOf(answer) === 'RolledBack'],
  ['another target', (answer) => outcomeOf(answer) === 'Superseded'],
  ['canary unavailable', ({ rollout }) => rollout?.losses === 1],
  ['promote', ({ rollout }) => rollout?.stage === 'Promoting'],
  ['paused', ({ rollout }) => rollout?.deadlineLeft !== undefined]
]

function causeOf (answer: Memory): string | undefined {
  return SHOWN.find(([, shows]) => shows(answer))?.[0]
}

function failedFor ({ failedVersions }: Memory): string | undefined {
  return failedVersions?.[0]?.reason
}

function outcomeOf ({ rollout, lastOutcome }: Memory): string | undefined {
  return rollout?.outcome ?? lastOutcome
}

function together (a: Told, b: Told): Told {
  return { ...unapplied, ...a, ...b, policy: { ...a.policy, ...b.policy }, commands: { ...a.commands, ...b.commands } }
}

for (const [index, cause] of causes.entries()) {
  t.test(`${cause.name} alone is obeyed`, async (t) => {
    t.equal(causeOf(stepRollout(between, facts(between, together(cause.told, {})))), cause.name)
  })
  for (const weaker of causes.slice(index + 1).filter(({ told }) => !(told.target && cause.told.target))) {
    t.test(`${cause.name} goes before ${weaker.name}`, async (t) => {
      t.equal(causeOf(stepRollout(between, facts(between, together(cause.told, weaker.told)))), cause.name)
    })
  }
}

type Row = { name: string, given: Memory, told?: Told, want?: Memory }
const stepping = memory(withRollout('Stepping'))
const loading = memory(withRollout('Loading'))
const promoting = memory(withRollout('Promoting'))
const unwinding = memory(withRollout('Unwinding'))
const awaiting = memory(withRollout('AwaitingApproval'))
const promote: Told = { commands: { promote: ID } }
const spent = (verb: string, before: Memory = stepping) => ({ lastCommands: { ...before.lastCommands, [verb]: ID } })
const paused = { policy: { paused: true } }
const to100 = (before: Memory) => changed(before, { stage: 'Promoting', raised: true, stepStartedAt: undefined, deadline: at(700) })
const back = (before: Memory, change: Parameters<typeof changed>[1]) => changed(before, { stage: 'Unwinding', stepStartedAt: undefined, deadline: at(700), ...change })

const commands: Row[] = [
  { name: 'promote goes to 100, is told as commanded, and is spent', given: stepping, told: promote, want: after(stepping, { rollout: { ...to100(stepping).rollout, commanded: true } as Memory['rollout'] }, spent('promote'), { traffic: fresh(100, 10) }) },
  { name: 'promote while approval is awaited is the approval, not a shortcut', given: awaiting, told: { ...promote, policy: { approval: 'Manual' } }, want: after(awaiting, to100(awaiting), spent('promote'), { traffic: fresh(100, 50) }) },
  { name: 'promote for a canary that is not ready is kept in the rollout', given: stepping, told: { ...promote, pods: { 2: PARTIAL } }, want: after(stepping, changed(stepping, { commanded: true, deadline: at(700) }), spent('promote')) },
  { name: 'and acts once it is', given: memory(withRollout('Stepping', { commanded: true })), want: after(stepping, { rollout: { ...to100(stepping).rollout, commanded: true } as Memory['rollout'] }, { traffic: fresh(100, 10) }) },
  { name: 'promote on the way to 100 has nothing to act on and is spent', given: promoting, told: { ...promote, ...unapplied }, want: after(promoting, spent('promote')) },
  { name: 'promote in the last moments is spent', given: memory(withRollout('Draining')), told: promote, want: after(memory(withRollout('Draining')), spent('promote')) },
  { name: 'promote on the way back is spent, even while paused', given: unwinding, told: { ...promote, ...paused, ...unapplied }, want: after(unwinding, spent('promote')) },
  { name: 'promote waits while the rollout is paused', given: memory(withRollout('Stepping', { stepStartedAt: undefined })), told: { ...promote, ...paused } },
  { name: 'promote waits while approval is awaited by a canary that is not ready', given: memory(withRollout('AwaitingApproval', { deadline: at(650) })), told: { ...promote, policy: { approval: 'Manual' }, pods: { 2: PARTIAL } } },
  { name: 'promote on the way back lets a ready canary take over from a stable without a pod', given: unwinding, told: { ...promote, ...unapplied, pods: { 1: DOWN } }, want: after(memory({ stable: V2, traffic: fresh(0), lastOutcome: 'FastPromoted' }), spent('promote')) },
  { name: 'promote with another id does nothing', given: stepping, told: { commands: { promote: `${ID}1` } } },
  { name: 'promote that is spent does nothing', given: memory(withRollout('Stepping'), spent('promote')), told: promote },
  { name: 'abort is remembered, and spent', given: stepping, told: { commands: { abort: ID } }, want: after(stepping, back(stepping, { outcome: 'Aborted', reason: 'Aborted' }), spent('abort'), { failedVersions: [failure('Aborted')], traffic: fresh(0, 10) }) },
  { name: 'abort acts while paused', given: stepping, told: { commands: { abort: ID }, ...paused }, want: after(stepping, back(stepping, { outcome: 'Aborted', reason: 'Aborted' }), spent('abort'), { failedVersions: [failure('Aborted')], traffic: fresh(0, 10) }) },
  { name: 'abort acts on a first version that loads, and is spent', given: memory(withRollout('Loading', { weight: 100, progress: '0/1', deadline: at(650) }), { stable: undefined }), told: { commands: { abort: ID }, pods: { 2: DOWN } }, want: after(memory(withRollout('Loading', { weight: 100, progress: '0/1', reason: 'Aborted' }), { stable: undefined }), spent('abort')) },
  { name: 'retry for the rollout under way is spent', given: stepping, told: { commands: { retry: ID } }, want: after(stepping, spent('retry')) },
  { name: 'retry starts the version again in the same sync', given: memory({ failedVersions: [failure('Aborted')] }), told: { commands: { retry: ID }, target: V2, now: 100 }, want: after(memory({ counter: T0 + NOW, canary: V2, rollout: { id: `${P2}-${T0 + NOW}`, stage: 'Loading', step: 0, startedAt: at(100), present: true, raised: false, commanded: false, losses: 0, deadline: at(700) } }), spent('retry')) }
]

const held: Row[] = [
  { name: 'a pause ends measuring, and holds the weight', given: stepping, told: { ...paused, checks: PASSED }, want: after(stepping, changed(stepping, { stepStartedAt: undefined })) },
  { name: 'a pause does not hold 100 that is in force', given: memory(withRollout('Promoting', { inForce: true, deadline: undefined })), told: paused, want: after(memory({ stable: V2, previous: { ...V1, keepUntil: at(700), fastReturn: true }, traffic: { ...promoting.traffic, stable: 100, canary: 0, inForce: true, canaryInForce: 0 } as Memory['traffic'], lastOutcome: 'Promoted' })) },
  { name: 'a pause holds 100 that is not', given: promoting, told: { ...paused, ...unapplied }, want: after(promoting, changed(promoting, { deadline: undefined, deadlineLeft: 550 })) },
  { name: 'a pause does not hold the way back', given: unwinding, told: { ...paused, target: V3 }, want: after(memory({ lastOutcome: 'Aborted', traffic: { ...unwinding.traffic, inForce: true } as Memory['traffic'] })) },
  { name: 'a pause does not hold the last moments of a failed canary', given: memory(withRollout('Draining')), told: { ...paused, now: 120 }, want: after(memory({ lastOutcome: 'Aborted' })) },
  { name: 'a paused canary loads and does not go up', given: loading, told: paused }
]

const queue = { policy: { newVersion: 'Queue' as const } }
const superseded = (before: Memory, canaryInForce: number) => after(before, back(before, { outcome: 'Superseded', reason: 'AliasMovedOn' }), { traffic: fresh(0, canaryInForce) })

const moves: Row[] = [
  { name: 'another target ends the rollout', given: stepping, told: { target: V3 }, want: superseded(stepping, 10) },
  { name: 'queued it waits for this rollout', given: stepping, told: { target: V3, ...queue } },
  { name: 'queued it waits no longer when this one is paused', given: stepping, told: { target: V3, policy: { ...queue.policy, paused: true } }, want: superseded(stepping, 10) },
  { name: 'nor when this one awaits approval', given: awaiting, told: { target: V3, policy: { ...queue.policy, approval: 'Manual' } }, want: superseded(awaiting, 50) },
  { name: 'nor when this one cannot be judged', given: stepping, told: { target: V3, ...queue, checks: { errors: 3, streak: { outcome: 'Error', count: 3 } } }, want: superseded(stepping, 10) },
  { name: 'back on stable is never queued, and no failure', given: stepping, told: { target: V1, ...queue }, want: after(stepping, back(stepping, { outcome: 'RolledBack', reason: 'AliasMovedBack' }), { traffic: fresh(0, 10) }) },
  { name: 'an unknown target leaves the rollout alone', given: stepping, told: { target: 'Unknown' } },
  { name: 'a missing alias that is to be retained does too', given: stepping, told: { target: 'Missing' } },
  { name: 'a missing alias that ends serving marks it', given: memory(), told: { target: 'Missing', policy: { whenAliasMissing: 'Delete' } }, want: after(memory(), { deleting: true }) },
  { name: 'where nothing is served there is nothing to mark', given: { sequence: 40, counter: 30 }, told: { target: 'Missing', policy: { whenAliasMissing: 'Delete' } } },
  { name: 'a mark is not taken back', given: memory({ deleting: true }), told: { target: V1 } },
  { name: 'a canary with a pod down is gone in the sync that turns it back', given: stepping, told: { target: V1, pods: { 2: PARTIAL } }, want: after(memory({ lastOutcome: 'RolledBack', traffic: fresh(0, 10) })) },
  { name: 'a canary lost at weight 0 is no loss', given: loading, told: { pods: { 2: DOWN } }, want: after(loading, changed(loading, { deadline: at(700) })) },
  { name: 'weight 0 in force leads on to the last moments in the same sync', given: unwinding, want: after(unwinding, changed(unwinding, { stage: 'Draining', deadline: at(130) }), { traffic: { ...unwinding.traffic, inForce: true } as Memory['traffic'] }) }
]

for (const { name, given, told, want } of [...commands, ...held, ...moves]) {
  t.test(name, async (t) => {
    const told1 = facts(given, told)
    const answer = stepRollout(given, told1)
    want ? t.strictSame(answer, want) : t.equal(answer, given, 'the very same')
    t.equal(JSON.stringify(stepRollout(given, told1)), JSON.stringify(answer), 'and the same again')
  })
}

t.test('the sequence of a new object begins with the time', async (t) => {
  const empty = { sequence: 0, counter: 0 }
  const told = facts(empty, { target: V1, router: { shares: undefined } })
  t.equal(stepRollout(empty, told).sequence, told.now)
})
