// Traces that broke an earlier design of the rollout. Each is played in the world with its invariants checked at every pass.
// 1a is version 1 in its first life, 1b version 1 of the model created anew; a/b are the shares of stable and canary.
import t from 'tap'
import { makePlay, promotedPlay, rollingPlay, servingPlay } from '../helpers/rollout-world/play.ts'
import { VERSIONS } from '../helpers/rollout-world/state.ts'
import { parseInstant } from '../../hooks/core/time.ts'

const HALF = { rollout: { steps: [50] } }

t.test('1: no weight is raised into the second of a flip, so that the next flip can be told from it', async (t) => {
  const play = servingPlay()
  play.run({ do: 'alias', version: '2a' }, { do: 'poll' }, { do: 'settle' }, { do: 'seldon' }, { do: 'pods' }, { do: 'seldon' }, { do: 'seldon' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
  play.run({ do: 'wait', seconds: 1 }, { do: 'clock' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 80, '2a': 20 })
  play.run({ do: 'seldon' }, { do: 'seldon' }, { do: 'settle' })
  t.equal(play.memory().traffic?.inForce, true)
})

t.test('1: a flip within the second of the write counts by the 60 s deadline', async (t) => {
  const play = rollingPlay(20, { inForce: false })
  play.run({ do: 'wait', seconds: 3 }, { do: 'alias', version: '1a' }, { do: 'edit-weights', first: 81 }, { do: 'settle' }, { do: 'seldon' }, { do: 'seldon' })
  play.run({ do: 'poll' }, { do: 'settle' }, { do: 'seldon' }, { do: 'seldon' }, { do: 'settle' })
  t.equal(play.stage(), 'Unwinding')
  t.same(play.routed(), { '1a': 100, '2a': 0 })
  t.equal(play.memory().traffic?.inForce, false, 'False and True again in the second of the write prove nothing')
  play.run({ do: 'wait', seconds: 59 }, { do: 'clock' }, { do: 'settle' })
  t.equal(play.stage(), 'Unwinding')
  play.run({ do: 'wait', seconds: 1 }, { do: 'clock' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 100 }, 'in force, so the way back goes on')
})

t.test('1: a flip that is lost with the conflicting status write of Seldon counts by the 60 s deadline', async (t) => {
  const play = rollingPlay(20, { inForce: false })
  // The round that wrote 20 also let Seldon apply it once; start from the next weight to lose the whole flip.
  play.until(() => play.wanted()['2a'] === 20 && play.memory().traffic?.inForce === true)
  play.run({ do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Passed' }, { do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Passed' }, { do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Passed' })
  play.run({ do: 'settle' })
  t.same(play.wanted(), { '1a': 40, '2a': 60 })
  play.run({ do: 'wait', seconds: 3 }, { do: 'seldon', loseStatus: true }, { do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'sync' })
  t.same(play.routed(), { '1a': 40, '2a': 60 })
  t.equal(play.memory().traffic?.inForce, false)
  play.run({ do: 'wait', seconds: 60 }, { do: 'clock' }, { do: 'sync' })
  t.equal(play.memory().traffic?.inForce, true)
})

t.test('2: a flip that came before the write that landed does not put its weights in force', async (t) => {
  const play = servingPlay()
  play.run({ do: 'alias', version: '2a' }, { do: 'poll' }, { do: 'settle' }, { do: 'seldon' }, { do: 'pods' })
  play.run({ do: 'wait', seconds: 5 }, { do: 'seldon' }, { do: 'wait', seconds: 5 }, { do: 'seldon' })
  const conflicting = play.run({ do: 'sync', childAge: 1 })
  t.equal(conflicting?.childWrite, 'conflict')
  play.run({ do: 'wait', seconds: 1 }, { do: 'clock' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 80, '2a': 20 })
  t.equal(play.memory().traffic?.inForce, false, 'the flip to True came before the write')
  play.run({ do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'sync' })
  t.equal(play.memory().traffic?.inForce, true)
})

t.test('3: a canary that died at 50/50 is not added again before 100 for stable is in force, nor is a third version', async (t) => {
  for (const then of ['2a', '3a'] as const) {
    const play = rollingPlay(50, { spec: HALF })
    play.run({ do: 'kill', version: '2a' }, { do: 'seldon' }, { do: 'settle' })
    t.same(play.wanted(), { '1a': 100 }, 'removed in the sync that sees it')
    play.run({ do: 'alias', version: then }, { do: 'poll' }, { do: 'settle' })
    t.same(play.wanted(), { '1a': 100 }, 'nothing is added while 100 is not in force')
    play.run({ do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'settle' })
    t.same(play.wanted(), { '1a': 100, [then]: 0 })
    play.calm()
    t.equal(play.stable(), then)
  }
})

t.test('4: a promoted version whose pods died leaves in the sync that gives the previous one everything', async (t) => {
  const play = promotedPlay()
  play.run({ do: 'kill', version: '2a' }, { do: 'break', version: '2a' }, { do: 'seldon' }, { do: 'sync' }, { do: 'alias', version: '1a' }, { do: 'poll' }, { do: 'sync' })
  t.same(play.wanted(), { '1a': 100 })
  t.equal(play.stable(), '1a')
  play.run({ do: 'seldon' })
  t.same(play.routed(), { '1a': 100 })
  play.calm()
  t.match(play.status(), { phase: 'Healthy', lastOutcome: 'FastRolledBack' })
})

t.test('5: with one of two canary pods dead, a failed verdict removes the canary at once', async (t) => {
  const play = rollingPlay(50, { spec: { ...HALF, serving: { replicas: 2 } } })
  play.run({ do: 'kill-one', version: '2a' }, { do: 'break', version: '2a' }, { do: 'seldon' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 50, '2a': 50 }, 'one dead pod of two is no loss')
  play.run({ do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Failed' }, { do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Failed' }, { do: 'sync' })
  play.run({ do: 'settle' })
  t.same(play.wanted(), { '1a': 100 })
  t.same(play.failed(), ['2a AnalysisFailed'])
  play.calm()
  t.same(play.routed(), { '1a': 100 })
})

for (const stage of ['Stepping', 'Promoting']) {
  t.test(`5: with one of two canary pods dead, weights that cannot be applied in ${stage} are given up after progressDeadline`, async (t) => {
    const play = rollingPlay(stage === 'Stepping' ? 60 : 100, { inForce: false, spec: { rollout: { steps: [20, 60] }, serving: { replicas: 2 } } })
    t.equal(play.stage(), stage)
    // The pod dies before Seldon has applied the weight.
    const before = play.world.seldon.routed
    play.run({ do: 'kill-one', version: '2a' }, { do: 'break', version: '2a' }, { do: 'edit-weights', first: 99 }, { do: 'seldon' }, { do: 'settle' })
    t.same(play.world.seldon.routed, before)
    t.equal(play.memory().traffic?.inForce, false)
    play.run({ do: 'wait', seconds: 100 }, { do: 'clock' }, { do: 'settle' })
    t.equal(play.stage(), stage, 'not before the deadline')
    play.run({ do: 'wait', seconds: 30 }, { do: 'clock' }, { do: 'settle' })
    t.same(play.failed(), ['2a WeightNotApplied'])
    t.same(play.wanted(), { '1a': 100 }, 'and the canary that blocks the router is gone')
    play.calm()
    t.same(play.routed(), { '1a': 100 })
  })
}

t.test('5: a way back that the router never takes over ends after progressDeadline', async (t) => {
  const play = rollingPlay(60)
  play.run({ do: 'jam' }, { do: 'command', verb: 'abort', id: 'current' }, { do: 'settle' })
  play.run({ do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'wait', seconds: 110 }, { do: 'seldon' }, { do: 'clock' }, { do: 'settle' })
  t.equal(play.stage(), 'Unwinding')
  play.run({ do: 'wait', seconds: 20 }, { do: 'clock' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 100 })
  t.equal(play.stage(), undefined)
})

t.test('6: a stable pod that dies for good while 100 is wanted leaves the canary serving', async (t) => {
  const play = rollingPlay(60)
  play.run({ do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Passed' }, { do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Passed' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 0, '2a': 100 })
  play.run({ do: 'kill', version: '1a' }, { do: 'break', version: '1a' }, { do: 'seldon' }, { do: 'sync' })
  t.same(play.wanted(), { '2a': 100 })
  t.equal(play.stable(), '2a')
  play.calm()
  t.same(play.routed(), { '2a': 100 })
  t.match(play.status(), { phase: 'Healthy' })
})

t.test('7: with stable dead for good, promote makes the ready canary stable, also when it was on its way back', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'break', version: '1a' }, { do: 'kill', version: '1a' }, { do: 'seldon' }, { do: 'settle' })
  t.equal(play.stage(), 'Stepping', 'without a stable pod nothing is raised and nothing is judged')
  play.run({ do: 'alias', version: '3a' }, { do: 'poll' }, { do: 'settle' })
  t.equal(play.stage(), 'Unwinding')
  play.run({ do: 'alias', version: '2a' }, { do: 'poll' }, { do: 'settle' })
  t.equal(play.stage(), 'Unwinding')
  play.run({ do: 'command', verb: 'promote', id: 'current' }, { do: 'sync' })
  t.equal(play.stable(), '2a')
  t.same(play.wanted(), { '2a': 100 })
  play.calm()
  t.same(play.routed(), { '2a': 100 })
})

for (const loss of ['wipe-status', 'restore-status'] as const) {
  t.test(`8: a version that was aborted stays refused after ${loss}`, async (t) => {
    const play = rollingPlay(20)
    play.run({ do: 'command', verb: 'abort', id: 'current' }, { do: 'sync' })
    t.same(play.failed(), ['2a Aborted'])
    play.run(loss === 'wipe-status' ? { do: 'wipe-status' } : { do: 'restore-status', parentAge: 4 }, { do: 'settle' })
    play.calm()
    t.same(play.failed(), ['2a Aborted'])
    t.equal(play.stable(), '1a')
    t.same(play.status().failedVersions?.map(({ version }) => version), ['2'])
    t.match(play.status(), { phase: 'Degraded' })
  })
}

t.test('9: a version that starts again after a failure and a lost status has another id, and the old promote does nothing', async (t) => {
  const play = rollingPlay(20)
  const first = play.memory().rollout?.id
  play.run({ do: 'command', verb: 'abort', id: 'current' }, { do: 'sync' })
  play.calm()
  play.run({ do: 'wipe-status' }, { do: 'wipe-memory' }, { do: 'command', verb: 'promote', id: 'current' })
  t.equal(play.world.parents.at(-1)?.metadata.annotations?.['sluice.dev/promote'], first)
  play.until(() => play.stage() === 'Stepping')
  t.not(play.memory().rollout?.id, first)
  t.match(play.memory().rollout, { commanded: false })
  t.same(play.wanted(), { '1a': 80, '2a': 20 }, 'it begins at the first step, not at 100')
})

t.test('10: a sync on readings two versions old conflicts, and its status steers nothing', async (t) => {
  const play = promotedPlay()
  const wanted = play.wanted()
  const { sequence } = play.memory()
  for (const [parentAge, childAge] of [[2, 2], [4, 4], [0, 3], [3, 0]] as const) {
    const stale = play.run({ do: 'sync', parentAge, childAge })
    t.not(stale?.childWrite, 'updated')
    play.run({ do: 'settle' })
    t.same(play.wanted(), wanted)
    t.equal(play.stable(), '2a')
    t.ok(play.memory().sequence >= sequence)
  }
  play.calm()
  t.same(play.wanted(), { '2a': 100 })
})

t.test('11: a deadline that only an old reading believes in deletes nothing', async (t) => {
  const play = makePlay()
  play.run({ do: 'poll' }, { do: 'settle' }, { do: 'seldon' }, { do: 'wait', seconds: 119 }, { do: 'pods' }, { do: 'seldon' }, { do: 'sync' })
  t.equal(play.stable(), '1a')
  play.run({ do: 'wait', seconds: 5 }, { do: 'clock' }, { do: 'sync', parentAge: 1, childAge: 2 }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 100 })
  play.calm()
  t.match(play.status(), { phase: 'Healthy', currentModelVersion: '1' })
})

