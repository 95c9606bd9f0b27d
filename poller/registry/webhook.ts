// MLflow's registry webhook: a hint to look early, never the truth. MLflow sends it once from memory, so polling stays the base.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'

/** What became of one delivery, for metrics. */
export type DeliveryOutcome = 'Accepted' | 'Duplicate' | 'Follower' | 'Unauthorized' | 'Malformed'

export type WebhookOptions = {
  /** The secret that the webhook was created with; asked for at each delivery, so that it can be rotated. */
  secret: () => string | Promise<string>
  /** Only the leader polls; a follower answers 503, which MLflow tries again. */
  isLeader: () => boolean
  hint: (model: string) => void
  /** Seconds since 1970. */
  now: () => number
  onDelivery?: (outcome: DeliveryOutcome) => void
}

export type Delivery = { id: string, timestamp: string, signature: string, body: Buffer }

/** Seconds by which a delivery may be older or newer than now. MLflow's retries keep the first timestamp and end well within. */
const REPLAY_WINDOW = 300
/** Delivery ids remembered, for twice the window: nothing older would be let in again. */
const REMEMBERED = 10_000
/** An event is a few hundred bytes, a model's description included a few thousand. */
const BODY_LIMIT = 64 * 1024

const STATUS: Record<DeliveryOutcome, number> = { Accepted: 200, Duplicate: 200, Follower: 503, Unauthorized: 401, Malformed: 400 }

/** Adds `POST /mlflow-webhook`. */
export async function registerWebhook (app: FastifyInstance, options: WebhookOptions): Promise<void> {
  const receive = createReceiver(options)
  await app.register(async (scope) => {
    // The signature is over the bytes as sent, so nobody may parse them first.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) => { done(null, body) })
    scope.post('/mlflow-webhook', { bodyLimit: BODY_LIMIT }, async (request, reply) => {
      const outcome = await receive(readDelivery(request))
      options.onDelivery?.(outcome)
      return await answer(reply, outcome)
    })
  })
}

/** The part without HTTP: judges one delivery and passes its hint on. */
export function createReceiver (options: WebhookOptions): (delivery: Delivery | undefined) => Promise<DeliveryOutcome> {
  const seen = new LRUCache<string, true>({ max: REMEMBERED, ttl: 2 * REPLAY_WINDOW * 1000 })
  return async (delivery) => {
    if (!options.isLeader()) return 'Follower'
    if (!delivery || !isFresh(delivery, options.now()) || !isSigned(delivery, await options.secret())) return 'Unauthorized'
    if (seen.has(delivery.id)) return 'Duplicate'
    seen.set(delivery.id, true)
    const event = parseEvent(delivery.body)
    if (event === undefined) return 'Malformed'
    if (event.model !== undefined) options.hint(event.model)
    return 'Accepted'
  }
}

/** `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, with the secret's bytes as key. */
export function signDelivery (secret: string, { id, timestamp, body }: Omit<Delivery, 'signature'>): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64')}`
}

function isSigned (delivery: Delivery, secret: string): boolean {
  // An empty secret would be one that everybody knows.
  if (secret === '') return false
  const given = Buffer.from(delivery.signature)
  const wanted = Buffer.from(signDelivery(secret, delivery))
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

function isFresh ({ timestamp }: Delivery, now: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(now - Number(timestamp)) <= REPLAY_WINDOW
}

function readDelivery (request: FastifyRequest): Delivery | undefined {
  const [id, timestamp, signature] = ['x-mlflow-delivery-id', 'x-mlflow-timestamp', 'x-mlflow-signature'].map((name) => request.headers[name])
  if (typeof id !== 'string' || id === '' || id.length > 128) return undefined
  if (typeof timestamp !== 'string' || typeof signature !== 'string' || !Buffer.isBuffer(request.body)) return undefined
  return { id, timestamp, signature, body: request.body }
}

// Of the payload only the model's name counts: which version the alias names is asked of the registry.
function parseEvent (body: Buffer): { model?: string } | undefined {
  try {
    const event: unknown = JSON.parse(body.toString('utf8'))
    if (typeof event !== 'object' || event === null) return undefined
    const { data } = event as { data?: { name?: unknown } | null }
    return typeof data?.name === 'string' ? { model: data.name } : {}
  } catch {
    return undefined
  }
}

function answer (reply: FastifyReply, outcome: DeliveryOutcome): FastifyReply {
  if (outcome === 'Follower') reply.header('retry-after', '1')
  return reply.code(STATUS[outcome]).send({ outcome })
}
