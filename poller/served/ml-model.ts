// MLModel as the poller sees it: what is kept of one, and what it tells people. All of it follows from the status that the hooks report.
import { parseCommands } from '../../hooks/core/facts.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import type { Spec, Status } from '../../hooks/ml-model/schema.ts'
import type { Parent } from '../../hooks/core/request.ts'
import type { ObjectEvent, Story } from '../object-event.ts'
import { createSlimServed, findCondition, sizeOf, type KeptConditions } from './object.ts'

const SPEC = ['source'] as const satisfies Array<keyof Spec>
const STATUS = ['phase', 'reason', 'attempt', 'model', 'error', 'url', 'observedGeneration'] as const satisfies Array<keyof Status>
const CONDITIONS = ['Downloaded', 'Progressing', 'Ready']

export type MLModel = Parent<Pick<Spec, typeof SPEC[number]>, Pick<Status, typeof STATUS[number]> & KeptConditions>

/** A function that keeps of an MLModel what is in MLModel. */
export const createSlimMLModel = () => createSlimServed({ spec: SPEC, status: STATUS, conditions: CONDITIONS })

export const ML_MODEL_STORY: Story<MLModel> = { eventsOf }

/** Whether a download is under way, waiting for its volume included. */
export function isDownloading ({ status }: MLModel): boolean {
  return findCondition(status, 'Downloaded')?.reason === 'Downloading'
}

/** Whether what serves is what the spec asks for. */
export function isSettled ({ status }: MLModel): boolean {
  return findCondition(status, 'Progressing')?.reason === 'UpToDate'
}

/** All that one state bears witness of. */
function eventsOf (model: MLModel): ObjectEvent[] {
  if (!model.status?.attempt) return []
  return [...retryEvents(model), ...downloadEvents(model), ...servingEvents(model), ...troubleEvents(model)]
}

type Words = Pick<ObjectEvent, 'type' | 'reason' | 'action' | 'note'>

/** `type` is the condition whose transition is the occasion. */
function make ({ status }: MLModel, type: string, words: Words): ObjectEvent {
  const since = findCondition(status, type)?.lastTransitionTime
  return { key: `${words.reason}/${status?.attempt ?? 0}`, since, ...words, at: parseInstant(since) }
}

/** Of conditions that stay False from one trouble to the next: a reason, and the spec that it is about, tell occasions apart. */
function makeFalse (model: MLModel, type: string, words: Words, why = ''): ObjectEvent {
  const event = make(model, type, words)
  return { ...event, key: `${event.key}/${why}`, since: `${event.since}/${model.status?.observedGeneration ?? 0}` }
}

/** A person had it tried again. */
function retryEvents (model: MLModel): ObjectEvent[] {
  const { status: { attempt = 0 } = {}, metadata, spec } = model
  const { retry } = parseCommands(metadata.annotations)
  if (attempt < 2 || retry !== String(attempt - 1)) return []
  return [make(model, 'Progressing', { type: 'Normal', reason: 'Retried', action: 'Download', note: `Attempt ${attempt} begins, as sluice.dev/retry asks: ${spec.source.uri}.` })]
}

function downloadEvents (model: MLModel): ObjectEvent[] {
  const { status: { phase, attempt, error } = {}, spec: { source } } = model
  const { status, reason } = findCondition(model.status, 'Downloaded') ?? {}
  if (status === 'True') return [make(model, 'Downloaded', { type: 'Normal', reason: 'Downloaded', action: 'Download', note: `${source.uri} is downloaded${describeModel(model)}.` })]
  // Until its Job is there nothing has begun.
  if (reason === 'Downloading') return phase === 'Pending' ? [] : [makeFalse(model, 'Downloaded', { type: 'Normal', reason: 'DownloadStarted', action: 'Download', note: `${source.uri} is being downloaded, attempt ${attempt}.` })]
  return error === undefined ? [] : [makeFalse(model, 'Downloaded', { type: 'Warning', reason: 'DownloadFailed', action: 'Download', note: error }, reason)]
}

/** The model of the status is the one that serves: during an update that of before. */
function describeModel ({ status: { model, phase } = {} }: MLModel): string {
  if (!model?.sha256 || phase === 'Updating') return ''
  return `${model.bytes === undefined ? '' : `: ${sizeOf(model.bytes)}`}, sha256 ${model.sha256}${model.version ? `, version ${model.version}` : ''}`
}

function servingEvents (model: MLModel): ObjectEvent[] {
  const { status = {}, spec } = model
  if (!isSettled(model) || findCondition(status, 'Ready')?.status !== 'True') return []
  const what = `${status.model?.uri ?? spec.source.uri} serves${status.url ? ` at ${status.url}` : ''}`
  return isUpdate(status)
    ? [make(model, 'Progressing', { type: 'Normal', reason: 'Updated', action: 'Serving', note: `The update is complete: ${what}, as the spec asks.` })]
    : [make(model, 'Ready', { type: 'Normal', reason: 'Serving', action: 'Serving', note: `${what}.` })]
}

/** An update leaves Ready as it is; what serves for the first time, or again, has become Ready by that. */
function isUpdate (status: MLModel['status']): boolean {
  const [ready, settled] = ['Ready', 'Progressing'].map((type) => parseInstant(findCondition(status, type)?.lastTransitionTime) ?? 0)
  return (ready ?? 0) < (settled ?? 0)
}

/** What is downloaded and does not come to serve, or does no longer. */
function troubleEvents (model: MLModel): ObjectEvent[] {
  const { phase, error, reason } = model.status ?? {}
  if (error === undefined || findCondition(model.status, 'Downloaded')?.status !== 'True') return []
  if (phase === 'Ready') return [makeFalse(model, 'Progressing', { type: 'Warning', reason: 'UpdateFailed', action: 'Serving', note: error }, reason)]
  return phase === 'Failed' ? [makeFalse(model, 'Ready', { type: 'Warning', reason: 'Degraded', action: 'Serving', note: error }, reason)] : []
}
