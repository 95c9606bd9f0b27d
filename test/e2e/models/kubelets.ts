// What no container here does by itself: KWOK's stages for pods of models, and how the pods of Jobs end.
import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { DownloadResult } from '../../../hooks/core/download.ts'
import type { Api } from '../api.ts'
import type { PodObject } from './objects.ts'

/** How a container has ended, and what it has left as its termination message. */
export interface End { exitCode: number, message?: string }

/** The program that downloads, when all went well. */
export function downloaded (result: DownloadResult): End {
  return { exitCode: 0, message: JSON.stringify(result) }
}

/** The same, when it gave up for good. */
export function refused (reason: string, message: string): End {
  return { exitCode: 42, message: JSON.stringify({ reason, message }) }
}

/** In these, pods behave as stages.yaml has it, and not as KWOK's own stages would have them: ready at once, and Jobs done. */
const OUR_OWN = [
  { key: '.metadata.labels["app.kubernetes.io/component"]', operator: 'NotIn', values: ['download', 'validation', 'claim', 'preflight', 'migration'] },
  { key: '.spec.containers[].env[]? | select(.name == "START") | .value', operator: 'NotIn', values: ['never', 'crash'] }
]

/** KWOK's stages with ours. */
export function modelStages (own: string): string {
  const documents = parseAllDocuments(own).filter((document) => document.contents !== null)
  for (const document of documents) {
    if (['pod-ready', 'pod-complete'].includes(String(document.getIn(['metadata', 'name'])))) {
      for (const expression of OUR_OWN) document.addIn(['spec', 'selector', 'matchExpressions'], expression)
    }
  }
  return [...documents.map(String), readFileSync(new URL('stages.yaml', import.meta.url), 'utf8')].join('\n---\n')
}

/** Ends the pod of a Job: each container that is named here as it says; those after one that has failed never begin. */
export async function endPod (api: Api, pod: PodObject, ends: Readonly<Record<string, End>>): Promise<void> {
  const { initContainers = [], containers } = pod.spec
  const failed = Object.values(ends).some(({ exitCode }) => exitCode !== 0)
  const status = {
    phase: failed ? 'Failed' : 'Succeeded',
    initContainerStatuses: initContainers.map((container) => statusOf(container, ends)),
    containerStatuses: containers.map((container) => statusOf(container, ends))
  }
  await patchStatus(api, pod, status)
}

/** Has a server answer no more. */
export async function silencePod (api: Api, pod: PodObject, end: End): Promise<void> {
  const at = new Date().toISOString()
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'False', reason: 'ContainersNotReady', lastTransitionTime: at }))
  const containerStatuses = pod.spec.containers.map(({ name, image }) => ({
    name, image, imageID: '', ready: false, started: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: terminated(end)
  }))
  await patchStatus(api, pod, { conditions: [...(pod.status?.conditions ?? []).filter(({ type }) => !type.endsWith('Ready')), ...conditions], containerStatuses })
}

function statusOf ({ name, image }: { name: string, image: string }, ends: Readonly<Record<string, End>>): object {
  const end = ends[name]
  return { name, image, imageID: '', ready: false, started: false, restartCount: 0, state: end ? terminated(end) : { waiting: { reason: 'PodInitializing' } } }
}

function terminated ({ exitCode, message = '' }: End): object {
  const at = new Date().toISOString()
  return { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message, startedAt: at, finishedAt: at } }
}

async function patchStatus (api: Api, { metadata: { namespace, name } }: PodObject, status: object): Promise<void> {
  const answer = await api.fetch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, {
    method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' }, body: JSON.stringify({ status })
  })
  if (!answer.ok) throw new Error(`the API server answered ${answer.status} to the status of pod ${name}: ${await answer.text()}`)
}
