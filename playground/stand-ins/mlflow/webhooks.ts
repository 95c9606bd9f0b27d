// Registry webhooks: the REST surface, and deliveries signed as MLflow signs them.
import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { missing } from './errors.ts'
import { required } from './parameters.ts'
import type { Parameters } from './parameters.ts'
import type { RegistryEvent } from './registry.ts'

interface Webhook {
  readonly id: string
  readonly name: string
  readonly url: string
  readonly description: string
  readonly secret: string
  readonly events: ReadonlyArray<{ entity: string, action: string }>
  status: string
  readonly createdAt: number
  updatedAt: number
}

export interface WebhookOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Waits between attempts, milliseconds; MLflow waits 1, 2, 4 … s and tries three times more. */
  readonly retryDelays: readonly number[]
}

export interface Webhooks {
  /** Answers a call below /api/2.0/mlflow/webhooks; undefined for a path or method that does not exist. */
  answer (method: string, path: string, parameters: Parameters): object | undefined
  /** Sends an event to every active subscriber; nobody waits for it and nothing is stored. */
  deliver (event: RegistryEvent): void
  /** Resolves when every delivery under way has ended. */
  settled (): Promise<void>
  /** Gives up what is under way. */
  close (): void
}

/** Signature of one delivery: `v1,` + base64 HMAC-SHA256 over `id.timestamp.body`, key = the secret's bytes. */
export function signDelivery (secret: string, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

export function createWebhooks (options: WebhookOptions): Webhooks {
  const webhooks = new Map<string, Webhook>()
  const underWay = new Set<Promise<void>>()
  const aborter = new AbortController()

  function answer (method: string, path: string, parameters: Parameters): object | undefined {
    const id = path.split('/')[1]
    if (id === undefined) return answerCollection(method, parameters)
    const found = webhooks.get(id)
    if (found === undefined) throw missing(`Webhook with ID ${id} not found.`)
    if (method === 'GET') return { webhook: show(found) }
    if (method !== 'DELETE') return undefined
    webhooks.delete(id)
    return {}
  }

  function answerCollection (method: string, parameters: Parameters): object | undefined {
    if (method === 'GET') return webhooks.size === 0 ? {} : { webhooks: [...webhooks.values()].map(show) }
    if (method !== 'POST') return undefined
    const created = read(parameters, options.now())
    webhooks.set(created.id, created)
    return { webhook: show(created) }
  }

  function deliver (event: RegistryEvent): void {
    for (const webhook of webhooks.values()) {
      const subscribed = webhook.events.some(({ entity, action }) => entity.toLowerCase() === event.entity && action.toLowerCase() === event.action)
      if (!subscribed || webhook.status !== 'ACTIVE') continue
      const delivery = send(webhook, event).catch(() => {}).finally(() => { underWay.delete(delivery) })
      underWay.add(delivery)
    }
  }

  // Retries keep id, timestamp and signature. A 4xx is final, and lost.
  async function send (webhook: Webhook, event: RegistryEvent): Promise<void> {
    // Python's way to print an instant in UTC.
    const timestamp = new Date(options.now()).toISOString().replace('Z', '000+00:00')
    const body = JSON.stringify({ entity: event.entity, action: event.action, timestamp, data: event.data })
    const headers = makeHeaders(webhook, body, options.now())
    for (const delay of [0, ...options.retryDelays]) {
      await sleep(delay, undefined, { signal: aborter.signal })
      const response = await fetch(webhook.url, { method: 'POST', headers, body, signal: aborter.signal }).catch(() => undefined)
      if (response !== undefined && ![429, 500, 502, 503, 504].includes(response.status)) return
    }
  }

  return {
    answer,
    deliver,
    settled: async () => { await Promise.all(underWay) },
    close: () => { aborter.abort() }
  }
}

function read (parameters: Parameters, at: number): Webhook {
  return {
    id: randomUUID(),
    name: required(parameters, 'name'),
    url: required(parameters, 'url'),
    description: String(parameters['description'] ?? ''),
    secret: String(parameters['secret'] ?? ''),
    events: Array.isArray(parameters['events']) ? parameters['events'] as Webhook['events'] : [],
    status: String(parameters['status'] ?? 'ACTIVE'),
    createdAt: at,
    updatedAt: at
  }
}

// The secret is never shown.
function show ({ id, name, url, description, events, status, createdAt, updatedAt }: Webhook): object {
  return {
    webhook_id: id, name, url, events, ...(description !== '' && { description }), status, creation_timestamp: createdAt, last_updated_timestamp: updatedAt
  }
}

function makeHeaders ({ secret }: Webhook, body: string, now: number): Record<string, string> {
  const id = randomUUID()
  const timestamp = String(Math.floor(now / 1000))
  return {
    'content-type': 'application/json',
    'x-mlflow-delivery-id': id,
    'x-mlflow-timestamp': timestamp,
    ...(secret !== '' && { 'x-mlflow-signature': signDelivery(secret, id, timestamp, body) })
  }
}
