// Creates Events (events.k8s.io/v1). An Event's name is a hash of what it is about, so creating it again finds that it is there.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExponentialBackoff } from 'cockatiel'
import type { Logger } from 'pino'
import type { KubeObject } from '../../hooks/core/request.ts'
import { forPeople } from '../../hooks/core/safe-text.ts'
import { isApiError, waitAskedBy } from './api-error.ts'
import type { ClusterClient } from './client.ts'
import { PRIORITY, type WriteQueue } from './write-queue.ts'

const CONTROLLER = 'sluice.dev/poller'
/** The API's limit on reportingInstance. */
const INSTANCE_LENGTH = 128
/** Likewise on a note, which it counts in bytes. */
const NOTE_BYTES = 1024
const ATTEMPTS = 8
/** Events remembered, so that a repetition costs no call. Beyond it the oldest are forgotten: the API server remembers them anyway. */
const REMEMBERED = 10_000

export type EventText = { key: string, type: 'Normal' | 'Warning', reason: string, action: string, note: string }

export type EventRecorder = {
  /** Creates the Event soon, after more urgent writes, and tries again for some minutes when the API server does not answer. */
  record: (object: Regarding, event: EventText) => void
  /** Drops what is still to be told. */
  close: () => Promise<void>
}

type Regarding = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>

export type RecorderOptions = {
  client: Pick<ClusterClient, 'create' | 'serverTime'>
  queue: WriteQueue
  /** Name of this process, such as the pod's. */
  instance: string
  logger: Logger
  retryMs?: number
}

/** The name of an Event: the object's name for people, a hash of uid and key for identity. */
export function eventName (object: Regarding, key: string): string {
  return `${object.metadata.name.slice(0, 200)}.${identityOf(object, key)}`
}

/** 20 hex digits. Taken from the bytes, and not cut from a longer text, which would be kept for as long as they are. */
function identityOf ({ metadata }: Regarding, key: string): string {
  return createHash('sha256').update(`${metadata.uid ?? ''}\n${key}`).digest().toString('hex', 0, 10)
}

/** A recorder of one process. */
export function createEventRecorder (options: RecorderOptions): EventRecorder {
  const { client, queue, logger } = options
  const told = new Set<string>()
  const ended = new AbortController()
  const running = new Set<Promise<void>>()

  /** Creates it. Undefined when the Event is there, or never can be; else the milliseconds that the API server wants to be left alone. */
  async function create (object: Regarding, event: EventText): Promise<number | undefined> {
    const { name, namespace = 'default' } = object.metadata
    try {
      await client.create(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`, makeEvent(options, object, event), { tellThrottling: true })
      return undefined
    } catch (error) {
      if (isApiError(error, 'AlreadyExists', 'NotFound')) return undefined
      // A namespace that is being deleted takes no Events, and a refused one would be refused again.
      const hopeless = isApiError(error, 'Invalid', 'Forbidden')
      logger[hopeless ? 'error' : 'warn']({ reason: event.reason, name, namespace, err: error }, 'event not created')
      return hopeless ? undefined : waitAskedBy(error)
    }
  }

  async function tell (object: Regarding, event: EventText): Promise<void> {
    let backoff = new ExponentialBackoff({ initialDelay: options.retryMs ?? 2_000, maxDelay: 120_000 }).next()
    const name = eventName(object, event.key)
    for (let attempt = 0; attempt < ATTEMPTS && !ended.signal.aborted; attempt++) {
      const asked = await queue.add(async () => await create(object, event), { priority: PRIORITY.event, id: `event/${name}` })
      if (asked === undefined) return
      await sleep(Math.max(backoff.duration, asked), undefined, { signal: ended.signal }).catch(() => undefined)
      backoff = backoff.next(undefined)
    }
    told.delete(identityOf(object, event.key))
  }

  return {
    record (object, event) {
      const identity = identityOf(object, event.key)
      if (told.has(identity) || ended.signal.aborted) return
      told.add(identity)
      if (told.size > REMEMBERED) told.delete(told.values().next().value ?? '')
      // Only a closing queue rejects.
      const task = tell(object, event).catch(() => undefined)
      running.add(task)
      task.then(() => { running.delete(task) })
    },
    async close () {
      ended.abort()
      await Promise.allSettled(running)
    }
  }
}

function makeEvent ({ client, instance }: RecorderOptions, object: Regarding, event: EventText): object {
  const { apiVersion, kind, metadata } = object
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: eventName(object, event.key), namespace: metadata.namespace ?? 'default' },
    eventTime: new Date(client.serverTime() ?? Date.now()).toISOString().replace('Z', '000Z'),
    reportingController: CONTROLLER,
    reportingInstance: instance.slice(0, INSTANCE_LENGTH),
    type: event.type,
    reason: event.reason,
    action: event.action,
    note: cutNote(forPeople(event.note)),
    regarding: { apiVersion, kind, name: metadata.name, ...(metadata.namespace !== undefined && { namespace: metadata.namespace }), uid: metadata.uid, resourceVersion: metadata.resourceVersion }
  }
}

/** A note that the API accepts: cut at a character, with an ellipsis. */
export function cutNote (note: string): string {
  const bytes = Buffer.from(note)
  if (bytes.length <= NOTE_BYTES) return note
  // A character that is cut in half decodes to the replacement character.
  return `${bytes.subarray(0, NOTE_BYTES - 3).toString('utf8').replace(/\uFFFD+$/, '')}…`
}
