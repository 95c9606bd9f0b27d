// No rollout is under way: the first version, the instant return, the start of a rollout, and when the previous version leaves.
import t from 'tap'
import type { RolloutFacts } from '../../../hooks/mlflow-model/rollout/facts.ts'
import { startFirst, stepFirst, stepIdle } from '../../../hooks/mlflow-model/rollout/idle.ts'
import type { Memory, Rollout } from '../../../hooks/mlflow-model/schema/status.ts'
import { at, changed, DOWN, facts, failure, fresh, GONE, ID, memory, P1, P2, PARTIAL, READY, SETTLED, T0, V1, V2, V3, withRollout, type Told } from '../../helpers/rollout.ts'

type Row = { name: string, given: Memory, told?: Told, want?: Memory }

function check (step: (memory: Memory, facts: RolloutFacts) => Memory, rows: Row[]): void {
  for (const { name, given, told, want } of rows) {
    t.test(name, async (t) => {
      const answer = step(given, facts(given, told))
      want ? t.strictSame(answer, want) : t.equal(answer, given, 'the very same')
    })
  }
}

const NOW_COUNTER = T0 + 100
/** A rollout that has just begun. */
function begun (version: typeof V1, { counter = NOW_COUNTER, ...change }: Partial<Rollout> & { counter?: number } = {}): Partial<Memory> {
  const predictor = { 1: P1, 2: P2, 3: 'v3-zx8g00' }[version.version]
  return { counter, canary: version, rollout: { id: `${predictor}-${counter}`, stage: 'Loading', step: 0, startedAt: at(100), present: true, raised: false, commanded: false, losses: 0, ...change } }
}

const { uri: _uri, ...unloadable } = V2
const serving = memory()
const warm = (change: object = {}) => ({ previous: { ...V2, keepUntil: at(400), fastReturn: true, ...change } })
const kept = memory(warm())
const unsettled = { traffic: { ...SETTLED, inForce: false } }
const failed = { failedVersions: [failure('AnalysisFailed')] }

check(stepIdle, [
  { name: 'with the alias on stable nothing happens', given: serving },
  { name: 'with the alias gone nothing happens', given: serving, told: { target: 'Missing' } },
  { name: 'with the alias unknown nothing happens', given: serving, told: { target: 'Unknown' } },
  { name: 'another version starts a rollout, loading at weight 0', given: serving, told: { target: V2 }, want: memory(begun(V2)) },
  { name: 'another life of the number of stable does too', given: serving, told: { target: { ...V1, createdAt: V3.createdAt } }, want: memory(begun({ ...V1, createdAt: V3.createdAt }), { rollout: { ...begun(V1).rollout, id: `v1-zx8g00-${NOW_COUNTER}` } as Rollout }) },
  { name: 'a version that failed does not', given: memory(failed), told: { target: V2 } },
  { name: 'a version that nothing can load does not', given: serving, told: { target: unloadable } },
  { name: 'without a router no rollout starts', given: serving, told: { target: V2, router: { present: false } } },
  { name: 'while weights are not in force the canary does not join yet', given: memory(unsettled), told: { target: V2 }, want: memory(unsettled, begun(V2, { present: false })) },
  { name: 'it joins when stable is not ready', given: memory(unsettled), told: { target: V2, pods: { 1: PARTIAL } }, want: memory(unsettled, begun(V2)) },
  { name: 'it does not join while pods of its former life are told of', given: serving, told: { target: V2, pods: { 2: DOWN } }, want: memory(begun(V2, { present: false })) },
  { name: 'a rollout may start while paused', given: serving, told: { target: V2, policy: { paused: true } }, want: memory(begun(V2)) },
  { name: 'its number is above the last one', given: memory({ counter: NOW_COUNTER + 5 }), told: { target: V2 }, want: memory(begun(V2, { counter: NOW_COUNTER + 6 })) },
  { name: 'and above every one that was written down somewhere', given: serving, told: { target: V2, highestSeenCounter: NOW_COUNTER + 8 }, want: memory(begun(V2, { counter: NOW_COUNTER + 9 })) },

  { name: 'the previous version stays for its time', given: kept },
  { name: 'not longer', given: kept, told: { now: 400 }, want: serving },
  { name: 'not before weight 0 is in force for it', given: memory(warm(), unsettled), told: { now: 400 } },
  { name: 'it leaves when a pod of it is down and weights are not in force', given: memory(warm(), unsettled), told: { pods: { 2: PARTIAL } }, want: memory(unsettled) },
  { name: 'with weights in force one pod of it is enough to stay', given: kept, told: { pods: { 2: PARTIAL } } },
  { name: 'it leaves when no pod of it is left', given: kept, told: { pods: { 2: DOWN } }, want: serving },
  { name: 'not while stable has no pod', given: kept, told: { pods: { 1: DOWN, 2: DOWN } } },
  { name: 'nor is it taken out for its time while stable has no pod: it is all that is left', given: kept, told: { now: 400, pods: { 1: DOWN } } },
  { name: 'nor for a third version', given: kept, told: { target: V3, pods: { 1: DOWN } } },
  { name: 'it leaves when a third version is to be loaded, and that is all for now', given: kept, told: { target: V3 }, want: serving },
  { name: 'not for one that failed', given: memory(warm(), { failedVersions: [{ ...failure('Aborted'), version: '3', createdAt: V3.createdAt }] }), told: { target: V3 } },
  { name: 'not where there is no router', given: kept, told: { target: V3, router: { present: false } } },

  { name: 'back on the warm previous version everything goes to it at once', given: kept, told: { target: V2 }, want: memory({ stable: V2, previous: { ...V1, keepUntil: at(700), fastReturn: false }, traffic: fresh(0), lastOutcome: 'FastRolledBack' }) },
  { name: 'the version left behind leaves at once if a pod of it is down', given: kept, told: { target: V2, pods: { 1: PARTIAL } }, want: memory({ stable: V2, traffic: fresh(0), lastOutcome: 'FastRolledBack' }) },
  { name: 'even a failure of long ago does not stand in the way: it was trusted since', given: memory(warm(), failed), told: { target: V2 }, want: memory({ stable: V2, previous: { ...V1, keepUntil: at(700), fastReturn: false }, traffic: fresh(0), lastOutcome: 'FastRolledBack' }, failed) },
  { name: 'it keeps the place that it was loaded from', given: kept, told: { target: { ...V2, uri: 's3://elsewhere' } }, want: memory({ stable: V2, previous: { ...V1, keepUntil: at(700), fastReturn: false }, traffic: fresh(0), lastOutcome: 'FastRolledBack' }) },
  { name: 'a previous version that is not ready goes through a rollout from where it is', given: kept, told: { target: { ...V2, uri: 's3://elsewhere' }, pods: { 2: PARTIAL } }, want: memory(begun(V2)) },
  { name: 'so does one that was left behind by an instant return', given: memory(warm({ fastReturn: false })), told: { target: V2 }, want: memory(begun(V2)) },
  { name: 'until weight 0 is in force for it, it counts as one that had traffic', given: memory(warm({ fastReturn: false }), unsettled), told: { target: V2 }, want: memory(unsettled, begun(V2, { raised: true })) }
])

