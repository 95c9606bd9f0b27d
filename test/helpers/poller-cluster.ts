// A fake API server with MlflowModels and a client to it, for tests of the poller. Everything ends with the test.
import { fileURLToPath } from 'node:url'
import pino, { type Logger } from 'pino'
import type { Test } from 'tap'
import { startApiServer, type ApiServer, type ApiServerOptions } from '../../playground/api-server/server.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import { createClusterClient, type ClusterClient } from '../../poller/cluster/client.ts'
import type { Connection } from '../../poller/cluster/connection.ts'

const CRD = fileURLToPath(new URL('../../manifests/crds/mlflowmodels.yaml', import.meta.url))

/** The least that the CRD admits. */
const VALID = { modelName: 'churn', modelAlias: 'champion' }

export const MODELS = '/apis/sluice.dev/v1alpha1/namespaces/models/mlflowmodels'

/** Set LOG_LEVEL=debug to see what the code under test logs. */
export const logger: Logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' })

export const monotonic = (): number => performance.now()

/** A connection without credentials, as the playground has it. */
export function plainConnection (server: string): Connection {
  return { server, namespace: 'default', authorization: async () => undefined, tls: async () => ({}), forget () {} }
}

export type Cluster = {
  server: ApiServer
  client: ClusterClient
  create: (name: string, parts?: { spec?: object, status?: object, annotations?: Record<string, string>, finalizers?: string[] }) => KubeObject
  setStatus: (name: string, status: object) => KubeObject
  setSpec: (name: string, spec: object) => KubeObject
  annotate: (name: string, annotations: Record<string, string | null>) => KubeObject
  remove: (name: string) => void
  get: (name: string) => KubeObject
}

/** Starts API server and client. */
export async function startCluster (t: Test, options: ApiServerOptions = {}): Promise<Cluster> {
  const server = await startApiServer({ crds: [CRD], namespaces: ['models', 'sluice'], ...options })
  const client = createClusterClient(plainConnection(server.url), { monotonic })
  t.teardown(async () => {
    await client.close()
    await server.close()
  })
  return { server, client, ...operationsOn(server) }
}

/** What a person or a hook does, without HTTP. */
export function operationsOn (server: ApiServer): Omit<Cluster, 'server' | 'client'> {
  const resource = server.registry.find('sluice.dev', 'v1alpha1', 'mlflowmodels')
  if (!resource) throw new Error('the CRD is not served')
  const target = (name: string) => ({ resource, namespace: 'models', name })
  const patch = (name: string, body: object, subresource?: 'status') =>
    server.operations.patch(target(name), 'application/merge-patch+json', body, subresource ? { subresource } : {}).object as unknown as KubeObject
  const setStatus = (name: string, status: object) => patch(name, { status }, 'status')
  return {
    create (name, { spec = VALID, status, annotations = {}, finalizers } = {}) {
      const object = { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel', metadata: { name, namespace: 'models', annotations, ...(finalizers && { finalizers }) }, spec }
      const created = server.operations.create(resource, 'models', object as never) as unknown as KubeObject
      return status ? setStatus(name, status) : created
    },
    setStatus,
    setSpec: (name, spec) => patch(name, { spec }),
    annotate: (name, annotations) => patch(name, { metadata: { annotations } }),
    remove (name) { server.operations.delete(target(name)) },
    get: (name) => server.operations.get(target(name)) as unknown as KubeObject
  }
}

/** What a promise rejects with. */
export async function rejection (promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(() => new Error('it did not reject'), (error: unknown) => error)
}

/** Resolves when the condition holds, which is looked at often. For states that no event announces. Rejects after ten seconds. */
export async function until (holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not come true: ${holds}`)
    await new Promise((resolve) => { setTimeout(resolve, 5) })
  }
}
