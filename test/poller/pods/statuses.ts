// Pods as a cluster shows them (Kubernetes 1.30 and later, containerd), for the tests of what is told of them.
import type { KubeObject } from '../../../hooks/core/request.ts'
import { T0, at } from '../../helpers/poller-model.ts'

export { T0, at }

export const RESULT = { uri: 'https://models.example.com/churn/7.zip', sha256: 'ab'.repeat(32), bytes: 1234, files: 1 }

type Parts = {
  name?: string
  owner?: { kind: string, name: string }
  created?: number
  parent?: string
  status?: object
  restartPolicy?: 'Never' | 'Always' | 'OnFailure'
  deleted?: boolean
}

const OF_JOB: Required<Parts> = { name: 'churn-download-1-x7k2p', owner: { kind: 'Job', name: 'churn-download-1' }, created: 0, parent: 'mlmodel.churn', status: {}, restartPolicy: 'Never', deleted: false }

/** A pod of Job `churn-download-1`, with all that a cluster puts into one. */
export function pod (parts: Parts = {}): KubeObject {
  const { name, owner, created, parent, status, restartPolicy, deleted } = { ...OF_JOB, ...parts }
  const hash = owner.kind === 'ReplicaSet' && { 'pod-template-hash': owner.name.slice(owner.name.lastIndexOf('-') + 1) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'models',
      uid: `uid-${name}`,
      resourceVersion: '7',
      creationTimestamp: at(created),
      ...(deleted && { deletionTimestamp: at(created + 60) }),
      labels: { 'sluice.dev/parent': parent, ...hash },
      annotations: { 'cni.example.com/ip': '10.0.0.7' },
      ownerReferences: [{ apiVersion: owner.kind === 'Job' ? 'batch/v1' : 'apps/v1', ...owner, uid: 'u', controller: true, blockOwnerDeletion: true }],
      managedFields: [{ manager: 'kubelet' }]
    },
    spec: { restartPolicy, nodeName: 'node-3', containers: [{ name: 'server', image: 'example.com/server:1' }] },
    status
  } as unknown as KubeObject
}

/** A pod of Deployment `churn`. */
export const serverPod = (parts: Parts = {}): KubeObject => pod({ name: 'churn-7d9b4c6f8-xk2p9', owner: { kind: 'ReplicaSet', name: 'churn-7d9b4c6f8' }, restartPolicy: 'Always', ...parts })

type State = { waiting?: object, running?: object, terminated?: object }

export const container = (state: State, more: { lastState?: State, ready?: boolean, restartCount?: number, name?: string } = {}): object => ({ name: 'server', image: 'example.com/server:1', imageID: '', ready: false, restartCount: 0, started: false, lastState: {}, state, ...more })
export const ended = (exitCode: number, reason: string, message?: string): { terminated: object } => ({ terminated: { exitCode, reason, ...(message !== undefined && { message }), startedAt: at(0), finishedAt: at(5), containerID: 'containerd://0' } })
export const waiting = (reason: string, message?: string): { waiting: object } => ({ waiting: { reason, ...(message !== undefined && { message }) } })
export const running = (since: number): { running: object } => ({ running: { startedAt: at(since) } })

export const CRASH_LOOP = waiting('CrashLoopBackOff', 'back-off 5m0s restarting failed container=server pod=churn-7d9b4c6f8-xk2p9_models(927c8906-679e-4ccb-9e2d-e219eada6de0)')
export const TRACEBACK = 'Traceback (most recent call last):\n  File "/app/server.py", line 12, in <module>\n    load()\nValueError: cannot read model.pt\n'
