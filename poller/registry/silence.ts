// What it means for one object that a registry does not answer, in words for those who cannot read the poller's log. Pure.
import type { RegistryFact } from '../../hooks/core/facts.ts'
import { PLACE_OF_SERVERS } from '../../hooks/core/registry-access.ts'
import type { RegistryQuestion } from '../../hooks/core/registry-question.ts'
import { formatInstant } from '../../hooks/core/time.ts'
import { isRemoteError, type Advice, type RemoteError } from '../http/errors.ts'

/** Looks without an answer, in a row: how many, and the monotonic milliseconds of the first. */
export type Silence = { looks: number, since: number }

export type Unanswered = {
  question: RegistryQuestion
  /** Where people say how the registry is asked, in the poller's configuration. */
  place: string
  silence: Silence
  /** What the last look ended with. */
  error: RemoteError
  /** Milliseconds that never go back, as in `silence`. */
  monotonic: number
  /** Seconds, by the API server. */
  now: number
  /** Milliseconds. */
  staleAfter: number
}

const STALE_LOOKS = 3
const UNHEARD_LOOKS = 2

/**
 * The fact after a look without an answer. Where there never was one it says why after the second: whoever makes the first object waits for a word.
 * An answer stays in force; once both 3 looks and `staleAfter` have gone by it is marked as stale.
 */
export function afterSilence (last: RegistryFact | undefined, unanswered: Unanswered): RegistryFact | undefined {
  const { silence, monotonic, staleAfter } = unanswered
  if (!last || last.state === 'Unreachable' || last.state === 'Refused') return silence.looks < enoughLooks(unanswered) ? last : unreachable(last, unanswered)
  if (silence.looks < STALE_LOOKS || monotonic - silence.since < staleAfter) return last
  // observedAt stays: it then says of when the last good answer is.
  return last.stale ? last : { ...last, stale: true }
}

/** What we know ourselves no second look makes surer. */
function enoughLooks ({ error }: Unanswered): number {
  return rootOf(error).advice ? 1 : UNHEARD_LOOKS
}

function unreachable (last: RegistryFact | undefined, { question, place, error, now }: Unanswered): RegistryFact {
  const { cause, remedy } = explain(error, question, place)
  const known = last?.state === 'Unreachable' ? last : undefined
  // A server in trouble fails in turns in this way and that: what calls for the same remedy is no news.
  if (known?.problem?.endsWith(remedy)) return known
  return { ...question, state: 'Unreachable', problem: `${cause}; ${remedy}`.slice(0, 300), observedAt: known?.observedAt ?? formatInstant(now) }
}

/** What people may have to correct, by where the entry comes from. */
const OF_ENTRIES = { address: (entry: string) => `check url in ${entry}`, trust: 'url and caFile', auth: 'auth' }
const OF_OBJECTS = { address: () => 'check status.address of the MLflow object', trust: 'caSecrets and caFile', auth: 'kubernetesAuth and auth' }

// Of the error itself only its kind, status and code are told: its message may hold what a server said, and names hosts.
function explain (error: RemoteError, { workspace }: RegistryQuestion, place: string): Advice {
  const { kind, status, body, message, cause, advice } = rootOf(error)
  if (advice) return advice
  const detail = detailOf(status, cause)
  const { address, trust, auth } = place === PLACE_OF_SERVERS ? OF_OBJECTS : OF_ENTRIES
  const entry = `${place} of the poller's configuration`
  if (status === 403 && /host header/i.test(message)) return { cause: 'it refuses the Host header of the poller', remedy: `set MLFLOW_SERVER_ALLOWED_HOSTS on the MLflow server, or host in ${entry}` }
  switch (kind) {
    case 'Unreachable':
      return { cause: status === undefined ? `it cannot be reached, or does not answer in time${detail}` : `it answers with errors${detail}`, remedy: `check that MLflow runs, and ${trust} in ${entry}` }
    case 'Refused':
      return { cause: `it does not let the poller in${detail}`, remedy: `check ${auth} in ${entry}` }
    case 'BadRequest':
      return { cause: `it declines the question${detail}`, remedy: 'check spec.modelName, and spec.workspace, which is empty for a server without workspaces' }
    case 'NotFound':
    case 'BadAnswer':
      // A page has no JSON body; MLflow itself says so of a workspace that is not there.
      if (status === 404 && body !== undefined && workspace !== '') return { cause: `it knows no workspace ${workspace.slice(0, 64)}`, remedy: 'create it, or correct spec.workspace' }
      return { cause: `what answers is not the API of MLflow${detail}`, remedy: address(entry) }
    default:
      return kind satisfies never
  }
}

function detailOf (status: number | undefined, cause: unknown): string {
  if (status !== undefined) return ` (HTTP ${status})`
  const code = (cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? ` (${code})` : ''
}

/** Behind the breaker's refusal to ask stands what the server did. */
function rootOf (error: RemoteError): RemoteError {
  return isRemoteError(error.cause) ? rootOf(error.cause) : error
}
