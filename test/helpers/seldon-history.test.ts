// What the e2e tests call a change of something else: in every write, the first one of a rollout included.
import t from 'tap'
import { otherChanges, type SeldonObject, type State } from '../e2e/seldon-history.ts'

type Predictor = SeldonObject['spec']['predictors'][number]

const SINCE = 1000
const before = SINCE - 1

const predictor = (name: string, traffic: number, rest: object = {}): Predictor => ({ name, traffic, replicas: 1, ...rest }) as Predictor
const stable = predictor('v1-a', 100)
const canary = predictor('v2-b', 0)

function state (at: number, predictors: Predictor[], { metadata = {}, spec = {}, type = 'MODIFIED' }: { metadata?: object, spec?: object, type?: string } = {}): State {
  return { at, type, object: { metadata: { name: 'm', namespace: 'n', uid: 'u', ...metadata }, spec: { predictors, ...spec } } }
}

const rows: Array<{ name: string, states: State[], want: string[] }> = [
  { name: 'a canary that is added, gets weight and is taken away again is no other change', states: [state(before, [stable]), state(SINCE, [stable, canary]), state(SINCE + 1, [predictor('v1-a', 80), predictor('v2-b', 20)]), state(SINCE + 2, [stable])], want: [] },
  { name: 'nor is the memory of the rollout', states: [state(before, [stable]), state(SINCE, [stable], { metadata: { annotations: { 'sluice.dev/state': 'x', 'metacontroller.k8s.io/last-applied-configuration': 'y' } } })], want: [] },
  {
    name: 'the write that adds the canary is compared with what was there before',
    states: [
      state(before, [stable]),
      state(SINCE, [predictor('v1-a', 100, { replicas: 7 }), canary], { metadata: { annotations: { foreign: 'changed' } }, spec: { protocol: 'v2' } }),
      state(SINCE + 1, [predictor('v1-a', 80, { replicas: 7 }), predictor('v2-b', 20)], { metadata: { annotations: { foreign: 'changed' } }, spec: { protocol: 'v2' } })
    ],
    want: ['annotations changed', 'spec changed', 'predictor v1-a changed']
  },
  { name: 'so is the only write of a return', states: [state(before, [canary, stable]), state(SINCE, [canary, predictor('v1-a', 100, { replicas: 2 })])], want: ['predictor v1-a changed'] },
  { name: 'with the newest state before, not with older ones', states: [state(before - 1, [predictor('v1-a', 100, { replicas: 2 })]), state(before, [stable]), state(SINCE, [stable, canary])], want: [] },
  { name: 'what changed earlier is not told', states: [state(before - 1, [predictor('v1-a', 100, { replicas: 2 })]), state(before, [stable])], want: [] },
  { name: 'every later write is compared with the one before it', states: [state(before, [stable]), state(SINCE, [stable, canary]), state(SINCE + 1, [stable, predictor('v2-b', 20, { replicas: 3 })])], want: ['predictor v2-b changed'] },
  { name: 'another object in its place is a change', states: [state(before, [stable]), state(SINCE, [stable], { metadata: { uid: 'another' } })], want: ['uid changed'] },
  { name: 'unless the old one was seen to go', states: [state(before, [stable]), state(before, [stable], { type: 'DELETED' }), state(SINCE, [stable], { metadata: { uid: 'another' } })], want: [] },
  { name: 'a deletion that has begun is not compared', states: [state(before, [stable]), state(SINCE, [stable], { metadata: { deletionTimestamp: 'now', finalizers: ['foregroundDeletion'] } })], want: [] }
]

for (const { name, states, want } of rows) {
  t.test(name, async (t) => { t.strictSame(otherChanges(states, SINCE), want) })
}
