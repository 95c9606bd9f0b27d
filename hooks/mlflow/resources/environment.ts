// The environment of the server, and of whatever works for it with its databases.
import { platformOf } from '../../core/platform.ts'
import { externalOrigin, namespaceOf, PORT, schemeOf, serviceHosts, type Request } from '../place.ts'
import { selectorText } from '../selector.ts'
import { backendStore, readReplicaStore, registryStore, type Source } from '../stores.ts'
import { caEnvironment } from './ca-bundle.ts'
import type { Fields } from './given.ts'
import { ARCHIVAL_FOLDER } from './paths.ts'
import { mergedEnvironment } from './user-environment.ts'

/** In the order in which it is written. Of one name there is one entry, and the user's wins. */
export function serverEnvironment (request: Request): Fields[] {
  const { spec } = request.parent
  return mergedEnvironment([
    // Before all others: arguments and variables may speak of it.
    { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
    { name: 'MLFLOW_DISABLE_TELEMETRY', value: 'true' },
    { name: 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION', value: 'false' },
    ...spec.traceArchival?.enabled ? [{ name: 'MLFLOW_TRACE_ARCHIVAL_CONFIG', value: `${ARCHIVAL_FOLDER}/trace-archival.yaml` }] : [],
    ...variable('MLFLOW_BACKEND_STORE_URI', backendStore(spec)),
    ...variable('MLFLOW_READ_REPLICA_BACKEND_STORE_URI', readReplicaStore(spec)),
    ...variable('MLFLOW_REGISTRY_STORE_URI', registryStore(spec)),
    ...spec.auth.mode === 'Kubernetes' ? [{ name: 'MLFLOW_K8S_AUTH_AUTHORIZATION_MODE', value: 'self_subject_access_review' }] : [],
    { name: 'MLFLOW_SERVER_CORS_ALLOWED_ORIGINS', value: allowedOrigins(request).join(',') },
    ...spec.auth.mode === 'Kubernetes' ? workspaceSelector(request) : []
  ], spec.env, [
    ...platformOf(request.platform).openshift ? [{ name: 'UVICORN_SSL_CIPHERS', value: 'PROFILE=SYSTEM' }] : [],
    { name: 'MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE', value: 'false' },
    ...caEnvironment(request)
  ])
}

function variable (name: string, source: Source | undefined): Fields[] {
  return source ? [{ name, ...source }] : []
}

/** Origins that browsers may call from. */
function allowedOrigins (request: Request): string[] {
  const { spec } = request.parent
  const namespace = namespaceOf(request)
  const hosts = serviceHosts(request).filter((host) => !host.endsWith(`.${namespace}`))
  const origins = [...hosts.map((host) => `${schemeOf(spec)}://${host}:${PORT}`), 'localhost:*', '127.0.0.1:*', externalOrigin(request) ?? '', ...spec.extraAllowedOrigins ?? []]
  return [...new Set(origins.map((origin) => origin.trim()).filter(isOne))]
}

/** Lists are joined by commas: an entry with one would be two, and nobody has said that they may both call. */
export function isOne (entry: string): boolean {
  return entry !== '' && !entry.includes(',')
}

function workspaceSelector ({ parent: { spec } }: Request): Fields[] {
  const selector = spec.workspaceLabelSelector && selectorText(spec.workspaceLabelSelector)
  return selector && 'text' in selector && selector.text ? [{ name: 'MLFLOW_K8S_WORKSPACE_LABEL_SELECTOR', value: selector.text }] : []
}
