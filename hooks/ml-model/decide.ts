// One decision: from what is remembered, wanted and observed to what is to be. Knows Jobs and pods only by what evidence.ts says of them.
import type { DownloadState, Evidence } from './evidence.ts'
import { downloadFailure, startFailure, type Said } from './failure.ts'
import { FAILURES_KEPT, lookupOf, type Failure, type Memory, type Model, type Recalled, type Version, type Volume } from './memory.ts'
import { volumeName } from './resources/names.ts'
import { distinct } from './restore.ts'
import { contentHash } from '../core/names.ts'
import { isOutsideTheSpec } from '../core/pod-trouble.ts'
import { isImpossible, type Impossible, type Wanted } from './wanted.ts'

export type Question = {
  name: string
  uri: string
  /** By the attempt in which the source is looked up. */
  wantedIn: (lookup: number) => Wanted | Impossible
  evidence: Evidence
  /** The attempt that a person asks to follow by another. */
  retry?: string
}

/** What stands between what is wanted and what is. */
export type Stage =
  /** What serves is what is wanted. */
  | { stage: 'Settled' }
  | { stage: 'Impossible', failure: Said }
  | { stage: 'Downloading', download: Extract<DownloadState, { state: 'Running' }> }
  | { stage: 'DownloadFailed', failure: Said }
  /** The model is there; first it must show what runs now, of which no memory is left. */
  | { stage: 'Waiting' }
  /** `written`: what is observed of the pods is about this start. */
  | { stage: 'Starting', written: boolean }
  | { stage: 'StartFailed', failure: Said }

/** `volumes`: all that a pod may have mounted, or is about to. `keptJobs`: keys of Jobs that are over, and are not to be deleted. */
export type Decision = { memory: Memory, wanted: Wanted | Impossible, under: Stage, volumes: Volume[], keptJobs: string[] }

const LAST_ATTEMPT = 1_000_000

/** Decides. The same arguments give the same decision, and its own memory fed back the same again. */
export function decide (recalled: Recalled, question: Question): Decision {
  const tried = nextAttempt(recalled.memory, question)
  const wanted = question.wantedIn(lookupOf(tried))
  const known = withFailures(withResults(tried, question.evidence), { wanted, evidence: question.evidence })
  const judged = judge(known, { wanted, written: recalled.written, evidence: question.evidence })
  const { memory, under } = isImpossible(wanted) ? { memory: judged, under: { stage: 'Impossible' as const, failure: wanted.problem } } : pursue(judged, wanted, { ...question, written: recalled.written })
  const next = under.stage === 'Downloading' && !isImpossible(wanted) ? [{ name: volumeName(question.name, wanted.key), uid: '', ...wanted.volume }] : []
  const used = [...modelsOf(memory).map(({ volume }) => volume), ...next]
  const leaving = leavingVolumes(recalled, { used, memory, evidence: question.evidence })
  const { leaving: _before, ...rest } = memory
  return { memory: leaving.length > 0 ? { ...rest, leaving } : rest, wanted, under, volumes: distinct([...leaving, ...used]), keptJobs: keptJobs(recalled, { memory, wanted, under, evidence: question.evidence }) }
}

/**
 * Jobs whose result has not been told yet; the one that has failed, so that its pod can be looked at; and any whose failure is not written down yet, for this
 * very write may be refused.
 */
function keptJobs ({ memory: before }: Recalled, { memory, wanted, under, evidence }: Pick<Decision, 'memory' | 'wanted' | 'under'> & { evidence: Evidence }): string[] {
  const isUntold = (key: string): boolean => evidence.download(key).state === 'Done' && modelsOf(memory).some((model) => model.key === key && !model.found)
  const isNew = ({ key }: Failure): boolean => !before.failed?.some((failure) => failure.key === key)
  const isFailed = (key: string): boolean => evidence.download(key).state === 'Failed' && (memory.failed ?? []).some((failure) => failure.key === key && isNew(failure))
  const isShown = (key: string): boolean => under.stage === 'DownloadFailed' && !isImpossible(wanted) && wanted.key === key && evidence.download(key).state === 'Failed'
  return evidence.downloads.filter((key) => isUntold(key) || isFailed(key) || isShown(key))
}

/**
 * Volumes that nothing needs any more. What leaves is written down first and goes in a later sync: one that looks at an old state of the Deployment would
 * take away what its pods have mounted, but cannot write. And pods may be there until all of them are of one template.
 */
function leavingVolumes ({ memory: before, written }: Recalled, { used, memory, evidence: { server, volumes } }: { used: Volume[], memory: Memory, evidence: Evidence }): Volume[] {
  const unused = distinct([...before.leaving ?? [], ...volumes]).filter(({ name }) => !used.some((volume) => volume.name === name))
  // Of a template that somebody has edited, pods may mount what they should not.
  const isMounted = unused.some(({ name }) => server?.claims.includes(name))
  const isAtRest = !server || (written && server.complete && !memory.candidate && !before.candidate && !isMounted)
  return isAtRest ? unused.filter(({ name }) => !before.leaving?.some((volume) => volume.name === name)) : unused
}