t.test('12: a retry given while the rollout runs does not retry it when it fails', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'command', verb: 'retry', id: 'current' }, { do: 'settle' }, { do: 'command', verb: 'abort', id: 'current' }, { do: 'sync' })
  play.calm()
  t.equal(play.stage(), undefined)
  t.same(play.failed(), ['2a Aborted'])
})

t.test('12: a promote is spent: the canary that died after it and came back has to pass its checks', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'command', verb: 'promote', id: 'current' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 0, '2a': 100 })
  play.run({ do: 'kill', version: '2a' }, { do: 'seldon' }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 100 })
  play.until(() => (play.wanted()['2a'] ?? 0) > 0, { outcome: 'Inconclusive' })
  t.same(play.wanted(), { '1a': 80, '2a': 20 })
  t.match(play.memory().rollout, { stage: 'Stepping', step: 1, commanded: false, losses: 1 })
})

t.test('12: a promote during Draining does nothing', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'command', verb: 'abort', id: 'current' }, { do: 'settle' })
  play.until(() => play.stage() === 'Draining')
  play.run({ do: 'command', verb: 'promote', id: 'current' }, { do: 'settle' })
  t.equal(play.stage(), 'Draining')
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
  play.calm()
  t.equal(play.stable(), '1a')
})

t.test('13: Delete with the alias gone deletes once and completely, whatever old readings say, and the next version is a first one', async (t) => {
  for (const [parentAge, childAge] of [[1, 0], [2, 1], [3, 3], [0, 2]] as const) {
    const play = rollingPlay(20, { spec: { whenAliasMissing: 'Delete' } })
    play.run({ do: 'no-alias' }, { do: 'poll' }, { do: 'sync', parentAge, childAge }, { do: 'sync' }, { do: 'sync', parentAge, childAge })
    play.calm()
    t.same(play.wanted(), {})
    t.same(play.routed(), {})
    t.notOk(play.status().stable)
    play.run({ do: 'alias', version: '3a' })
    play.calm()
    t.same(play.routed(), { '3a': 100 })
    t.match(play.status(), { phase: 'Healthy', lastOutcome: 'Promoted' })
  }
})

