// What must be true of every story: nobody was refused anything, and at rest nothing is written, however often the hooks are asked.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { countWrites, difference, type Counts } from './counters.ts'
import { answeredCalls } from './hook-calls.ts'
import type { Sluice } from './sluice-programs.ts'
import type { Stage } from './stage.ts'

type Played = Stage & Pick<Sluice, 'hooks'>

interface Rest {
  /** Writes by the API server's own counters, and who wrote what, when somebody did. */
  writes: { counts: Counts, by: string[] }
  /** Calls that the hooks have answered meanwhile. */
  syncs: number
}

/** Seconds. Rarely in use, so that what goes wrong between syncs is not hidden by the next one. */
const RESYNC = { installed: 300, often: 2 }

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

/** No request was refused for want of rights, and no program has written of one. `spared`: users who may come before their rights, and try again. */
export async function assertNothingForbidden (t: Test, { folder, plane }: Stage, spared = /^$/): Promise<void> {
  const refused = (await auditLines(plane.audit)).filter(({ annotations, user }) => annotations?.['authorization.k8s.io/decision'] === 'forbid' && !spared.test(user?.username ?? ''))
  t.strictSame(refused.map(({ user, verb, requestURI }) => `${user?.username ?? ''} ${verb} ${requestURI}`), [], 'the API server has refused nobody')
  const logs = join(folder, 'logs')
  for (const name of (await readdir(logs)).filter((file) => ['hooks.log', 'poller.log', 'control-loop.log'].includes(file))) {
    const forbidden = (await readFile(join(logs, name), 'utf8')).split('\n').filter((line) => /forbidden/i.test(line) && !TERMINATING.test(line))
    t.strictSame(forbidden, [], `nothing is forbidden in ${name}`)
  }
}

/**
 * Counts writes for `seconds`, while every object of one controller is synced every other second. At rest nothing else wakes an object, and a sync that writes what
 * the API server takes for no change is followed by no event: without these syncs such writes would not be seen.
 */
export async function restOf (scene: Played, seconds: number, controller = 'sluice-mlflowmodels'): Promise<Rest> {
  const { hooks } = scene
  await setResync(scene, controller, RESYNC.often)
  try {
    await settle(scene)
    const before = await answeredCalls(hooks.url, 200)
    const writes = await writesWithin(scene, seconds)
    return { writes, syncs: await answeredCalls(hooks.url, 200) - before }
  } finally {
    await setResync(scene, controller, RESYNC.installed)
  }
}

/** Events follow the last decision, the operator clears up, and the controller starts anew. Whoever does not come to rest is told of by what is counted then. */
async function settle (stage: Stage): Promise<void> {
  for (let look = 1; look <= 10; look += 1) {
    const { counts } = await writesWithin(stage, 3)
    if (Object.keys(counts).length === 0) return
  }
}

async function setResync ({ plane: { kubectl } }: Stage, controller: string, resyncPeriodSeconds: number): Promise<void> {
  await kubectl(['patch', 'compositecontroller', controller, '--type=merge', '-p', JSON.stringify({ spec: { resyncPeriodSeconds } })])
}

async function writesWithin ({ plane }: Stage, seconds: number): Promise<Rest['writes']> {
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
