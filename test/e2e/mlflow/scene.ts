// Where MLflow objects are played: a control plane with two nodes and volumes, the chart installed with helm, hooks, poller and control loop as processes, and a
// test in the place of what runs in pods.
import type { Test } from 'tap'
import { LOOP_SENTENCE } from '../cast.ts'
import { followModels, type ModelHistory } from '../models/history.ts'
import { modelStages } from '../models/kubelets.ts'
import { CHART, installChart, type Further, type Release } from '../release.ts'
import { startSluice, type Sluice } from '../sluice-programs.ts'
import { openStage, type Stage } from '../stage.ts'
import { startMlflowKubelets, type MlflowKubelets } from './kubelets.ts'

export interface MlflowScene extends Stage, Sluice {
  release: Release
  history: ModelHistory
  kubelets: MlflowKubelets
}

/** What says who may use what on the platform; its own CRD has more. */
export const AUTH_CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'auths.services.platform.opendatahub.io' },
  spec: {
    group: 'services.platform.opendatahub.io',
    scope: 'Cluster',
    names: { kind: 'Auth', plural: 'auths', singular: 'auth' },
    versions: [{ name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }]
  }
}

const NODES = 2
const VOLUMES = 24

/** Volumes that lie ready, each on a node, and can grow. */
const STORAGE = [
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'disks', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true
  },
  ...Array.from({ length: VOLUMES }, (_, index) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `disk-${index}` },
    spec: {
      capacity: { storage: '20Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'disks',
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path: `/disks/${index}` },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [`kwok-${index % NODES}`] }] }] } }
    }
  }))
]

/** Starts everything, with a namespace for servers; undefined where programs are missing. All of it ends with the test, however it ends. */
export async function openMlflowScene (t: Test, further: Further = {}, namespace = 'mlflow'): Promise<MlflowScene | undefined> {
  t.comment(`${LOOP_SENTENCE}; Kubernetes, helm, and the program that makes claims: real; kubelets, volumes, databases and MLflow: KWOK and this test`)
  const stage = await openStage(t, { nodes: NODES, stages: modelStages })
  if (!stage) return undefined
  const { api, kubectl } = stage.plane
  await kubectl(['apply', '-f', '-'], { input: [AUTH_CRD, ...STORAGE].map((object) => JSON.stringify(object)).join('\n---\n') })
  await kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/${AUTH_CRD.metadata.name}`])
  await kubectl(['create', 'namespace', namespace])
  const release = await installChart(stage, CHART, { registries: {}, prometheus: {} }, further)
  const history = await followModels(api)
  const kubelets = startMlflowKubelets(stage, history)
  const sluice = await startSluice(stage, release)
  return { ...stage, ...sluice, release, history, kubelets }
}
