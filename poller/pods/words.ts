// The words of pods: what a program of ours left in its termination message, or the last lines of what any other printed. All of it may be anything, and
// goes into an annotation that many may read: without credentials, in one line, and short.
import { DownloadResult, parseDownloadResult } from '../../hooks/core/download.ts'
import { isMap } from '../../hooks/core/plain-value.ts'
import { hideCredentials, plainText } from '../../hooks/core/safe-text.ts'
import { pick } from '../pick.ts'

/** Characters of a message and of a result, as PodsFact limits them. */
const LONGEST_MESSAGE = 300
const LONGEST_RESULT = 1500

/** A reason that a program may give: one word as Kubernetes writes them, and not the one that says that all is well. */
const REASON = /^(?!Completed$)[A-Z][A-Za-z0-9]{1,63}$/

/** What a program of ours says of its failure; undefined when the message is not of that form. */
export function ownWords (text: string | undefined): { reason: string, message?: string } | undefined {
  const { reason, message } = parseMap(text)
  if (typeof reason !== 'string' || !REASON.test(reason)) return undefined
  return { reason, ...(typeof message === 'string' && wordsOf(message)) }
}

/** How a container ended, as far as a result follows from it. */
export type End = { exitCode: number, message?: string }

/**
 * What a program of ours has left, as compact JSON: the first result of a download, whoever left it; and of a container that runs once also any other
 * object, or the `result` of one that says why it failed. One that is started again and again would tell another at every turn.
 */
export function findResult (ends: Array<End | undefined>, { restarts }: { restarts: boolean }): string | undefined {
  const isResult = (result: string | undefined) => result !== undefined
  return ends.map((end) => downloadOf(end?.message)).find(isResult) ?? (restarts ? undefined : ends.map(objectOf).find(isResult))
}

function downloadOf (text: string | undefined): string | undefined {
  const result = parseDownloadResult(text)
  if (!result) return undefined
  const compact = hideCredentials(JSON.stringify(pick(result, Object.keys(DownloadResult.properties) as Array<keyof DownloadResult>)))
  return compact.length <= LONGEST_RESULT && parseDownloadResult(compact) ? compact : undefined
}

function objectOf (end: End | undefined): string | undefined {
  // What a program printed may look like anything, and stands in for the message of one that failed without a word.
  if (!end || (end.exitCode !== 0 && !ownWords(end.message))) return undefined
  const left = parseMap(end.message)
  const result = typeof left.reason === 'string' ? left.result : left
  if (!isMap(result)) return undefined
  const compact = plainText(hideCredentials(JSON.stringify(result)))
  return compact.length <= LONGEST_RESULT && Object.keys(parseMap(compact)).length > 0 ? compact : undefined
}

/** The text as a message, or nothing when there is none. */
export function wordsOf (text: string | undefined): { message?: string } {
  const message = plainText(cutMiddle(hideCredentials(plainText(text ?? '').trim())))
  return message === '' ? {} : { message }
}

/** As many whole lines from the end as a message has room for: that is where a program says why it gave up. */
export function lastWords (text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const kept: string[] = []
  let length = 0
  for (const line of hideCredentials(text).split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean).toReversed()) {
    length += line.length + 1
    if (kept.length > 0 && length > LONGEST_MESSAGE) break
    kept.unshift(line)
  }
  return kept.join('\n')
}

/** Sentences of Kubernetes say first what could not be done, and last why; what stands between is names. */
function cutMiddle (text: string): string {
  const half = Math.floor((LONGEST_MESSAGE - 1) / 2)
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, half)}…${text.slice(-half)}`
}

function parseMap (text: string | undefined): Record<string, unknown> {
  if (text === undefined || !text.trimStart().startsWith('{')) return {}
  try {
    const value: unknown = JSON.parse(text)
    return isMap(value) ? value : {}
  } catch {
    return {}
  }
}
