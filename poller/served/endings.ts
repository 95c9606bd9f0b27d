// What has come to its end between two states of an object, and how long it took. Pure; `now` in seconds is the API server's time.
import type { KubeObject } from '../../hooks/core/request.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import { isMigrating, type MLflow } from './mlflow.ts'
import { isDownloading, isSettled, type MLModel } from './ml-model.ts'
import type { ModelDeployment } from './model-deployment.ts'
import { findCondition } from './object.ts'

/** `id` tells two endings of the same thing apart. `seconds` is absent where the object does not tell since when. */
export type Ending = { what: 'download' | 'validation' | 'readiness' | 'migration', id: string, outcome: 'success' | 'failure', seconds?: number }

/** The endings of any kind; none for a kind that has none of these. */
export function endingsBetween (before: KubeObject, after: KubeObject, now: number): Ending[] {
  switch (after.kind) {
    // The API server has checked them against the schemas from which the types are made.
    case 'MLModel': return endingsOfModel(before as never, after as never, now)
    case 'ModelDeployment': return endingsOfDeployment(before as never, after as never)
    case 'MLflow': return endingsOfServer(before as never, after as never)
    default: return []
  }
}

/** A wish begins when Progressing becomes True, whatever is then downloaded or started for it. */
function endingsOfModel (before: MLModel, after: MLModel, now: number): Ending[] {
  const wished = findCondition(before.status, 'Progressing')
  if (!wished) return []
  const start = wished.status === 'True' ? parseInstant(wished.lastTransitionTime) : undefined
  const id = `${after.status?.attempt ?? 0}/${wished.lastTransitionTime}`
  return [
    ...(isDownloading(before) ? endOfDownload(after, { id, start, now }) : []),
    ...(!isSettled(before) && isSettled(after) ? [{ what: 'readiness' as const, id, outcome: 'success' as const, ...took(start, changedAt(after, 'Progressing')) }] : [])
  ]
}

function endOfDownload (after: MLModel, { id, start, now }: { id: string, start: number | undefined, now: number }): Ending[] {
  const downloaded = findCondition(after.status, 'Downloaded')
  if (!downloaded || isDownloading(after)) return []
  if (downloaded.status === 'True') return [{ what: 'download', id, outcome: 'success', ...took(start, changedAt(after, 'Downloaded')) }]
  // It was False while it went on, so its time says nothing. The words of the failure may change.
  return [{ what: 'download', id: `${id}/failed`, outcome: 'failure', ...took(start, now) }]
}

function changedAt ({ status }: MLModel, type: string): number | undefined {
  return parseInstant(findCondition(status, type)?.lastTransitionTime)
}

function endingsOfDeployment ({ status: before = {} }: ModelDeployment, { status: after = {} }: ModelDeployment): Ending[] {
  // An empty status is a new object, or one whose status was lost.
  if (before.phase === undefined && after.attempt !== 1) return []
  return [...endOfValidation(before, after), ...readiness(before, after)]
}

type Status = NonNullable<ModelDeployment['status']>

function endOfValidation (before: Status, { validation }: Status): Ending[] {
  if (!validation || validation.outcome === 'Running') return []
  const { attempt, outcome, startedAt, finishedAt } = validation
  if (before.validation?.attempt === attempt && before.validation.outcome !== 'Running') return []
  return [{ what: 'validation', id: String(attempt), outcome: outcome === 'Passed' ? 'success' : 'failure', ...took(parseInstant(startedAt), parseInstant(finishedAt)) }]
}

/** A version that was active before needs no time. */
function readiness ({ active: before }: Status, { active }: Status): Ending[] {
  if (!active || active.attempt <= (before?.attempt ?? 0)) return []
  return [{ what: 'readiness', id: active.since, outcome: 'success', ...took(parseInstant(active.startedAt), parseInstant(active.since)) }]
}

/** From the look at its databases to the end of its rollout; one that found nothing to migrate is one, too. Since when it goes on the object does not tell. */
function endingsOfServer (before: MLflow, after: MLflow): Ending[] {
  const ended = findCondition(after.status, 'Migration')
  if (!ended || !isMigrating(before) || isMigrating(after)) return []
  return [{ what: 'migration', id: `${after.status?.attempt ?? 0}/${ended.status}`, outcome: ended.status === 'True' ? 'success' : 'failure' }]
}

function took (start: number | undefined, end: number | undefined): { seconds?: number } {
  return start === undefined || end === undefined ? {} : { seconds: Math.max(0, end - start) }
}
