// The Lease as an object: who may take it, and what its holder writes into it. Pure.

/** The defaults of client-go: how long a lease is good, how long its holder tries to renew it, and how often. */
export const LEASE_TIMES = { durationSeconds: 15, renewDeadlineMs: 10_000, retryMs: 2_000 }
export type LeaseTimes = typeof LEASE_TIMES

export type LeaseSpec = { holderIdentity?: string, leaseDurationSeconds?: number, acquireTime?: string, renewTime?: string, leaseTransitions?: number }

export type LeaseObject = {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace: string, resourceVersion?: string }
  spec?: LeaseSpec
}

/** What was last seen of the lease, and when (ms, monotonic, here) it was last seen to change. */
export type ObservedLease = { lease: LeaseObject, changedAt: number }

/**
 * Whether the lease may be taken: nobody holds it, we do, or it has not changed for its duration by the clock here.
 * The times inside it are of other clocks and are not looked at.
 */
export function mayTake ({ lease, changedAt }: ObservedLease, identity: string, now: number): boolean {
  const holder = lease.spec?.holderIdentity
  if (!holder || holder === identity) return true
  return now - changedAt > (lease.spec?.leaseDurationSeconds ?? LEASE_TIMES.durationSeconds) * 1000
}

/** The spec by which `identity` takes or renews the lease. `now` is RFC 3339 with microseconds. */
export function heldSpec (before: LeaseSpec | undefined, { identity, durationSeconds, now }: { identity: string, durationSeconds: number, now: string }): LeaseSpec {
  const ours = before?.holderIdentity === identity
  return {
    holderIdentity: identity,
    leaseDurationSeconds: durationSeconds,
    acquireTime: (ours && before.acquireTime) || now,
    renewTime: now,
    leaseTransitions: (before?.leaseTransitions ?? 0) + (ours || before === undefined ? 0 : 1)
  }
}

/** The spec by which its holder gives it back: nobody, for one second. */
export function releasedSpec (before: LeaseSpec | undefined, now: string): LeaseSpec {
  return { ...before, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now }
}
