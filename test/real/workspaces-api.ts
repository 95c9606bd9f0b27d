// As much of an API server as MLflow's Kubernetes plugin asks: namespaces, MLflowConfigs, and what the caller's own token may do.
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { stringify } from 'yaml'

export const WORKSPACE = 'team-a'
/** Tokens that may do everything; others may do nothing. */
export const OWNER = 'token-of-the-owner'
export const SERVICE_ACCOUNT = 'token-of-the-service-account'

export interface WorkspacesApi {
  /** Reviews of access, as `token verb resource namespace`. */
  reviews: string[]
  close: () => Promise<void>
}

/** Starts it, and writes a kubeconfig of the ServiceAccount for it. */
export async function startWorkspacesApi (kubeconfig: string): Promise<WorkspacesApi> {
  const reviews: string[] = []
  const server = createServer((request, response) => { answer(request, response, reviews).catch((error: unknown) => { response.destroy(error as Error) }) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  writeFileSync(kubeconfig, stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'test', user: { token: SERVICE_ACCOUNT } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }]
  }))
  return {
    reviews,
    async close () {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

async function answer (request: IncomingMessage, response: ServerResponse, reviews: string[]): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api')
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  response.setHeader('content-type', 'application/json')
  // Nothing ever changes.
  if (searchParams.get('watch') === 'true') {
    response.flushHeaders()
    return
  }
  if (request.method === 'POST') {
    const { spec } = await json(request) as { spec: { resourceAttributes: { verb: string, resource: string, namespace: string } } }
    const { verb, resource, namespace } = spec.resourceAttributes
    reviews.push(`${token} ${verb} ${resource} ${namespace}`)
    response.statusCode = 201
    response.end(JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec, status: { allowed: [OWNER, SERVICE_ACCOUNT].includes(token) } }))
    return
  }
  const items = pathname === '/api/v1/namespaces' ? [{ metadata: { name: WORKSPACE, resourceVersion: '1' } }] : []
  response.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '1' }, items }))
}
