// What must be true of every story: nobody was refused anything, and at rest nothing is written.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { countWrites, difference, type Counts } from './counters.ts'
import type { Stage } from './stage.ts'

interface AuditLine {
  verb: string
  requestURI: string
  requestReceivedTimestamp: string
  user?: { username?: string }
  responseStatus?: { code?: number }
  annotations?: Record<string, string>
}

/** What a request to create something in a namespace that is being deleted is told, whoever asks. */
const TERMINATING = /because it is being terminated/

/** No request was refused for want of rights, and no program has written of one. */
export async function assertNothingForbidden (t: Test, { folder, plane }: Stage): Promise<void> {
  const refused = (await auditLines(plane.audit)).filter(({ annotations }) => annotations?.['authorization.k8s.io/decision'] === 'forbid')
  t.strictSame(refused.map(({ user, verb, requestURI }) => `${user?.username ?? ''} ${verb} ${requestURI}`), [], 'the API server has refused nobody')
  const logs = join(folder, 'logs')
  for (const name of (await readdir(logs)).filter((file) => ['hooks.log', 'poller.log', 'control-loop.log'].includes(file))) {
    const forbidden = (await readFile(join(logs, name), 'utf8')).split('\n').filter((line) => /forbidden/i.test(line) && !TERMINATING.test(line))
    t.strictSame(forbidden, [], `nothing is forbidden in ${name}`)
  }
}

/** Counts writes for `seconds`, by the API server's own counters. Says who wrote what, when somebody did. */
export async function writesWithin ({ plane }: Stage, seconds: number): Promise<{ counts: Counts, by: string[] }> {
  const from = new Date().toISOString()
  const before = await countWrites(plane.api)
  await sleep(seconds * 1000)
  const counts = difference(before, await countWrites(plane.api))
  if (Object.keys(counts).length === 0) return { counts, by: [] }
  const changes = (await auditLines(plane.audit)).filter(({ verb, requestURI, requestReceivedTimestamp }) => {
    return requestReceivedTimestamp >= from && !['get', 'list', 'watch'].includes(verb) && !requestURI.includes('/leases')
  })
  return { counts, by: changes.map(({ user, verb, requestURI, requestReceivedTimestamp }) => `${requestReceivedTimestamp} ${user?.username ?? ''} ${verb} ${requestURI}`) }
}

async function auditLines (file: string): Promise<AuditLine[]> {
  const text = await readFile(file, 'utf8')
  // The last line may be half written.
  return text.split('\n').flatMap((line) => line.endsWith('}') ? [JSON.parse(line) as AuditLine] : [])
}
