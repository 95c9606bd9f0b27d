// The edge cases of progressive delivery that concern the hooks, by their numbers; test/rollout-cases.md says where each of the others is.
// Every play is checked for the invariants at each pass of the hook.
import t from 'tap'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Value } from '@sinclair/typebox/value'
import { answerSync, SPEC_ACCEPTED } from '../../hooks/core/answer.ts'
import { formatFact, parseFacts } from '../../hooks/core/facts.ts'
import { FACTS, STATE_ANNOTATION } from '../../hooks/core/labels.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { Spec } from '../../hooks/mlflow-model/schema.ts'
import { sync } from '../../hooks/mlflow-model/sync.ts'
import { makeRequest } from '../helpers/rollout-world/metacontroller.ts'
import type { Move } from '../helpers/rollout-world/moves.ts'
import { makePlay, promotedPlay, rollingPlay, servingPlay, type Play } from '../helpers/rollout-world/play.ts'
import { makeSpec, newestChild, newestParent, overlay, QUICK, writeChild, writeParent } from '../helpers/rollout-world/state.ts'

const settle: Move = { do: 'settle' }
const abort: Move = { do: 'command', verb: 'abort', id: 'current' }
const promote: Move = { do: 'command', verb: 'promote', id: 'current' }
const retry: Move = { do: 'command', verb: 'retry', id: 'current' }
const pause: Move = { do: 'edit', spec: { rollout: { paused: true } } }
const resume: Move = { do: 'edit', spec: { rollout: { paused: false } } }
const alias = (version: '1a' | '2a' | '3a' | '1b'): Move[] => [{ do: 'alias', version }, { do: 'poll' }, settle]
const checks = (...outcomes: Array<'Passed' | 'Failed' | 'Inconclusive' | 'Error'>): Move[] => outcomes.flatMap((outcome): Move[] => [{ do: 'wait', seconds: 2 }, { do: 'check', outcome }, settle])
const routerTakesOver: Move[] = [{ do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'wait', seconds: 1 }, { do: 'seldon' }, settle]

/** 2a was rolled back for failing its checks, and the alias is still on it. */
function failedPlay (): Play {
  const play = rollingPlay(20)
  play.run(...checks('Failed', 'Failed'))
  play.calm()
  return play
}

t.test('case 1: a first version takes everything without steps or analysis', async (t) => {
  const play = makePlay()
  play.run({ do: 'poll' }, settle)
  t.same(play.wanted(), { '1a': 100 })
  play.calm()
  t.match(play.status(), { phase: 'Healthy', currentModelVersion: '1' })
  t.notOk(play.world.parents.at(-1)?.metadata.annotations?.[FACTS.analysis])
})

for (const stage of ['Stepping', 'Promoting']) {
  t.test(`${stage === 'Stepping' ? 'case 2' : 'case 3'}: a third version in ${stage} first sets the weight to 0, then takes the place, and never mixes`, async (t) => {
    const play = rollingPlay(stage === 'Stepping' ? 20 : 100, { inForce: stage === 'Stepping' })
    t.equal(play.stage(), stage)
    play.run(...alias('3a'))
    t.same(play.wanted(), { '1a': 100, '2a': 0 })
    t.match(play.memory().rollout, { stage: 'Unwinding', outcome: 'Superseded' })
    play.until(() => '3a' in play.wanted())
    t.same(play.wanted(), { '1a': 100, '3a': 0 })
    t.equal(play.stable(), '1a')
    t.same(play.failed(), [])
  })
}

t.test('case 4: an alias that moves back to stable cancels the rollout, which is no failure', async (t) => {
  const play = rollingPlay(60)
  play.run(...alias('1a'))
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
  play.calm()
  t.match(play.status(), { phase: 'Healthy', lastOutcome: 'RolledBack' })
  t.same(play.failed(), [])
})

t.test('case 6: an alias that is deleted mid-rollout leaves the rollout going on, and stable alone', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'no-alias' })
  play.calm()
  t.same(play.routed(), { '2a': 100 })
})

t.test('case 7, case 8: a version that is not ready in the registry, or gone from it, starts nothing', async (t) => {
  const play = servingPlay()
  play.run({ do: 'not-ready', version: '2a' })
  play.calm()
  t.same(play.wanted(), { '1a': 100 })
  t.match(play.status(), { phase: 'Healthy' })
  t.match(play.status().conditions?.find(({ type }) => type === 'RegistryFound'), { status: 'False', reason: 'VersionNotReady' })
})

