// The baseline of the bench `hooks`: a process whose one route parses the body and answers what it was started with. No check, no decision.
import { readFileSync } from 'node:fs'
import { fastify } from 'fastify'
import { collectDefaultMetrics, Registry } from 'prom-client'

const { PORT = '0', ANSWERS = '' } = process.env
/** The answer by the query `call`, as a value: Fastify serialises it, as it does ours. */
const answers = JSON.parse(readFileSync(ANSWERS, 'utf8')) as Record<string, object>

const registry = new Registry()
collectDefaultMetrics({ register: registry })
// Without the search for __proto__ that Fastify makes of itself: the hooks do not ask for it either, and it would only make the baseline slower.
const app = fastify({ bodyLimit: 10 * 2 ** 20, onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' })
app.post<{ Querystring: { call: string } }>('/', async (request) => answers[request.query.call])
app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
