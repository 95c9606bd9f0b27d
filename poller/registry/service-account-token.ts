// Bearer tokens of a reader ServiceAccount, asked for from the API server shortly before they are needed.
import type { KubernetesAuth } from './config.ts'

/** Makes a TokenRequest; given by whoever talks to the API server. `seconds` is the lifetime that the API server granted. */
export type RequestToken = (auth: KubernetesAuth) => Promise<{ token: string, seconds: number }>

export type ServiceAccountToken = {
  get (): Promise<string>
  /** The server did not take the token (the ServiceAccount may have been created anew): the next get asks for another. */
  forget (): void
}

/** Part of its lifetime after which a token is replaced. */
const RENEW_AT = 0.8
/** Milliseconds between two tokens at the least, however often the server refuses them: the cause may be missing permissions. */
const LEAST_AGE = 60_000

export function createServiceAccountToken (auth: KubernetesAuth, request: RequestToken, monotonic: () => number): ServiceAccountToken {
  let current: { token: Promise<string>, at: number, renewAt: number } | undefined

  function renew (): Promise<string> {
    const at = monotonic()
    const asked = request(auth)
    const entry = { token: asked.then(({ token }) => token), at, renewAt: Infinity }
    current = entry
    asked.then(
      ({ seconds }) => { entry.renewAt = at + seconds * 1000 * RENEW_AT },
      () => { if (current === entry) current = undefined }
    )
    return entry.token
  }

  return {
    get: () => current && monotonic() < current.renewAt ? current.token : renew(),
    forget () {
      if (current && monotonic() - current.at >= LEAST_AGE) current = undefined
    }
  }
}