t.test('case 9: a version that failed is refused, with a reason and the way to retry it', async (t) => {
  const play = failedPlay()
  const { phase, reason, error } = play.status()
  t.same({ phase, reason }, { phase: 'Degraded', reason: 'AnalysisFailed' })
  t.match(error, /sluice\.dev\/retry=v2-/)
  play.run(retry, settle)
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
  t.same(play.failed(), [])
})

t.test('case 10: a version that failed is refused also after the alias went to stable and came back', async (t) => {
  const play = failedPlay()
  play.run(...alias('1a'))
  play.calm()
  t.match(play.status(), { phase: 'Healthy' })
  play.run(...alias('2a'))
  play.calm()
  t.same(play.wanted(), { '1a': 100 })
  t.match(play.status(), { phase: 'Degraded' })
})

t.test('case 11: with the registry unreachable a rollout goes on to the last known target', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'unreachable' }, ...checks('Passed', 'Passed'))
  t.same(play.wanted(), { '1a': 40, '2a': 60 })
  t.match(play.status().conditions?.find(({ type }) => type === 'RegistryFound'), { status: 'Unknown' })
})

t.test('case 14: an alias that is renamed in the spec drops nothing before the registry has answered for it', async (t) => {
  const play = servingPlay()
  play.run({ do: 'edit', spec: { modelAlias: 'challenger' } }, settle)
  t.same(play.wanted(), { '1a': 100 })
  play.run(...alias('2a'))
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
})

t.test('case 15: another URI of the same version is no new candidate and restarts no pod', async (t) => {
  const play = servingPlay()
  const { annotations } = newestParent(play.world).metadata
  const fact = parseFacts(annotations).registry
  t.ok(fact)
  if (fact) writeParent(play.world, { manager: 'sluice-poller' }, { annotations: { ...annotations, [FACTS.registry]: formatFact({ ...fact, uri: 's3://elsewhere/1' }) } })
  const before = newestChild(play.world)?.spec
  play.run(settle, { do: 'seldon' })
  t.same(newestChild(play.world)?.spec, before)
})

t.test('case 17: weights that somebody edited are wanted again, and have to come into force again', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'edit-weights', first: 50 }, { do: 'seldon' }, { do: 'sync' })
  t.same(play.wanted(), { '1a': 80, '2a': 20 })
  t.match(play.memory(), { traffic: { inForce: false } })
  play.calm()
  t.equal(play.stable(), '2a')
})

t.test('case 18: a serving object that is deleted mid-step comes back with its weights', async (t) => {
  const play = rollingPlay(60)
  play.run({ do: 'delete-child' }, settle)
  t.same(play.wanted(), { '1a': 40, '2a': 60 })
  t.equal(play.memory().traffic?.inForce, false)
  play.calm()
  t.equal(play.stable(), '2a')
})

t.test('case 19, case 20: checks do not count before the weight is in force', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'jam' }, ...checks('Passed', 'Passed'))
  t.same(play.wanted(), { '1a': 40, '2a': 60 })
  play.run(...routerTakesOver, ...checks('Passed', 'Passed', 'Passed'))
  t.same(play.routed(), { '1a': 80, '2a': 20 })
  t.notOk(play.memory().rollout?.stepStartedAt)
  t.same(play.wanted(), { '1a': 40, '2a': 60 })
  play.run({ do: 'unjam' }, ...routerTakesOver)
  t.ok(play.memory().rollout?.stepStartedAt)
})

t.test('case 21: the jump from the last step to 100 is a weight of its own, waited for before the roles swap', async (t) => {
  const play = rollingPlay(60)
  play.run(...checks('Passed', 'Passed'))
  t.match(play.memory().rollout, { stage: 'Promoting' })
  t.same(play.wanted(), { '1a': 0, '2a': 100 })
  t.equal(play.stable(), '1a')
  play.run(...routerTakesOver)
  t.equal(play.stable(), '2a')
})

