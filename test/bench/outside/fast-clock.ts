// Loaded before the poller's own modules (--import): a day in minutes. Nothing is left out: every timer of the poller runs, every request is made and
// answered. Only the time in which the process would sleep is jumped over: when no request is under way, the clock is set to the next timer.
import { subscribe } from 'node:diagnostics_channel'
import { Agent, get } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'

/** How often the outside world is told the time, in ms of the fast clock. Watch events and Date headers are late by up to that. */
const TICK_MS = 10_000
/** Turns of the event loop without a request before time is jumped over: what has just arrived is read in them. */
const QUIET_TURNS = 4
/** A request that takes longer, in real ms, no longer holds up the clock. */
const PATIENCE_MS = 500
const HOUR_MS = 3_600_000

const realNow = performance.now.bind(performance)
const realDate = Date.now.bind(Date)
let jumped = 0

const now = (): number => realNow() + jumped
performance.now = now
Date.now = () => Math.floor(realDate() + jumped)

/** A timer as Node's, as far as it is used: due, called, repeated, refreshed. */
class FastTimer {
  due = 0
  readonly call: () => void
  readonly ms: number
  readonly repeats: boolean
  constructor (call: () => void, ms: number, repeats: boolean) {
    this.call = call
    this.ms = Math.max(1, Number(ms) || 1)
    this.repeats = repeats
    this.refresh()
  }

  refresh (): this {
    this.due = now() + this.ms
    timers.add(this)
    return this
  }

  ref (): this { return this }
  unref (): this { return this }
  hasRef (): boolean { return true }
  close (): void { timers.delete(this) }
  [Symbol.toPrimitive] (): this { return this }
}

const timers = new Set<FastTimer>()

function begin (call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): FastTimer {
  return new FastTimer(() => { call(...args) }, ms, false)
}

function end (timer: unknown): void {
  if (timer instanceof FastTimer) timers.delete(timer)
}

Object.assign(globalThis, {
  setTimeout: begin,
  setInterval: (call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => new FastTimer(() => { call(...args) }, ms, true),
  clearTimeout: end,
  clearInterval: end
})

async function sleep<T> (ms = 0, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  if (signal?.aborted) throw signal.reason
  const timer = begin(() => { resolve(value as T) }, ms)
  const abort = (): void => { reject(signal?.reason) }
  signal?.addEventListener('abort', abort, { once: true })
  try {
    return await promise
  } finally {
    end(timer)
    signal?.removeEventListener('abort', abort)
  }
}
timersPromises.setTimeout = sleep as typeof timersPromises.setTimeout
syncBuiltinESMExports()

AbortSignal.timeout = (ms: number): AbortSignal => {
  const controller = new AbortController()
  // As Node's own it keeps nothing alive that nobody waits for.
  const signal = new WeakRef(controller)
  begin(() => { signal.deref()?.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')) }, ms)
  return controller.signal
}

// What is under way: requests until their last byte, watches until their headers.
type Request = { path: string }
const underWay = new Set<Request>()
let turns = 0
function done (message: unknown): void {
  underWay.delete((message as { request: Request }).request)
  turns = 0
}
subscribe('undici:request:create', (message) => { underWay.add((message as { request: Request }).request) })
subscribe('undici:request:trailers', done)
subscribe('undici:request:error', done)
subscribe('undici:request:headers', (message) => { if ((message as { request: Request }).request.path.includes('watch=true')) done(message) })

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const control = process.env['BENCH_CONTROL'] ?? ''
const hours = Number(process.env['BENCH_HOURS'] ?? 24)
const began = now()
let telling = false
let hour = 0

/** Tells the outside world the time, and waits until it has done what is due there. */
function tick (): void {
  telling = true
  get(`${control}/tick?now=${Date.now()}`, { agent }, (response) => {
    response.resume().once('end', () => {
      telling = false
      turns = 0
    })
  }).once('error', () => { process.exit(0) })
  if (now() - began >= hour * HOUR_MS) sample()
}

function sample (): void {
  const { rss } = process.memoryUsage()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ hour, rss: rss / 1e6, heap: heapUsed / 1e6, external: external / 1e6, afterGc: process.memoryUsage().rss / 1e6, done: hour >= hours })
  hour += 1
}

function runDue (): void {
  for (const timer of [...timers].filter(({ due }) => due <= now()).sort((a, b) => a.due - b.due)) {
    if (!timers.delete(timer)) continue
    if (timer.repeats) timer.refresh()
    timer.call()
    turns = 0
  }
}

let busySince = realNow()
function turn (): void {
  runDue()
  const busy = telling || underWay.size > 0
  if (!busy) busySince = realNow()
  turns = busy ? 0 : turns + 1
  if (turns > QUIET_TURNS || realNow() - busySince > PATIENCE_MS) jump()
  setImmediate(turn)
}

function jump (): void {
  turns = 0
  busySince = realNow()
  let next = Infinity
  for (const { due } of timers) next = Math.min(next, due)
  if (Number.isFinite(next)) jumped += Math.max(0, next - now())
}

setInterval(tick, TICK_MS)
setImmediate(turn)
