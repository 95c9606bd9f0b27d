// Leader election by a Lease: one of several pollers works, the others watch. A short moment with two leaders is harmless, because all
// writes are idempotent; so the aim here is to be simple, never stuck, and free of wall clocks.
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { isApiError, waitAskedBy } from './api-error.ts'
import type { ClusterClient } from './client.ts'
import { heldSpec, LEASE_TIMES, mayTake, releasedSpec, type LeaseObject, type LeaseTimes, type ObservedLease } from './lease-object.ts'

const RELEASE_TIMEOUT_MS = 3_000
const OVERDUE = 'the lease could not be renewed in time'

export type ElectorOptions = {
  client: Pick<ClusterClient, 'get' | 'create' | 'update' | 'serverTime'>
  namespace: string
  name: string
  /** Differs between any two processes, also between two lives of one pod. */
  identity: string
  monotonic: () => number
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  times?: LeaseTimes
  /** Called each time we become leader; the signal is aborted when we are no longer. Must not throw. */
  onLead: (signal: AbortSignal) => void
  logger: Logger
}

export type Elector = {
  /** True only while the lease is certainly ours, by the clock of this very moment. */
  isLeader: () => boolean
  /** Stops leading, hands the lease back and ends. */
  close: () => Promise<void>
}

type Election = {
  options: ElectorOptions
  times: LeaseTimes
  ended: AbortController
  observed: ObservedLease | undefined
  leading: AbortController | undefined
  renewedAt: number
  /** Until when (monotonic) the API server does not want to be asked again. */
  notBefore: number
}

/** Takes part in the election until closed. */
export function startElector (options: ElectorOptions): Elector {
  const election: Election = { options, times: options.times ?? LEASE_TIMES, ended: new AbortController(), observed: undefined, leading: undefined, renewedAt: -Infinity, notBefore: -Infinity }
  const running = run(election)
  return {
    isLeader () {
      // A process that was stopped for longer than the lease lasts is asked this before any timer tells it.
      if (isOverdue(election)) stepDown(election, OVERDUE)
      return election.leading !== undefined
    },
    async close () {
      const held = election.leading !== undefined
      election.ended.abort(new Error('shutting down'))
      stepDown(election, 'shutting down')
      await running
      if (held) await release(election)
    }
  }
}

async function run (election: Election): Promise<void> {
  const { options, times, ended } = election
  const sleep = options.sleep ?? (async (ms, signal) => { await wait(ms, undefined, { signal }).catch(() => undefined) })
  while (!ended.signal.aborted) {
    await round(election)
    await sleep(times.retryMs * (1 + Math.random() * 0.2), ended.signal)
  }
}

async function round (election: Election): Promise<void> {
  if (election.options.monotonic() >= election.notBefore) await tryOnce(election)
  if (!election.ended.signal.aborted && isOverdue(election)) stepDown(election, OVERDUE)
}

/** Whether the lease of a leader may be another's by now. */
function isOverdue ({ leading, options, renewedAt, times }: Election): boolean {
  return leading !== undefined && options.monotonic() - renewedAt >= times.renewDeadlineMs
}

async function tryOnce (election: Election): Promise<void> {
  const { options, times, ended } = election
  const begun = options.monotonic()
  // An attempt that hangs must not make us lead beyond the deadline.
  const left = election.leading ? Math.max(0, Math.ceil(times.renewDeadlineMs - (begun - election.renewedAt))) : times.renewDeadlineMs
  try {
    const taken = await attempt(election, AbortSignal.any([ended.signal, AbortSignal.timeout(left)]))
    if (ended.signal.aborted) return
    if (taken) lead(election, begun)
    else stepDown(election, 'another holds the lease')
  } catch (error) {
    if (ended.signal.aborted) return
    // What we believed of the lease is wrong: look before the next attempt.
    if (isApiError(error, 'Conflict', 'AlreadyExists', 'NotFound')) election.observed = undefined
    election.notBefore = options.monotonic() + waitAskedBy(error)
    options.logger.debug({ err: error }, 'lease not renewed')
  }
}

/** One try to take or renew the lease. False when another holds it. */
async function attempt (election: Election, signal: AbortSignal): Promise<boolean> {
  const { options, times } = election
  const { client, identity, namespace, name } = options
  // The holder writes over what it last wrote; only when that conflicts it has to look.
  if (!election.leading || !election.observed) await look(election, signal)
  const held = { identity, durationSeconds: times.durationSeconds, now: timestamp(options) }
  const { observed } = election
  if (observed === undefined) {
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec: heldSpec(undefined, held) }
    see(election, await client.create<LeaseObject>(collection(options), lease, { signal, tellThrottling: true }))
    return true
  }
  if (!mayTake(observed, identity, options.monotonic())) return false
  see(election, await client.update<LeaseObject>(`${collection(options)}/${name}`, { ...observed.lease, spec: heldSpec(observed.lease.spec, held) }, { signal, tellThrottling: true }))
  return true
}

async function look (election: Election, signal: AbortSignal): Promise<void> {
  const { options } = election
  try {
    see(election, await options.client.get<LeaseObject>(`${collection(options)}/${options.name}`, { signal, tellThrottling: true }))
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error
    election.observed = undefined
  }
}

function see (election: Election, lease: LeaseObject): void {
  if (lease.metadata.resourceVersion === election.observed?.lease.metadata.resourceVersion) return
  election.observed = { lease, changedAt: election.options.monotonic() }
}

function lead (election: Election, renewedAt: number): void {
  const { options } = election
  election.renewedAt = renewedAt
  if (election.leading) return
  election.leading = new AbortController()
  options.logger.info({ identity: options.identity }, 'leading')
  options.onLead(election.leading.signal)
}

function stepDown (election: Election, reason: string): void {
  if (!election.leading) return
  election.options.logger.warn({ identity: election.options.identity, reason }, 'no longer leading')
  election.leading.abort(new Error(reason))
  election.leading = undefined
}

/** A failure only costs the others the lease's duration. */
async function release (election: Election): Promise<void> {
  const { options } = election
  const signal = AbortSignal.timeout(RELEASE_TIMEOUT_MS)
  try {
    // A renewal that was cut off may have been carried out, so what we last saw may be old.
    await look(election, signal)
    const lease = election.observed?.lease
    if (lease?.spec?.holderIdentity !== options.identity) return
    await options.client.update(`${collection(options)}/${options.name}`, { ...lease, spec: releasedSpec(lease.spec, timestamp(options)) }, { signal })
  } catch (error) {
    options.logger.warn({ err: error }, 'lease not released')
  }
}

function collection ({ namespace }: ElectorOptions): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
}

/** For people and for other implementations; we ourselves only look at whether the lease changes. */
function timestamp ({ client }: ElectorOptions): string {
  return new Date(client.serverTime() ?? Date.now()).toISOString().replace('Z', '000Z')
}
