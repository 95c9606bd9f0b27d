// While Seldon takes away what left, a write of ours can make its status write conflict; it would then look for a Service that it has deleted
// itself, and be Failed for good (seen with the real Metacontroller). So what can wait waits.
import t from 'tap'
import { predictorName } from '../../hooks/core/names.ts'
import { holdFor } from '../../hooks/mlflow-model/hold.ts'
import type { Memory } from '../../hooks/mlflow-model/schema/status.ts'
import { NOT_DEPLOYED, type Observation } from '../../hooks/serving/backend.ts'
import { seldon } from '../../hooks/serving/seldon.ts'
import { requestFor } from '../helpers/requests.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { newestChild } from '../helpers/rollout-world/state.ts'
import type { Move } from '../helpers/rollout-world/moves.ts'
import { promotedPlay } from '../helpers/rollout-world/play.ts'

const ready = { replicas: 1, availableReplicas: 1 }
const service = { svcName: 'some' }

const rows: Array<{ name: string, predictors?: string[], deployments: Record<string, object>, services?: Record<string, object>, clearing: boolean }> = [
  { name: 'nothing is left when status and spec name the same', deployments: { 'first-v2-bbbbbb-0-model': ready }, services: { 'first-v2-bbbbbb': service, 'first-v2-bbbbbb-model': service }, clearing: false },
  { name: 'a Deployment of a predictor that left is still counted', deployments: { 'first-v1-aaaaaa-0-model': ready, 'first-v2-bbbbbb-0-model': ready }, clearing: true },
  { name: 'a Service of a predictor that left is still named', deployments: { 'first-v2-bbbbbb-0-model': ready }, services: { 'first-v1-aaaaaa-model': service, 'first-v2-bbbbbb': service }, clearing: true },
  { name: 'nothing is taken away before all predictors are ready', deployments: { 'first-v1-aaaaaa-0-model': ready, 'first-v2-bbbbbb-0-model': { replicas: 1 } }, clearing: false },
  { name: 'a predictor whose name begins like one that is there has left', deployments: { 'first-v2-bbbbbb-0-model': ready }, services: { 'first-v2-bbbbbbb': service }, clearing: true },
  { name: 'what is not named like a predictor of ours is somebody else\'s', deployments: { 'first-v2-bbbbbb-0-model': ready, 'first-explainer': ready }, services: { other: service }, clearing: false },
  { name: 'an object without a status clears nothing', deployments: {}, clearing: false }
]

for (const { name, deployments, services = {}, clearing } of rows) {
  t.test(name, async (t) => {
    const request = requestFor(mlflowModel)
    const predictors = [{ name: 'v2-bbbbbb', traffic: 100, annotations: { version: '2', 'sluice.dev/created-at': '2026-01-01T00:00:00Z' } }]
    request.children['SeldonDeployment.machinelearning.seldon.io/v1'] = {
      'home/first': { apiVersion: 'machinelearning.seldon.io/v1', kind: 'SeldonDeployment', metadata: { name: 'first', namespace: 'home' }, spec: { predictors }, status: { deploymentStatus: deployments, serviceStatus: services } }
    }
    t.equal(seldon.observe(request)?.clearingSince !== undefined, clearing)
  })
}

/** 2a has been promoted, and the version before it has just been taken out to make place for 3a. */
function droppedPlay () {
  const play = promotedPlay()
  play.run({ do: 'alias', version: '3a' }, { do: 'poll' })
  play.until(() => !('1a' in play.wanted()))
  return play
}

const settle: Move = { do: 'settle' }

const stable = { version: '2', createdAt: '2026-01-02T00:00:00.000Z', uri: 's3://models/2' }
const canary = { version: '3', createdAt: '2026-01-03T00:00:00.000Z', uri: 's3://models/3' }
const memory: Memory = { sequence: 5, counter: 1, stable }
const loading: Memory = { ...memory, sequence: 6, canary, rollout: { id: 'r', stage: 'Loading', step: 0, startedAt: '2026-01-04T00:00:00Z', present: true, raised: false, commanded: false, losses: 0 } }
const left: Observation = { shares: { [predictorName(stable)]: 100 }, versions: [], router: { present: true, applied: true, transition: '' }, readiness: () => NOT_DEPLOYED }

t.test('the next version is added only after the operator has taken the one before away', async (t) => {
  const play = droppedPlay()
  const before = newestChild(play.world)?.metadata.resourceVersion
  play.run(settle)
  t.same(play.wanted(), { '2a': 100 })
  t.equal(newestChild(play.world)?.metadata.resourceVersion, before, 'nothing at all is written meanwhile')
  play.until(() => '3a' in play.wanted())
  const entries = Object.keys((newestChild(play.world)?.status as { deploymentStatus: object }).deploymentStatus)
  t.equal(entries.length, 1, 'and then the status names only what is there')
})

t.test('what is never struck off holds the next version up for a minute only', async (t) => {
  const held = holdFor({ ...left, clearingSince: 1000 }, { before: memory, after: loading, now: 1059 })
  t.equal(held, 1060, 'and the status says when to look again')
  t.equal(holdFor({ ...left, clearingSince: 1000 }, { before: memory, after: loading, now: 1060 }), undefined)
})

t.test('what changes a weight does not wait', async (t) => {
  const clearing = { ...left, clearingSince: 1000 }
  t.equal(holdFor(clearing, { before: memory, after: { ...memory, deleting: true }, now: 1001 }), undefined, 'a mark')
  t.equal(holdFor({ ...clearing, shares: { [predictorName(stable)]: 70 } }, { before: memory, after: loading, now: 1001 }), undefined, 'weights that somebody changed')
})