t.test('case 22: steps outside 1 to 100 are refused by the schema', async (t) => {
  for (const steps of [[0], [101], [-5], [10.5]]) t.notOk(Value.Check(Spec, overlay(makeSpec(QUICK), { rollout: { steps } })), String(steps))
  t.ok(Value.Check(Spec, makeSpec(QUICK, { rollout: { steps: [1, 50, 100] } })))
})

t.test('case 23: without steps a ready version gets everything, unjudged', async (t) => {
  const play = servingPlay({ spec: { rollout: { steps: [] } } })
  play.run(...alias('2a'))
  play.until(() => play.stage() === 'Promoting')
  t.same(play.wanted(), { '1a': 0, '2a': 100 })
  play.calm()
  t.match(play.status(), { phase: 'Healthy', lastOutcome: 'Promoted' })
})

t.test('case 24: steps edited below the present weight lower it, which is no rollback', async (t) => {
  const play = rollingPlay(60)
  play.run({ do: 'edit', spec: { rollout: { steps: [10, 30] } } }, settle)
  t.same(play.wanted(), { '1a': 70, '2a': 30 })
  t.match(play.memory().rollout, { stage: 'Stepping', step: 2 })
  t.same(play.failed(), [])
})

t.test('case 25: scaling during a rollout changes no stage, no step and no timer', async (t) => {
  const play = rollingPlay(20)
  const before = play.memory().rollout
  play.run({ do: 'edit', spec: { serving: { replicas: 3 } } }, settle)
  t.same(play.memory().rollout, before)
  t.same((newestChild(play.world)?.spec as { predictors: Array<{ replicas: number }> }).predictors.map(({ replicas }) => replicas), [3, 3])
  play.calm()
  t.equal(play.stable(), '2a')
})

t.test('case 26: replicas and version that change together are both honoured', async (t) => {
  const play = servingPlay()
  play.run({ do: 'edit', spec: { serving: { replicas: 2 } } }, ...alias('2a'))
  play.calm()
  t.equal(play.stable(), '2a')
  t.match(newestChild(play.world)?.spec, { predictors: [{ replicas: 2, traffic: 100 }] })
})

t.test('case 27: a version that never gets ready has no traffic and no check, and is given up at its deadline', async (t) => {
  const play = servingPlay()
  play.run({ do: 'break', version: '2a' }, ...alias('2a'), { do: 'seldon' }, settle)
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
  play.calm()
  t.same(play.failed(), ['2a ProgressDeadlineExceeded'])
  t.same(play.routed(), { '1a': 100 })
})

t.test('case 28: a canary whose pods all die loses its weight in that sync, loads again, and fails the second time', async (t) => {
  const play = rollingPlay(20)
  for (const losses of [1, 2]) {
    play.run({ do: 'kill', version: '2a' }, { do: 'seldon' }, { do: 'sync' })
    t.same(play.wanted(), { '1a': 100 }, `loss ${losses}`)
    if (losses === 1) play.until(() => play.memory().traffic?.canary === 20 && play.memory().traffic?.inForce === true, { outcome: 'Inconclusive' })
  }
  t.same(play.failed(), ['2a CandidateUnavailable'])
})

t.test('case 29: nothing is raised and nothing is judged while stable has no pod, and promote helps', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'break', version: '1a' }, { do: 'kill', version: '1a' }, { do: 'seldon' }, settle, ...checks('Passed', 'Passed', 'Failed', 'Failed'))
  t.same(play.wanted(), { '1a': 80, '2a': 20 })
  t.match(play.status(), { phase: 'Degraded', reason: 'StableUnavailable', error: /sluice\.dev\/promote=/ })
  play.run(promote, settle)
  t.same(play.wanted(), { '2a': 100 })
})

t.test('case 31: the deadline counts from the last progress', async (t) => {
  const play = servingPlay({ spec: { serving: { replicas: 2 } } })
  play.run({ do: 'break', version: '2a' }, ...alias('2a'), { do: 'seldon' }, settle)
  const first = parseInstant(play.memory().rollout?.deadline) ?? 0
  play.run({ do: 'wait', seconds: 100 }, { do: 'mend', version: '2a' }, { do: 'load', version: '2a' }, { do: 'kill-one', version: '2a' }, { do: 'break', version: '2a' }, { do: 'seldon' }, settle)
  t.equal(play.memory().rollout?.progress, '1/2')
  t.ok((parseInstant(play.memory().rollout?.deadline) ?? 0) >= first + 100, 'one of two pods is progress')
})

