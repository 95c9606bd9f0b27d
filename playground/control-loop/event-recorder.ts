// Warning and Normal Events as Metacontroller emits them, counted up instead of repeated, and limited per object.
import { createHash } from 'node:crypto'
import type { KubeObject } from '../api-server/kube-object.ts'
import type { LoopMachine } from './loop-machine.ts'

export interface EventRecorder {
  /** Writes an Event about an object; failures are swallowed, for an Event is no reason to stop. */
  record (about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void>
}

const burst = 25
const refill = 1 / 300

/** Makes a recorder. Without `enabled` it does nothing. */
export function createEventRecorder (machine: LoopMachine, enabled: boolean): EventRecorder {
  const counts = new Map<string, number>()
  const buckets = new Map<string, { tokens: number, at: number }>()

  const allowed = (uid: string, now: number): boolean => {
    const bucket = buckets.get(uid) ?? { tokens: burst, at: now }
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / 1000 * refill)
    buckets.set(uid, { tokens: tokens < 1 ? tokens : tokens - 1, at: now })
    return tokens >= 1
  }
  const write = async (about: KubeObject, type: string, reason: string, message: string): Promise<void> => {
    const { uid = '', name, namespace = 'default' } = about.metadata
    const id = createHash('sha256').update([uid, type, reason, message].join(' ')).digest('hex').slice(0, 16)
    const now = new Date(machine.clock()).toISOString().replace(/\.\d+Z$/, 'Z')
    const path = `/api/v1/namespaces/${namespace}/events`
    const count = (counts.get(id) ?? 0) + 1
    counts.set(id, count)
    if (count > 1) {
      await machine.client.call({ method: 'PATCH', path: `${path}/${name}.${id}`, body: { count, lastTimestamp: now }, contentType: 'application/merge-patch+json' })
      return
    }
    const involvedObject = { apiVersion: about.apiVersion, kind: about.kind, name, uid, ...(about.metadata.namespace ? { namespace } : {}) }
    const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: `${name}.${id}`, namespace }, involvedObject, type, reason, message: message.slice(0, 1024), source: { component: 'metacontroller' }, reportingComponent: 'metacontroller', count: 1, firstTimestamp: now, lastTimestamp: now }
    await machine.client.call({ method: 'POST', path, body: event })
  }
  return {
    async record (about, type, reason, message) {
      if (!enabled || !allowed(about.metadata.uid ?? '', machine.clock())) return
      await write(about, type, reason, message).catch(() => {})
    }
  }
}
