// The OpenAPI page at /docs, made from the schemas of the kinds. It needs no network.
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { documentedSchemas } from './envelope.ts'

/** Adds the page; to be called before any route is added. */
export async function addDocs (app: FastifyInstance, v: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Sluice hooks', version: v, description: 'What Metacontroller asks and what it is answered. The same request always gets the same answer.' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } }
    },
    // The page shows spec and status in full; the routes check the envelope only, and answers go out unfiltered.
    transform: ({ schema, url, route }) => {
      const call = route.config?.call
      if (!call || route.method !== 'POST') return { schema: { ...schema, hide: true }, url }
      const { body, answer } = documentedSchemas(call.kind, call.hook)
      return { schema: { ...schema, body, response: { 200: { description: 'The answer.', content: { 'application/json': { schema: answer } } } } }, url }
    }
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
}
