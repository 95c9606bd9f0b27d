// One round: the objects of one workspace of one registry that are due, looked at together.
import { isRemoteError, type RemoteError, type RemoteErrorKind } from '../http/errors.ts'
import type { Tracked } from './agenda.ts'
import { placeOf, replicaLag, staleAfter } from './config.ts'
import { beginHearing, weigh, type Told } from './doubt.ts'
import { afterAnswer } from './observe.ts'
import { inTurns } from './in-turns.ts'
import type { ModelReading } from './read-models.ts'
import { nextLook } from './scan-plan.ts'
import { afterSilence } from './silence.ts'
import type { Source } from './source.ts'

/** What came of a round. `failed` counts the objects without an answer, by what went wrong; `problem` is the first of them in words. */
export type RoundReport = {
  server: string
  workspace: string
  kind: 'Get' | 'Scan'
  objects: number
  /** Objects whose answer leads back and is not believed yet. */
  doubted?: number
  failed: Partial<Record<RemoteErrorKind, number>>
  problem?: string
  seconds: number
}

export type RoundOptions = {
  /** Seconds, by the API server. */
  now: () => number
  /** Milliseconds that never go back. */
  monotonic: () => number
  /** In [0, 1). */
  random: () => number
}

/**
 * Looks at those of the members that are due or may be taken along, and leaves in each what is now known of it. A scan reads the models of the
 * others, too: they are looked at as well, and not for the price of another scan soon after.
 */
export async function runRound (source: Source, members: Tracked[], options: RoundOptions): Promise<RoundReport> {
  const { monotonic } = options
  const { server, workspace } = members[0]!.question
  const started = monotonic()
  const { due = [], others = [] } = Object.groupBy(members, (tracked) => Math.min(tracked.hintedAt, tracked.readyAt) <= started ? 'due' : 'others')
  // Marked before the answers come, so that a hint during the round leads to another look.
  for (const tracked of due) {
    tracked.hintedAt = Infinity
    schedule(tracked, 'Answered', options)
  }
  const { plan, readings } = await source.readModels(workspace, modelsOf(due), modelsOf(others))
  const alongside = plan.kind === 'Scan' ? others.filter(({ question }) => readings.get(question.model)?.kind === 'Answer') : []
  for (const tracked of alongside) schedule(tracked, 'Answered', options)
  const looked = [...due, ...alongside]
  const errors = await inTurns(looked, async (tracked) => await settle(source, tracked, readings.get(tracked.question.model), options))
  return { server, workspace, kind: plan.kind, objects: looked.length, ...summarize(errors), ...countDoubts(looked), seconds: (monotonic() - started) / 1000 }
}

function modelsOf (tracked: Tracked[]): Set<string> {
  return new Set(tracked.map(({ question }) => question.model))
}

function summarize (errors: Array<RemoteError | undefined>): Pick<RoundReport, 'failed' | 'problem'> {
  const failed: RoundReport['failed'] = {}
  for (const error of errors) {
    if (error) failed[error.kind] = (failed[error.kind] ?? 0) + 1
  }
  const problem = errors.find((error) => error !== undefined)?.message
  return { failed, ...(problem === undefined ? {} : { problem }) }
}

async function settle (source: Source, tracked: Tracked, reading: ModelReading | undefined, options: RoundOptions): Promise<RemoteError | undefined> {
  // The server answers, so it is not silent; what it says is only older than what is known.
  if (!reading || reading.kind === 'Older') return undefined
  if (reading.kind === 'Failed') return fail(source, tracked, reading.error, options)
  try {
    const observation = await source.observe(tracked.question, reading.model, tracked.fact?.state)
    delete tracked.silence
    believe(source, tracked, { answer: observation, updated: reading.model?.last_updated_timestamp }, options)
    return undefined
  } catch (error) {
    if (!isRemoteError(error)) throw error
    return fail(source, tracked, error, options)
  }
}

function countDoubts (looked: Tracked[]): Pick<RoundReport, 'doubted'> {
  const doubted = looked.filter(({ heard }) => heard?.doubt).length
  return doubted > 0 ? { doubted } : {}
}

function believe ({ config }: Source, tracked: Tracked, told: Told, { now, monotonic }: RoundOptions): void {
  const [seconds, ms] = [now(), monotonic()]
  const { believed, heard, lookAt } = weigh(tracked.heard ?? beginHearing(tracked.fact, { seconds, ms }), tracked.fact, told, { ms, lag: replicaLag(config) })
  tracked.heard = heard
  tracked.hintedAt = Math.min(tracked.hintedAt, lookAt)
  if (believed) tracked.fact = afterAnswer(tracked.fact, told.answer, seconds)
}

function fail ({ config }: Source, tracked: Tracked, error: RemoteError, options: RoundOptions): RemoteError {
  const ms = options.monotonic()
  tracked.silence = { looks: (tracked.silence?.looks ?? 0) + 1, since: tracked.silence?.since ?? ms }
  schedule(tracked, 'NoAnswer', options)
  const fact = afterSilence(tracked.fact, { question: tracked.question, place: placeOf(config, tracked.question.server), silence: tracked.silence, error, monotonic: ms, now: options.now(), staleAfter: staleAfter(config) })
  if (fact) tracked.fact = fact
  return error
}

function schedule (tracked: Tracked, outcome: 'Answered' | 'NoAnswer', { monotonic, random }: RoundOptions): void {
  tracked.lookedAt = monotonic()
  const { from, at } = nextLook(tracked.pace, outcome, random())
  tracked.readyAt = tracked.lookedAt + from
  tracked.nextAt = tracked.lookedAt + at
}