t.test('case 32: a pause longer than the deadline does not count', async (t) => {
  const play = servingPlay()
  play.run({ do: 'break', version: '2a' }, ...alias('2a'), { do: 'seldon' }, settle, pause, settle, { do: 'wait', seconds: 3600 }, { do: 'clock' }, settle)
  t.equal(play.stage(), 'Loading')
  play.run(resume, settle, { do: 'mend', version: '2a' })
  play.calm()
  t.equal(play.stable(), '2a')
})

t.test('case 33: bad, bad and good versions supersede each other cleanly', async (t) => {
  const play = servingPlay()
  play.run({ do: 'break', version: '2a' }, { do: 'break', version: '3a' }, ...alias('2a'), { do: 'seldon' }, settle, ...alias('3a'), { do: 'seldon' }, settle, ...alias('1b'))
  play.calm()
  t.same(play.routed(), { '1b': 100 })
  t.same(play.failed(), [])
  t.match(play.status(), { phase: 'Healthy' })
})

t.test('case 38: one error holds the weight and is no failure', async (t) => {
  const play = rollingPlay(20)
  play.run(...checks('Error'))
  t.match(play.status(), { phase: 'Progressing' })
  t.same(play.wanted(), { '1a': 80, '2a': 20 })
})

for (const [number, outcome, reason] of [['case 39', 'Error', 'MetricsUnavailable'], ['case 43, case 50', 'Inconclusive', 'NotEnoughTraffic']] as const) {
  for (const whenPaused of ['Hold', 'Rollback', 'Promote'] as const) {
    t.test(`${number}: too many checks in a row with ${outcome} end in ${reason} and ${whenPaused}`, async (t) => {
      const play = rollingPlay(20, { spec: { analysis: { whenPaused } } })
      play.run(...checks(outcome, outcome))
      const want = { Hold: { '1a': 80, '2a': 20 }, Rollback: { '1a': 100, '2a': 0 }, Promote: { '1a': 0, '2a': 100 } }[whenPaused]
      t.same(play.wanted(), want)
      if (whenPaused !== 'Hold') return
      t.match(play.status(), { phase: 'Paused', reason })
      play.run(...checks('Passed', 'Passed'))
      t.same(play.wanted(), { '1a': 40, '2a': 60 }, 'and goes on by itself when checks pass again')
    })
  }
}

t.test('case 45: a measurement of an earlier step, start or rollout counts for nothing', async (t) => {
  const play = rollingPlay(20)
  const { annotations } = newestParent(play.world).metadata
  const { id = '', step = 0, stepStartedAt = '' } = play.memory().rollout ?? {}
  const fact = { rollout: id, step, stepStartedAt, passed: 99, failed: 0, inconclusive: 0, errors: 0, streak: { outcome: 'Passed' as const, count: 99 }, last: { at: stepStartedAt, outcome: 'Passed' as const, reason: 'Measured', metrics: [] } }
  for (const change of [{ rollout: `${id}9` }, { step: step + 1 }, { stepStartedAt: '2026-01-01T00:00:00Z' }]) {
    writeParent(play.world, { manager: 'sluice-poller' }, { annotations: { ...annotations, [FACTS.analysis]: formatFact({ ...fact, ...change }) } })
    play.run(settle)
    t.same(play.wanted(), { '1a': 80, '2a': 20 }, JSON.stringify(change))
  }
})

t.test('case 46: facts that are delivered again change nothing', async (t) => {
  const play = rollingPlay(20)
  play.run(...checks('Failed'))
  const { sequence } = play.memory()
  play.run({ do: 'sync' }, { do: 'sync' }, { do: 'sync' })
  t.equal(play.memory().sequence, sequence)
  t.equal(play.stage(), 'Stepping')
})

t.test('case 49: failures count over a step, and in a row only while approval is awaited', async (t) => {
  const play = rollingPlay(20, { spec: { analysis: { checks: 3 } } })
  play.run(...checks('Passed', 'Failed', 'Passed', 'Failed'))
  t.equal(play.stage(), 'Unwinding')

  const waiting = rollingPlay(60, { spec: { rollout: { approval: 'Manual' } } })
  waiting.run(...checks('Passed', 'Passed', 'Failed', 'Passed', 'Failed', 'Passed'))
  t.equal(waiting.stage(), 'AwaitingApproval')
})

