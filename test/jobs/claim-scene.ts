// A run of the program that makes claims as a test sees it: an API server and a claim in, and what the Job is told out.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { ensureClaim } from '../../jobs/claim/ensure.ts'
import { asClaimError } from '../../jobs/claim/failure.ts'
import { readSettings } from '../../jobs/claim/settings.ts'
import { startApiServer, type ApiServer } from '../../playground/api-server/server.ts'

export type Outcome = object | { failure: string, message: string, permanent: boolean }

const TOKEN = 'token-of-the-job'

export const CLAIM = claim()

/** A claim as the hook would ask for it. */
export function claim (spec: object = {}, size = '10Gi'): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'mlflow-pvc', namespace: 'mlflow', labels: { app: 'mlflow' } },
    spec: { accessModes: ['ReadWriteOnce'], ...spec, resources: { requests: { storage: size } } }
  }
}

/** Runs it against an address, as the program does. Waits between tries are a millisecond. */
export async function ensure (server: string, wanted: object, variables: Record<string, string> = {}): Promise<Outcome> {
  try {
    const settings = readSettings({ CLAIM: JSON.stringify(wanted), CLAIM_RETRY_SECONDS: '0.001', CLAIM_RETRIES: '3', ...variables })
    const connection = { server, token: TOKEN, ca: undefined, namespace: 'mlflow' }
    return await ensureClaim(settings, { connection, logger: pino({ level: 'silent' }), signal: new AbortController().signal })
  } catch (error) {
    const { reason, message, permanent } = asClaimError(error)
    return { failure: reason, message, permanent }
  }
}

export type Cluster = {
  api: ApiServer
  /** The claim as it is there; undefined: it is not. */
  read: () => any
  /** Puts one there, as somebody else made it, and binds it to a volume of its size. */
  put: (claim: any, status?: object) => void
}

/** The playground's API server, with a namespace, and without a garbage collector: owners need not be there. */
export async function startCluster (t: Test): Promise<Cluster> {
  const api = await startApiServer({ namespaces: ['mlflow'], garbageCollection: false })
  t.teardown(() => api.close())
  const resource = api.registry.findKind('v1', 'PersistentVolumeClaim')
  if (!resource) throw new Error('claims are not served')
  const target = { resource, namespace: 'mlflow', name: 'mlflow-pvc' }
  return {
    api,
    read: () => api.store.get('/persistentvolumeclaims', 'mlflow', 'mlflow-pvc'),
    put (claim, status = { phase: 'Bound', capacity: claim.spec.resources.requests }) {
      const made = api.operations.create(resource, 'mlflow', claim, { manager: 'somebody' })
      api.operations.update(target, { ...made, status }, { manager: 'kube-controller-manager', subresource: 'status' })
    }
  }
}

/** A kubeconfig for a server, with a token. */
export async function writeKubeconfig (folder: string, server: string): Promise<string> {
  const file = join(folder, 'kubeconfig')
  const named = (name: string, rest: object): object => ({ name, ...rest })
  await writeFile(file, JSON.stringify({
    'current-context': 'c', contexts: [named('c', { context: { cluster: 'c', user: 'u' } })], clusters: [named('c', { cluster: { server } })], users: [named('u', { user: { token: TOKEN } })]
  }))
  return file
}
