// Where MLModels and ModelDeployments are played: a control plane with two nodes, volumes and numbers for the autoscaler, the chart installed with
// helm, and hooks, poller and control loop as processes. Neither MLflow nor Prometheus is asked by anybody.
import type { Test } from 'tap'
import { LOOP_SENTENCE } from '../cast.ts'
import { CHART, installChart, type Release } from '../release.ts'
import { startSluice, type Sluice } from '../sluice-programs.ts'
import { openStage, type Stage } from '../stage.ts'
import { followModels, type ModelHistory } from './history.ts'
import { modelStages } from './kubelets.ts'
import { METRICS_CRD, startLoad, type Load } from './load.ts'

export interface ModelScene extends Stage, Sluice {
  release: Release
  history: ModelHistory
  load: Load
}

/** The autoscaler looks often, and believes what it sees of young pods. */
const CONTROLLER_MANAGER_ARGS = [
  '--horizontal-pod-autoscaler-sync-period=1s', '--horizontal-pod-autoscaler-initial-readiness-delay=0s', '--horizontal-pod-autoscaler-cpu-initialization-period=0s'
]

const NODES = 2
const VOLUMES = 24

/** Volumes that lie ready, each on a node: the first pod that needs one decides on which, and whoever needs it after that has to go there. */
const STORAGE = [
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'disks', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer'
  },
  ...Array.from({ length: VOLUMES }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `disk-${index}` },
    spec: {
      capacity: { storage: '10Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'disks',
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path: `/disks/${index}` },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [`kwok-${index % NODES}`] }] }] } }
    }
  }))
]

/** Starts everything; undefined where programs are missing. All of it ends with the test, however it ends. */
export async function openModelScene (t: Test): Promise<ModelScene | undefined> {
  t.comment(`${LOOP_SENTENCE}; Kubernetes, helm: real; kubelets and volumes: KWOK and this test`)
  const stage = await openStage(t, { nodes: NODES, stages: modelStages, controllerManagerArgs: CONTROLLER_MANAGER_ARGS })
  if (!stage) return undefined
  const { api, kubectl } = stage.plane
  await kubectl(['apply', '-f', '-'], { input: [METRICS_CRD, ...STORAGE].map((object) => JSON.stringify(object)).join('\n---\n') })
  await kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/${METRICS_CRD.metadata.name}`])
  const release = await installChart(stage, CHART, { registries: {}, prometheus: {} })
  const sluice = await startSluice(stage, release)
  await kubectl(['create', 'namespace', 'models'])
  const history = await followModels(api)
  return { ...stage, ...sluice, release, history, load: startLoad(api, history) }
}