t.test('14: an alias that moved away and back between two looks starts nothing', async (t) => {
  const play = servingPlay()
  const { sequence } = play.memory()
  play.run({ do: 'alias', version: '2a' }, { do: 'alias', version: '1a' })
  play.rounds(3)
  t.equal(play.memory().sequence, sequence)
})

t.test('14: version 1 of a model that was created anew is another version', async (t) => {
  const play = servingPlay()
  play.run({ do: 'alias', version: '1b' })
  play.until(() => play.stage() === 'Stepping')
  t.same(play.wanted(), { '1a': 80, '1b': 20 })
  play.calm()
  t.match(play.memory().stable, { version: '1', createdAt: VERSIONS['1b'].createdAt })
})

t.test('15: a pause does not hold Unwinding', async (t) => {
  const play = rollingPlay(60)
  play.run({ do: 'command', verb: 'abort', id: 'current' }, { do: 'sync' }, { do: 'edit', spec: { rollout: { paused: true } } })
  t.equal(play.stage(), 'Unwinding')
  play.calm()
  t.equal(play.stage(), undefined)
  t.same(play.routed(), { '1a': 100 })
})

t.test('15: a rollout that starts while paused stays at 0', async (t) => {
  const play = servingPlay({ spec: { rollout: { paused: true } } })
  play.run({ do: 'alias', version: '2a' })
  play.calm()
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
  t.match(play.status(), { phase: 'Paused' })
  play.run({ do: 'edit', spec: { rollout: { paused: false } } })
  play.calm()
  t.equal(play.stable(), '2a')
})

