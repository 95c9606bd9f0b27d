// Who may call the hooks: bearers of a token in a file. The file may hold several, one a line, so that a token can be rotated without a gap.
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** Whether this Authorization header may pass. */
export type TokenCheck = (authorization: string | undefined) => boolean

/**
 * Reads the file, and again whenever it has changed. Throws when it cannot be read or holds no token at the start;
 * later the tokens that were read last stay in force and `onProblem` is told once a change.
 */
export function createTokenCheck (file: string, onProblem: (error: Error) => void): TokenCheck {
  let seen = fingerprint(file)
  let digests = readDigests(file)
  return (authorization) => {
    const now = fingerprint(file)
    if (now !== seen) {
      seen = now
      try {
        digests = readDigests(file)
      } catch (error) {
        onProblem(error as Error)
      }
    }
    return isKnown(digests, authorization)
  }
}

/** What changes when the file does; Kubernetes replaces a mounted Secret by another file. Empty when there is none. */
function fingerprint (file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat ? `${stat.ino} ${stat.mtimeNs} ${stat.size}` : ''
}

function readDigests (file: string): Buffer[] {
  const tokens = readText(file).split('\n').map((line) => line.trim()).filter(Boolean)
  if (tokens.length === 0) throw new Error(`HOOK_TOKEN_FILE ${file} holds no token: write one a line, or unset it to ask for none`)
  return tokens.map(digest)
}

function readText (file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`HOOK_TOKEN_FILE ${file} cannot be read: mount it, or unset it to ask for no token`, { cause: error })
  }
}

/** Digests have one length whatever the token's, and all are compared: the time tells nothing about a token. */
function isKnown (digests: Buffer[], authorization: string | undefined): boolean {
  const [, presented] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  const candidate = digest(presented ?? '')
  const matches = digests.filter((known) => timingSafeEqual(known, candidate))
  return presented !== undefined && matches.length > 0
}

function digest (token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
