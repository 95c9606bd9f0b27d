// What the demo shows of an MLModel or a ModelDeployment at one moment: what it says of itself, and whose pods its Service leads to.
import { SOURCE_LABEL, VERSION_LABEL } from '../../hooks/core/labels.ts'
import { isMap } from '../../hooks/core/plain-value.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import type { Stage, Watching } from './act.ts'
import { drawServing } from './serving-lines.ts'

export interface ServingSnapshot {
  phase: string
  reason: string
  /** What is being done, in the object's own words. */
  doing: string
  error?: string
  /** The model that serves, once it is told. */
  sha256?: string
  bytes?: number
  /** With which model each pod behind the Service answers. */
  answers: string[]
  /** A request found no pod, after one had. */
  hadGap: boolean
}

/** Milliseconds between two requests, each of which is a look at the Service and the pods that it selects. */
const REQUEST_MS = 20

/** Begins to send requests to the Service of this name, and to note by which names models are downloaded. */
export function watchServing ({ system: { api, workloads } }: Stage, service: string): Watching<ServingSnapshot> {
  const names = new Map<string, string>()
  const requests = { asked: 0, unanswered: 0 }
  const stop = api.store.subscribe('batch/jobs', ({ object }) => {
    const key = versionOf(object)
    if (key !== undefined) names.set(key, nameOfModel(object))
  })
  const timer = setInterval(() => {
    const found = workloads.answering('models', service).length > 0
    if (found || requests.asked > 0) requests.asked += 1
    if (!found && requests.asked > 0) requests.unanswered += 1
  }, REQUEST_MS)
  return {
    look: (object) => ({
      ...wordsOf(object),
      answers: workloads.answering('models', service).map((pod) => names.get(versionOf(pod) ?? '') ?? '?').toSorted(),
      hadGap: requests.unanswered > 0
    }),
    draw: (snapshot, title, seconds) => drawServing(snapshot, requests, { title, seconds }),
    end () {
      clearInterval(timer)
      stop()
    }
  }
}

function versionOf ({ metadata: { labels } }: KubeObject): string | undefined {
  return labels?.[SOURCE_LABEL] ?? labels?.[VERSION_LABEL]
}

/** Models of the demo are told apart by their files: `…/version-2.tar.gz`. */
function nameOfModel (job: KubeObject): string {
  return /"MODEL_URI","value":"[^"]*\/version-(\d+)/.exec(JSON.stringify(job['spec']))?.[1] ?? '?'
}

/** The fields of both kinds' statuses that are shown. */
type Status = {
  phase?: string
  reason?: string
  message?: string
  error?: string
  sha256?: string
  model?: { sha256?: string, bytes?: number }
  active?: { found?: { bytes?: number } }
  conditions?: Array<{ type: string, message: string }>
}

function wordsOf (object: KubeObject): Omit<ServingSnapshot, 'answers' | 'hadGap'> {
  const status: Status = isMap(object.status) ? object.status : {}
  const { phase = 'Pending', reason = '', error } = status
  return { phase, reason, doing: doingOf(status), ...(error !== undefined && { error }), ...modelOf(status) }
}

function doingOf ({ message, conditions = [] }: Status): string {
  return message ?? conditions.find(({ type }) => type === 'Progressing')?.message ?? ''
}

function modelOf ({ model, sha256 = model?.sha256, active }: Status): Pick<ServingSnapshot, 'sha256' | 'bytes'> {
  const bytes = active?.found?.bytes ?? model?.bytes
  return { ...(sha256 !== undefined && { sha256 }), ...(bytes !== undefined && { bytes }) }
}
