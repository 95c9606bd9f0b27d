// One round: the objects of one workspace of one registry that are due, looked at together.
import { isRemoteError, type RemoteError, type RemoteErrorKind } from '../http/errors.ts'
import type { Tracked } from './agenda.ts'
import { staleAfter } from './config.ts'
import { afterAnswer } from './observe.ts'
import type { ModelReading } from './read-models.ts'
import { isNearlyDue, lookInterval } from './scan-plan.ts'
import { afterSilence } from './silence.ts'
import type { Source } from './source.ts'

/** What came of a round. `failed` counts the objects without an answer, by what went wrong; `problem` is the first of them in words. */
export type RoundReport = {
  server: string
  workspace: string
  kind: 'Get' | 'Scan'
  objects: number
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

/** Looks at those of the members that are due or nearly so, and leaves in each what is now known of it. */
export async function runRound (source: Source, members: Tracked[], options: RoundOptions): Promise<RoundReport> {
  const { monotonic } = options
  const { server, workspace } = members[0]!.question
  const started = monotonic()
  const due = members.filter((tracked) => tracked.hintedAt <= started || isNearlyDue(tracked.nextAt, tracked.pace, started))
  // Marked before the answers come, so that a hint during the round leads to another look.
  for (const tracked of due) {
    tracked.hintedAt = Infinity
    schedule(tracked, 'Answered', options)
  }
  const { plan, readings } = await source.readModels(workspace, new Set(due.map(({ question }) => question.model)))
  const errors = await Promise.all(due.map((tracked) => settle(source, tracked, readings.get(tracked.question.model), options)))
  return { server, workspace, kind: plan.kind, objects: due.length, ...summarize(errors), seconds: (monotonic() - started) / 1000 }
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
    tracked.fact = afterAnswer(tracked.fact, observation, options.now())
    return undefined
  } catch (error) {
    if (!isRemoteError(error)) throw error
    return fail(source, tracked, error, options)
  }
}

function fail ({ config }: Source, tracked: Tracked, error: RemoteError, options: RoundOptions): RemoteError {
  const ms = options.monotonic()
  tracked.silence = { looks: (tracked.silence?.looks ?? 0) + 1, since: tracked.silence?.since ?? ms }
  schedule(tracked, 'NoAnswer', options)
  const fact = afterSilence(tracked.fact, { question: tracked.question, silence: tracked.silence, error, monotonic: ms, now: options.now(), staleAfter: staleAfter(config) })
  if (fact) tracked.fact = fact
  return error
}

function schedule (tracked: Tracked, outcome: 'Answered' | 'NoAnswer', { monotonic, random }: RoundOptions): void {
  tracked.lookedAt = monotonic()
  tracked.nextAt = tracked.lookedAt + lookInterval(tracked.pace, outcome, random())
}