t.test('case 52: a pause ends the measuring, and a resume begins it anew', async (t) => {
  const play = rollingPlay(20)
  play.run(...checks('Passed'), pause, settle)
  t.notOk(play.memory().rollout?.stepStartedAt)
  play.run({ do: 'wait', seconds: 600 }, resume, settle, ...checks('Passed'))
  t.same(play.wanted(), { '1a': 80, '2a': 20 }, 'the pass from before the pause does not count')
  play.run(...checks('Passed'))
  t.same(play.wanted(), { '1a': 40, '2a': 60 })
})

t.test('case 54: checks that fail while approval is awaited still roll back', async (t) => {
  const play = rollingPlay(60, { spec: { rollout: { approval: 'Manual' } } })
  play.run(...checks('Passed', 'Passed'))
  t.match(play.status(), { phase: 'Paused', reason: 'AwaitingApproval' })
  play.run(...checks('Failed', 'Failed'))
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
})

t.test('case 55: promote twice is promote once, and promote on an aborted rollout does nothing', async (t) => {
  const play = rollingPlay(20)
  play.run(promote, settle)
  const { sequence } = play.memory()
  play.run(promote, settle)
  t.equal(play.memory().sequence, sequence)

  const aborted = rollingPlay(20)
  aborted.run(abort, settle, promote, settle)
  t.same(aborted.wanted(), { '1a': 100, '2a': 0 })
})

t.test('case 56: promote skips the checks that are left', async (t) => {
  const play = rollingPlay(20)
  play.run(promote, settle)
  t.same(play.wanted(), { '1a': 0, '2a': 100 })
  play.calm()
  t.match(play.status(), { phase: 'Healthy', lastOutcome: 'FastPromoted' })
})

t.test('case 57: abort has its result at weight 0, at 100, and after completion', async (t) => {
  const loading = servingPlay()
  loading.run(...alias('2a'), abort, settle)
  t.same(loading.wanted(), { '1a': 100 }, 'a canary that never was to have traffic leaves at once')
  t.same(loading.failed(), ['2a Aborted'])

  const promoting = rollingPlay(100, { inForce: false })
  promoting.run(abort, settle)
  t.same(promoting.wanted(), { '1a': 100, '2a': 0 })

  const completed = promotedPlay()
  completed.run({ do: 'command', verb: 'abort', id: 'current' }, settle)
  t.same(completed.wanted(), { '1a': 0, '2a': 100 })
  t.same(completed.failed(), [])
})

t.test('case 58: after abort and retry the second abort keeps the version loaded for keepFailed, too', async (t) => {
  const play = rollingPlay(20)
  play.run(abort, settle)
  play.calm()
  play.run(retry, settle)
  play.until(() => play.wanted()['2a'] === 20)
  play.run(abort, settle)
  play.until(() => play.stage() === 'Draining')
  play.run({ do: 'wait', seconds: 10 }, { do: 'clock' }, settle)
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
  play.run({ do: 'wait', seconds: 25 }, { do: 'clock' }, settle)
  t.same(play.wanted(), { '1a': 100 })
})

t.test('case 59: an abort moves the traffic, sees it in force, and only then removes the version', async (t) => {
  const play = rollingPlay(60)
  play.run(abort, settle, { do: 'wait', seconds: 45 }, { do: 'clock' }, settle)
  t.same(play.wanted(), { '1a': 100, '2a': 0 }, 'keepFailed does not run before weight 0 is in force')
  t.equal(play.stage(), 'Unwinding')
  play.run(...routerTakesOver)
  t.equal(play.stage(), 'Draining')
})

t.test('case 62: a hook that restarts answers the same, for it remembers nothing', async (t) => {
  const play = rollingPlay(20)
  const request = makeRequest(play.world)
  t.equal(JSON.stringify(sync(structuredClone(request))), JSON.stringify(sync(request)))
})

