// All objects of a trial in their order: namespace, certificate, credentials, database and store, and the MLflow object that uses them.
import { API_VERSION } from '../../hooks/core/kind.ts'
import { namesOf } from '../../hooks/mlflow/names.ts'
import { makePostgres, makeSeaweedfs, POSTGRES, S3_PORT, SEAWEEDFS } from './infrastructure.ts'
import type { KindOptions } from './kind-options.ts'

/** A certificate and its key, in PEM. */
export type Certificate = { cert: string, key: string }

const SQLITE = 'sqlite:////mlflow/mlflow.db'
const DATABASES = 'mlflow-db-credentials'
const STORE = 'aws-credentials'

/** Names for which the server's certificate must be. */
export function hostsOf ({ name, namespace }: Pick<KindOptions, 'name' | 'namespace'>): string[] {
  const { server } = namesOf(name)
  return [server, `${server}.${namespace}.svc`, `${server}.${namespace}.svc.cluster.local`, 'localhost']
}

/** What stands around the server, without Sluice itself. */
export function makeSurroundings (options: KindOptions, { cert, key }: Certificate): object[] {
  const { name, namespace } = options
  const isInstalled = !options['skip-infrastructure']
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: namesOf(name).tlsSecret, namespace }, type: 'kubernetes.io/tls', stringData: { 'tls.crt': cert, 'tls.key': key } },
    ...usesPostgres(options) ? [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: DATABASES, namespace }, stringData: databaseUris(options) }] : [],
    ...usesS3(options) ? [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: STORE, namespace }, stringData: { AWS_ACCESS_KEY_ID: options['s3-access-key'], AWS_SECRET_ACCESS_KEY: options['s3-secret-key'] } }] : [],
    ...usesPostgres(options) && isInstalled ? makePostgres(options) : [],
    ...options['artifact-storage'] === 's3' && isInstalled ? makeSeaweedfs(options) : []
  ]
}

/** The MLflow object. */
export function makeServer (options: KindOptions): object {
  const { name, namespace, selector } = options
  const image = options['mlflow-image']
  const isLocal = !usesPostgres(options, 'both') || options['artifact-storage'] === 'file'
  return {
    apiVersion: API_VERSION,
    kind: 'MLflow',
    metadata: { name },
    spec: {
      namespace,
      ...(image && { image: { image } }),
      resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } },
      ...storeOf('backend', options),
      ...storeOf('registry', options),
      ...artifactsOf(options),
      ...(isLocal && { storage: { size: '10Gi' } }),
      ...(selector && { workspaceLabelSelector: selector }),
      ingress: { mode: 'None' }
    }
  }
}

function usesPostgres (options: KindOptions, which: 'any' | 'both' = 'any'): boolean {
  const are = [options['backend-store'], options['registry-store']].map((store) => store === 'postgres')
  return which === 'any' ? are.some(Boolean) : are.every(Boolean)
}

function usesS3 (options: KindOptions): boolean {
  return options['artifact-storage'] !== 'file'
}

function storeOf (store: 'backend' | 'registry', options: KindOptions): object {
  if (options[`${store}-store`] === 'sqlite') return { [`${store}StoreUri`]: SQLITE }
  return { [`${store}StoreUriFrom`]: { name: DATABASES, key: `${store}-store-uri` } }
}

/** Passwords may hold anything. */
function databaseUris (options: KindOptions): Record<string, string> {
  const { 'postgres-user': user, 'postgres-password': password, 'postgres-host': host = POSTGRES, 'postgres-port': port, 'postgres-sslmode': mode } = options
  const uri = (database: string): string => `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(database)}?sslmode=${mode}`
  return {
    ...(options['backend-store'] === 'postgres' && { 'backend-store-uri': uri(options['backend-db']) }),
    ...(options['registry-store'] === 'postgres' && { 'registry-store-uri': uri(options['registry-db']) })
  }
}

function artifactsOf (options: KindOptions): object {
  const serveArtifacts = options['serve-artifacts']
  if (!usesS3(options)) return { serveArtifacts, artifactsDestination: 'file:///mlflow/artifacts' }
  const root = `s3://${options['s3-bucket']}/artifacts`
  const endpoint = options['s3-endpoint'] ?? (options['artifact-storage'] === 's3' ? `http://${SEAWEEDFS}.${options.namespace}.svc.cluster.local:${S3_PORT}` : undefined)
  return {
    serveArtifacts,
    ...serveArtifacts ? { artifactsDestination: root } : { defaultArtifactRoot: root },
    envFrom: [{ secretRef: { name: STORE } }],
    env: [{ name: 'AWS_DEFAULT_REGION', value: options['s3-region'] }, ...(endpoint ? [{ name: 'MLFLOW_S3_ENDPOINT_URL', value: endpoint }] : [])]
  }
}