const nothing: Memory = { sequence: 40, counter: 30 }
const start = (version: typeof V1): Memory => ({ sequence: 40, ...begun(version), traffic: fresh(100) } as Memory)

check(startFirst, [
  { name: 'the first version gets everything', given: nothing, told: { target: V2 }, want: start(V2) },
  { name: 'it needs no router', given: nothing, told: { target: V2, router: { present: false } }, want: start(V2) },
  { name: 'without a target nothing is deployed', given: nothing, told: { target: 'Unknown' } },
  { name: 'without an alias nothing is deployed', given: nothing, told: { target: 'Missing' } },
  { name: 'what nothing can load is not deployed', given: nothing, told: { target: unloadable } },
  { name: 'what failed is not deployed', given: { ...nothing, ...failed }, told: { target: V2 } }
])

const first = memory(withRollout('Loading', { weight: 100, deadline: at(650) }), { stable: undefined })
const due = memory(withRollout('Loading', { weight: 100, deadline: at(100) }), { stable: undefined })
const notReady: Told['pods'] = { 2: DOWN }

check(stepFirst, [
  { name: 'the first version is waited for', given: first, told: { pods: notReady } },
  { name: 'once ready it is stable', given: first, want: memory({ stable: V2, lastOutcome: 'Promoted', traffic: { ...first.traffic, stable: 100, canary: 0, canaryInForce: 0 } as Memory['traffic'] }) },
  { name: 'without traffic in memory it begins with some', given: memory(first, { traffic: undefined }), want: memory({ stable: V2, lastOutcome: 'Promoted', traffic: fresh(0) }) },
  { name: 'one pod of several is not enough', given: first, told: { pods: { 2: PARTIAL } } },
  { name: 'too slow it is told so, and goes on loading', given: due, told: { pods: notReady }, want: memory(due, changed(due, { reason: 'ProgressDeadlineExceeded', deadline: undefined }), { stable: undefined }) },
  { name: 'in the second of its deadline ready is ready', given: due, told: { pods: { 2: READY } }, want: memory({ stable: V2, lastOutcome: 'Promoted', traffic: { ...first.traffic, stable: 100, canary: 0, canaryInForce: 0 } as Memory['traffic'] }) },
  { name: 'aborted it is told so, and goes on loading: there is nothing else', given: first, told: { pods: notReady, commands: { abort: ID } }, want: memory(first, changed(first, { reason: 'Aborted' }), { stable: undefined }) },
  { name: 'another target takes its place', given: first, told: { pods: notReady, target: V3 }, want: memory(begun(V3), { stable: undefined, traffic: fresh(100), lastOutcome: 'Superseded' }) },
  { name: 'even when it is ready', given: first, told: { target: V3 }, want: memory(begun(V3), { stable: undefined, traffic: fresh(100), lastOutcome: 'Superseded' }) },
  { name: 'not one that nothing can load', given: first, told: { pods: notReady, target: { version: '3', createdAt: V3.createdAt } } },
  { name: 'an alias that is gone leaves it', given: first, told: { pods: notReady, target: 'Missing' } },
  { name: 'without a canary there is nothing to wait for', given: serving, told: { pods: { 2: GONE } } }
])