t.test('case 63: a status write that is lost after the weights were written doubles nothing', async (t) => {
  const play = rollingPlay(20)
  play.run({ do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Passed' }, { do: 'wait', seconds: 2 }, { do: 'check', outcome: 'Passed' }, { do: 'sync', lose: 'status' }, { do: 'sync', lose: 'status' }, settle)
  t.same(play.wanted(), { '1a': 40, '2a': 60 })
  t.match(play.memory().rollout, { step: 2 })
})

t.test('case 66: times of foreign clocks move no deadline', async (t) => {
  const play = promotedPlay()
  const child = newestChild(play.world)
  t.ok(child)
  const conditions = [{ type: 'ServicesReady', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' }]
  if (child) writeChild(play.world, { manager: 'seldon-controller', subresource: 'status' }, { ...play.world.children.at(-1), object: { ...child, status: { ...child.status as object, conditions } } })
  play.run(settle)
  t.same(play.wanted(), { '1a': 0, '2a': 100 }, 'keepStable is not over')
})

t.test('case 68: of several moves of the alias during a pause only the newest counts, and it waits at weight 0', async (t) => {
  const play = rollingPlay(20)
  play.run(pause, settle, ...alias('3a'), ...alias('1b'))
  play.calm()
  t.same(play.wanted(), { '1a': 100, '1b': 0 })
  t.match(play.status(), { phase: 'Paused' })
  play.run(resume)
  play.calm()
  t.equal(play.stable(), '1b')
})

t.test('case 69: memory written by another release is read as far as it is known, and the rollout goes on', async (t) => {
  const play = rollingPlay(20)
  const child = newestChild(play.world)
  const memory = { ...play.memory(), fieldOfTomorrow: { a: 1 } }
  if (child) writeChild(play.world, { manager: 'test' }, { object: { ...child, metadata: { ...child.metadata, annotations: { ...child.metadata.annotations, [STATE_ANNOTATION]: JSON.stringify(memory) } } } })
  const answer = sync(makeRequest(play.world))
  t.match(answer.status, { stable: { version: '1' }, canary: { version: '2' }, rollout: { stage: 'Stepping', step: 1 } })
  t.match(answer.children, [{ spec: { predictors: [{ traffic: 80 }, { traffic: 20 }] } }])
})

t.test('case 70: an invalid field mid-rollout is a condition, and the rollout stays', async (t) => {
  const play = rollingPlay(20)
  const request = makeRequest(play.world)
  const spec = overlay(request.parent.spec, { analysis: { interval: 'soon' } })
  const answer = answerSync(mlflowModel, { ...request, parent: { ...request.parent, spec } })
  t.same(answer.children, answerSync(mlflowModel, request).children)
  t.match((answer.status as { conditions: Array<{ type: string }> }).conditions.find(({ type }) => type === SPEC_ACCEPTED), { status: 'False', message: /interval/ })
})

t.test('case 71: a promotion restarts no pod', async (t) => {
  const play = rollingPlay(60)
  const before = play.world.seldon.deployments
  play.calm()
  t.equal(play.stable(), '2a')
  t.same(play.world.seldon.restarted, [])
  const [name] = Object.keys(play.world.seldon.deployments)
  t.same(play.world.seldon.deployments[name ?? '']?.template, before[name ?? '']?.template)
})

t.test('case 72: an alias that goes back within keepStable switches at once', async (t) => {
  const play = promotedPlay()
  play.run(...alias('1a'))
  t.same(play.wanted(), { '1a': 100, '2a': 0 })
  t.equal(play.stable(), '1a')
  play.calm()
  t.match(play.status(), { phase: 'Healthy', lastOutcome: 'FastRolledBack' })
})

t.test('every case has its place', async (t) => {
  const root = path.join(import.meta.dirname, '../..')
  const rows = readFileSync(path.join(root, 'test/rollout-cases.md'), 'utf8').split('\n').map((line) => /^\| (\d+) \| (.*?) \| (.*) \|$/.exec(line)).filter((row) => row !== null)
  t.same(rows.map(([, number]) => Number(number)), Array.from({ length: 73 }, (_, index) => index + 1))
  for (const [, number, , place = ''] of rows) {
    const [, file, name] = /^`(test\/[^`]+)`(?:: (.+))?$/.exec(place) ?? []
    if (file === undefined) {
      t.match(place, /^does not apply: .{20,}/, `${number} says why it does not apply`)
      continue
    }
    t.ok(existsSync(path.join(root, file)), `${number}: ${file} exists`)
    t.ok(readFileSync(path.join(root, file), 'utf8').includes(name ?? `case ${number}`), `${number}: ${file} has ${name ?? `case ${number}`}`)
  }
})
