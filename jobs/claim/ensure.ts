// One run: look at the claim, apply what may be applied, begin anew where somebody else was quicker. It never deletes anything.
import type { Logger } from 'pino'
import { defined } from '../../hooks/core/plain-value.ts'
import { logRetries, persist } from '../program/patience.ts'
import { createClaimApi, type ClaimApi } from './api.ts'
import type { Connection } from './connection.ts'
import { planApply, refuseOwned, type LiveClaim } from './plan.ts'
import type { Claim, Settings } from './settings.ts'

/** The termination message of a success. `capacity` is what the volume has; it comes with the volume. */
export type ClaimResult = { claim: string, uid: string, phase: string, capacity?: string }

export type Surroundings = { connection: Connection, logger: Logger, signal: AbortSignal }

/** Makes the claim, or expands it. Throws ClaimError and AbortError. */
export async function ensureClaim ({ CLAIM: wanted, ...settings }: Settings, { connection, logger, signal }: Surroundings): Promise<ClaimResult> {
  const { name, namespace = connection.namespace } = wanted.metadata
  const api = createClaimApi({ connection, namespace, name, timeoutMs: settings.CLAIM_TIMEOUT_SECONDS * 1000 })
  try {
    const patience = { retries: settings.CLAIM_RETRIES, firstDelay: settings.CLAIM_RETRY_SECONDS * 1000, signal, onRetry: logRetries(logger) }
    return resultOf(name, await persist(async () => await ensureOnce(api, wanted, signal), patience))
  } finally {
    await api.close()
  }
}

async function ensureOnce (api: ClaimApi, wanted: Claim, signal: AbortSignal): Promise<LiveClaim> {
  const live = await api.get(signal)
  const applied = await api.apply(planApply(wanted, live), signal)
  // Where there was none, somebody else may have made one meanwhile.
  refuseOwned(wanted, applied)
  return applied
}

function resultOf (claim: string, { metadata: { uid }, status = {} }: LiveClaim): ClaimResult {
  return defined({ claim, uid, phase: status.phase ?? 'Pending', capacity: status.capacity?.storage }) as ClaimResult
}
