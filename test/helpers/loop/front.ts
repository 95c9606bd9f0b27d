// A front of an HTTP server with the stand-ins' fault switch: what is behind it stays well, and only who asks through it has trouble.
import Fastify from 'fastify'
import { installFaults, type Fault } from '../../../playground/stand-ins/faults.ts'
import { listen, type Listener } from '../../../playground/stand-ins/listener.ts'

export interface Front extends Listener {
  setFault: (fault: Fault) => void
}

/** Starts a front on 127.0.0.1 of the server that `target` names by then. */
export async function startFront (target: () => string): Promise<Front> {
  const app = Fastify({ forceCloseConnections: true })
  const faults = installFaults(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => { done(null, body) })
  app.all('/*', async (request, reply) => {
    const contentType = request.headers['content-type']
    const answer = await fetch(`${target()}${request.url}`, {
      method: request.method,
      ...(contentType !== undefined && { headers: { 'content-type': contentType }, body: request.body as string })
    })
    return await reply.status(answer.status).header('date', answer.headers.get('date')).type(answer.headers.get('content-type') ?? 'text/plain').send(await answer.text())
  })
  return { ...await listen(app), setFault: faults.set }
}