/**
 * The memory in the attempt that is due: the next one, if a person asks for it or somebody deleted the volume that the model lay on. What has failed is tried again;
 * of a failed start that is the start, with the model that is there, and of anything else the download.
 */
function nextAttempt (memory: Memory, { wantedIn, evidence, retry }: Question): Memory {
  const { attempt, lookedUpIn: _before, failed = [], ...rest } = memory
  const lookup = lookupOf(memory)
  const wanted = wantedIn(lookup)
  const next = Math.min(attempt + 1, LAST_ATTEMPT)
  const model = isImpossible(wanted) ? undefined : findModel(memory, wanted.content)
  const isAsked = retry === String(attempt)
  const isLost = !isImpossible(wanted) && (model ? evidence.isLost(model.volume) : evidence.download(wanted.key).state === 'Outdated')
  if (isLost) return { ...rest, failed, attempt: next }
  const failure = isAsked ? startFailureOf(memory, wanted) : undefined
  if (failure) return { ...rest, attempt: next, lookedUpIn: lookup, failed: failed.filter(({ key }) => key !== failure.key) }
  return isAsked ? { ...rest, failed, attempt: next } : memory
}

/** Why the version before serves rather than what is wanted and downloaded: its pods did not come up. */
function startFailureOf (memory: Memory, wanted: Wanted | Impossible): Failure | undefined {
  const model = isImpossible(wanted) ? undefined : findModel(memory, wanted.content)
  if (!model || isImpossible(wanted) || !memory.accepted || isSame(memory.accepted, wanted)) return undefined
  return memory.failed?.find(({ key }) => key === startKey(model, wanted.recipe))
}

/** What downloads said, once the poller tells it; nothing waits for that. */
function withResults (memory: Memory, { result }: Evidence): Memory {
  const told = (model: Model): Model => {
    const found = model.found ?? result(model.key)
    return found ? { ...model, found } : model
  }
  const { accepted, candidate, fetched } = memory
  return {
    ...memory,
    ...(accepted && { accepted: { ...accepted, model: told(accepted.model) } }),
    ...(candidate && { candidate: { ...candidate, model: told(candidate.model) } }),
    ...(fetched && { fetched: told(fetched) })
  }
}

/** Every download that failed, wanted still or not: the spec may come back to it. */
function withFailures (memory: Memory, { wanted, evidence: { downloads, download } }: { wanted: Wanted | Impossible, evidence: Evidence }): Memory {
  const known = downloads.reduce((known, key) => {
    const state = download(key)
    return state.state === 'Failed' ? withFailure(known, key, failureOfDownload(known, key, state)) : known
  }, memory)
  return withoutPassing(known, wanted)
}

/** Of a spec that has been left only what lies in it is held against it: the rest may be over when it comes back. */
function withoutPassing (memory: Memory, wanted: Wanted | Impossible): Memory {
  const model = isImpossible(wanted) ? undefined : findModel(memory, wanted.content)
  const current = isImpossible(wanted) ? [] : [wanted.key, ...(model ? [startKey(model, wanted.recipe)] : [])]
  const failed = (memory.failed ?? []).filter(({ key, reason }) => current.includes(key) || !isOutsideTheSpec(reason))
  return { ...memory, failed }
}

/** Why a pod failed is told later than that it has, and may be forgotten before the Job. */
function failureOfDownload ({ failed = [] }: Memory, key: string, download: Extract<DownloadState, { state: 'Failed' }>): Said {
  const before = failed.find((failure) => failure.key === key)
  return before && !download.trouble ? before : downloadFailure(download)
}

type Judged = { wanted: Wanted | Impossible, written: boolean, evidence: Evidence }

/** Whether the candidate has arrived or will not. Only the Deployment that carries this very memory can tell. */
function judge (memory: Memory, { wanted, written, evidence: { server, trouble } }: Judged): Memory {
  const { accepted, candidate } = memory
  if (!server || !candidate) return memory
  // Made out from this very Deployment.
  if (isAdopted(candidate, server)) return accept(memory, candidate)
  if (!written) return memory
  // The spec is back at what serves: the way back begins at once.
  if (isSame(accepted, wanted)) return memory
  if (hasArrived(server, accepted)) return accept(memory, candidate)
  if (accepted && server.late !== undefined) return withFailure(giveBack(memory), startKey(candidate.model, candidate.recipe), startFailure(server.late, trouble))
  return memory
}

/** All pods are of the newest template and answer. Where there is nothing better to go back to, one is enough: more pods answer than there are of older ones. */
function hasArrived ({ complete, observed, available, old }: NonNullable<Evidence['server']>, accepted: Version | undefined): boolean {
  return complete || (!accepted && observed && available > old)
}