t.test('16: steps edited to [60, 80] at 30 keep 30, and its passes lead to 60', async (t) => {
  const play = rollingPlay(30, { spec: { rollout: { steps: [30] } } })
  play.run({ do: 'edit', spec: { rollout: { steps: [60, 80] } } }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 70, '2a': 30 })
  play.until(() => play.wanted()['2a'] !== 30)
  t.same(play.wanted(), { '1a': 40, '2a': 60 })
})

t.test('16: steps edited to [] at 30 keep 30, and its passes lead to promotion', async (t) => {
  const play = rollingPlay(30, { spec: { rollout: { steps: [30] } } })
  play.run({ do: 'edit', spec: { rollout: { steps: [] } } }, { do: 'settle' })
  t.same(play.wanted(), { '1a': 70, '2a': 30 })
  play.until(() => play.wanted()['2a'] !== 30)
  t.same(play.wanted(), { '1a': 0, '2a': 100 })
  t.equal(play.stage(), 'Promoting')
})

t.test('17: after a poller that was down over keepStable and keepFailed, each deadline fires once and in order', async (t) => {
  const promoted = promotedPlay()
  promoted.run({ do: 'wait', seconds: 3600 }, { do: 'sync' }, { do: 'seldon' }, { do: 'sync' })
  t.same(promoted.routed(), { '1a': 0, '2a': 100 }, 'no clock, no deadline: the previous version waits')
  promoted.run({ do: 'clock' }, { do: 'settle' })
  t.same(promoted.wanted(), { '2a': 100 })

  const failed = rollingPlay(20)
  failed.run({ do: 'command', verb: 'abort', id: 'current' })
  failed.until(() => failed.stage() === 'Draining')
  failed.run({ do: 'edit', spec: { rollout: { paused: true } } }, { do: 'wait', seconds: 3600 }, { do: 'clock' }, { do: 'settle' })
  t.same(failed.wanted(), { '1a': 100 }, 'a pause hides no deadline')
  t.equal(failed.stage(), undefined)
})

t.test('18: two deadlines in the same second are both honoured', async (t) => {
  // keepStable is as long as a lost flip plus a minute: write the promotion so that both end together.
  const play = rollingPlay(60)
  play.until(() => play.stage() === 'Promoting')
  play.until(() => play.stable() === '2a')
  const keepUntil = parseInstant(play.memory().previous?.keepUntil) ?? 0
  play.run({ do: 'wait', seconds: keepUntil - 60 - play.world.now }, { do: 'edit-weights', first: 50 }, { do: 'sync' })
  const { traffic } = play.memory()
  t.equal(traffic?.inForce, false)
  t.ok(Math.abs((parseInstant(traffic?.writtenAt) ?? 0) + 60 - keepUntil) <= 1, 'the two deadlines meet')
  play.run({ do: 'seldon', loseStatus: true }, { do: 'seldon' }, { do: 'wait', seconds: 70 }, { do: 'clock' }, { do: 'settle' })
  play.run({ do: 'clock' }, { do: 'settle' })
  t.equal(play.memory().traffic?.inForce, true)
  t.same(play.wanted(), { '2a': 100 })
})
