// Faults that a stand-in can be switched to while it runs, so that a demo or a test can break it.
import type { FastifyInstance } from 'fastify'

/**
 * - none: healthy.
 * - reset: the connection is accepted and cut (ECONNRESET on the client).
 * - slow: every answer comes `milliseconds` late; `milliseconds: Infinity` never answers.
 * - answer: this very response in place of the real one, e.g. the HTML page of a proxy.
 * `refused` is not here: `stop` and `start` of the listener do that (ECONNREFUSED).
 */
export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'slow', readonly milliseconds: number }
  | { readonly kind: 'answer', readonly status: number, readonly contentType: string, readonly body: string }

export const HEALTHY: Fault = { kind: 'none' }

/** Flask's own page for an unhandled error: HTML where a client expects JSON. */
export const HTML_500: Fault = {
  kind: 'answer',
  status: 500,
  contentType: 'text/html; charset=utf-8',
  body: '<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n' +
    '<p>The server encountered an internal error and was unable to complete your request. Either the server is ' +
    'overloaded or there is an error in the application.</p>\n'
}

/** What Prometheus answers on every route while it replays its write-ahead log. */
export const TEXT_503: Fault = {
  kind: 'answer', status: 503, contentType: 'text/plain; charset=utf-8', body: 'Service Unavailable\n'
}

export interface FaultSwitch {
  set (fault: Fault): void
  readonly current: Fault
}

/** Hooks the switch in front of every route of `app`. */
export function installFaults (app: FastifyInstance): FaultSwitch {
  let current: Fault = HEALTHY
  const waiting = new Set<NodeJS.Timeout>()
  app.addHook('onClose', async () => { for (const timer of waiting) clearTimeout(timer) })

  app.addHook('onRequest', async (request, reply) => {
    const fault = current
    switch (fault.kind) {
      case 'none': return
      case 'reset':
        request.raw.socket.resetAndDestroy()
        return reply.hijack()
      case 'slow': return await delay(fault.milliseconds)
      case 'answer': return await reply.status(fault.status).type(fault.contentType).send(fault.body)
      default: return fault satisfies never
    }
  })

  async function delay (milliseconds: number): Promise<void> {
    if (!Number.isFinite(milliseconds)) return await new Promise(() => {})
    await new Promise<void>(resolve => {
      const timer = setTimeout(() => { waiting.delete(timer); resolve() }, milliseconds)
      waiting.add(timer)
    })
  }

  return { set (fault) { current = fault }, get current () { return current } }
}