/** Nothing is known of when it was started; as it serves, and nothing else does, it is what to go back to. */
function isAdopted ({ recipe }: Version, { observed, old, available }: NonNullable<Evidence['server']>): boolean {
  return recipe === '' && observed && old === 0 && available > 0
}

/** The way of a model from its download to the pods, as far as it goes now. */
function pursue (memory: Memory, wanted: Wanted, question: Question & { written: boolean }): { memory: Memory, under: Stage } {
  const model = findModel(memory, wanted.content)
  return model ? serve(memory, { wanted, model }, question) : fetch(withoutFetched(memory), wanted, question)
}

function fetch (memory: Memory, wanted: Wanted, question: Question & { written: boolean }): { memory: Memory, under: Stage } {
  const failure = memory.failed?.find(({ key }) => key === wanted.key)
  if (failure) return { memory, under: { stage: 'DownloadFailed', failure } }
  const download = question.evidence.download(wanted.key)
  if (download.state === 'Running') return { memory, under: { stage: 'Downloading', download } }
  // The next attempt follows an outdated one by itself, but for the very last; what has failed is remembered by now.
  if (download.state !== 'Done') return { memory, under: { stage: 'Downloading', download: { state: 'Running', noticed: true, waiting: true } } }
  const model = downloaded(wanted, download, question)
  return serve({ ...memory, fetched: model }, { wanted, model }, question)
}

function downloaded ({ key, content, runtime, layout, volume }: Wanted, { uid, downloadedAt }: Extract<DownloadState, { state: 'Done' }>, { name, uri, evidence }: Question): Model {
  const found = evidence.result(key)
  return {
    key,
    content,
    uri,
    folder: layout.folder,
    fileName: layout.fileName,
    predict: runtime.predict(name),
    volume: { name: volumeName(name, key), uid, ...volume },
    ...(downloadedAt !== undefined && { downloadedAt }),
    ...(found && { found })
  }
}

function serve (memory: Memory, { wanted, model }: { wanted: Wanted, model: Model }, { evidence: { server }, written }: Question & { written: boolean }): { memory: Memory, under: Stage } {
  const { accepted, candidate } = memory
  if (isSame(accepted, wanted)) return { memory: withoutFetched(giveBack(memory)), under: { stage: 'Settled' } }
  if (isSame(candidate, wanted)) return { memory, under: { stage: 'Starting', written } }
  const failure = startFailureOf(memory, wanted)
  if (failure) return { memory: giveBack(memory), under: { stage: 'StartFailed', failure } }
  if (mustWait(memory, server)) return { memory, under: { stage: 'Waiting' } }
  return { memory: { ...giveBack(memory), candidate: { model, recipe: wanted.recipe, template: wanted.template(model) } }, under: { stage: 'Starting', written: false } }
}

/** What was made out from a Deployment without memory is judged before anything follows it, or there would be no version to go back to. */
function mustWait ({ candidate }: Memory, server: Evidence['server']): boolean {
  return candidate?.recipe === '' && server !== undefined && server.late === undefined && (!server.observed || server.old > 0)
}

/** All models that are known to lie whole on a volume. */
export function modelsOf ({ accepted, candidate, fetched }: Memory): Model[] {
  return [accepted?.model, candidate?.model, fetched].filter((model) => model !== undefined)
}

/** A downloaded model that is what is wanted. */
function findModel (memory: Memory, content: string): Model | undefined {
  return modelsOf(memory).find((model) => model.content === content)
}

function isSame (version: Version | undefined, wanted: Wanted | Impossible): boolean {
  return version !== undefined && !isImpossible(wanted) && version.model.content === wanted.content && version.recipe === wanted.recipe
}

function startKey ({ key }: Model, recipe: string): string {
  return contentHash({ key, recipe })
}

/** It is what to go back to from now on. */
function accept (memory: Memory, candidate: Version): Memory {
  const { candidate: _candidate, fetched, ...rest } = memory
  return { ...rest, accepted: candidate, ...(fetched && fetched.key !== candidate.model.key && { fetched }) }
}

/** Without its candidate: the accepted template comes back, if there is one. */
function giveBack ({ candidate: _candidate, ...memory }: Memory): Memory {
  return memory
}

function withoutFetched ({ fetched: _fetched, ...memory }: Memory): Memory {
  return memory
}

/** The newest first; one of the same key is replaced where it is. */
function withFailure (memory: Memory, key: string, { reason, message }: Said): Memory {
  const { failed = [] } = memory
  const failure = { key, reason, message }
  const isKnown = failed.some((before) => before.key === key)
  const next = isKnown ? failed.map((before) => before.key === key ? failure : before) : [failure, ...failed].slice(0, FAILURES_KEPT)
  return { ...memory, failed: next }
}
