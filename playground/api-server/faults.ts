// Faults that the API server can be switched to while it runs, so that a demo or a test can break it for chosen callers, verbs and kinds.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import { statusOfCode } from './api-error.ts'
import type { Status } from './api-error.ts'
import type { RequestInfo, Verb } from './request-info.ts'
import type { OpenWatch } from './watch-stream.ts'

/** What one request suffers. Parts combine: a delay comes first. */
export interface Fault {
  /** Milliseconds to wait before anything else. */
  delay?: number
  /** Answer this HTTP code with a Status, without doing anything. */
  answer?: number
  message?: string
  /** Seconds, sent as Retry-After with `answer`. */
  retryAfter?: number
  /** Break the connection: before anything is done, or after the request took effect but before it is answered. */
  cut?: 'before' | 'after'
  /** A watch is opened and never says anything nor ends, as behind a proxy that lost its other side; other requests are never answered. */
  silent?: boolean
}

/** Whom a fault meets: all that is named must be so. */
export interface FaultRule extends Fault {
  verbs?: Verb[]
  /** Plurals, such as mlflowmodels. */
  resources?: string[]
  /** Callers by the beginning of their User-Agent: `sluice-poller`, `metacontroller`, … */
  agents?: string[]
  /** Only pages of a list after the first, which name a continue token. */
  continued?: boolean
  /** Share of the requests that it meets, in (0, 1] [1]; spread evenly, not by chance: of every ten with 0.3 three. */
  share?: number
}

/** One request that a rule met, at this time (ms, monotonic). */
export interface Met { at: number, verb: Verb, resource: string, path: string, agent: string }

export interface FaultSwitch {
  /** The first rule that meets a request is carried out. Watches that are open fall silent when a silent rule meets them, and stay so. */
  set (...rules: FaultRule[]): void
  /** Well again; watches that fell silent stay so until their clients give them up. */
  clear (): void
  /** Every request that a rule has met since the last `set`. */
  readonly met: readonly Met[]
}

/** The switch, and what the server asks it. `watches` are those that are open. */
export function createFaultSwitch (watches: () => Iterable<OpenWatch>): FaultSwitch & { find (request: RequestInfo): Fault | undefined } {
  let rules: { rule: FaultRule, passed: number }[] = []
  let met: Met[] = []

  function find (request: RequestInfo): Fault | undefined {
    const entry = rules.find(({ rule }) => concerns(rule, request))
    if (!entry) return undefined
    const { share = 1 } = entry.rule
    entry.passed += share
    // A share of 0.3 is due at the 4th, 7th, 10th, 14th … request.
    if (entry.passed + 1e-9 < 1) return undefined
    entry.passed -= 1
    met.push({ at: performance.now(), verb: request.verb, resource: request.plural, path: request.path, agent: agentOf(request) })
    return entry.rule
  }

  return {
    set (...next) {
      rules = next.map((rule) => ({ rule, passed: 0 }))
      met = []
      for (const watch of watches()) if (next.find((rule) => concerns(rule, watch.request))?.silent === true) watch.silence()
    },
    clear () { rules = [] },
    get met () { return met },
    find
  }
}

function concerns ({ verbs, resources, agents, continued }: FaultRule, request: RequestInfo): boolean {
  const isOneOf = <T>(list: T[] | undefined, value: T): boolean => list === undefined || list.includes(value)
  return isOneOf(verbs, request.verb) && isOneOf(resources, request.plural) &&
    (agents === undefined || agents.some((agent) => agentOf(request).startsWith(agent))) &&
    (continued !== true || request.query.has('continue'))
}

function agentOf (request: RequestInfo): string {
  return request.headers['user-agent'] ?? ''
}

/** Carries out a fault; true if the request is thereby answered, or never will be. `act` does what was asked without answering. */
export async function suffer (fault: Fault | undefined, request: RequestInfo, response: ServerResponse, act: () => void): Promise<boolean> {
  if (!fault) return false
  if (fault.delay !== undefined) await sleep(fault.delay)
  if (fault.answer !== undefined) {
    sendStatus(response, statusOfCode(fault.answer, fault.message), fault.retryAfter)
    return true
  }
  if (fault.silent === true) {
    if (request.verb === 'watch') response.writeHead(200).flushHeaders()
    return true
  }
  if (fault.cut === undefined) return false
  if (fault.cut === 'after') act()
  response.destroy()
  return true
}

/** Answers with a Status, and with Retry-After if it names one. */
export function sendStatus (response: ServerResponse, status: Status, retryAfter?: number): void {
  const seconds = retryAfter ?? status.details?.retryAfterSeconds
  response.writeHead(status.code, { 'content-type': 'application/json', ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }) }).end(JSON.stringify(status))
}
