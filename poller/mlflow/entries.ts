// MLflow objects as registries: each is an entry by its name, made of what it says of itself and of what the configuration says of all of them.
import equal from 'fast-deep-equal'
import { defined } from '../../hooks/core/plain-value.ts'
import type { Change, ChangeListener } from '../cluster/store.ts'
import { urlProblems } from '../http/config.ts'
import type { Advice } from '../http/errors.ts'
import { pick } from '../pick.ts'
import type { Entries, Entry, SecretName } from '../registry/config.ts'
import { holdsCredentials, isStorageUri } from '../registry/resolve-uri.ts'
import type { MLflow } from '../served/mlflow.ts'
import type { MlflowServersConfig } from './config.ts'

/** The objects as they are watched. */
export type Servers = { store: { all: () => MLflow[] }, subscribe: (listener: ChangeListener<MLflow>) => () => void }

export type ServerEntries = Entries & {
  /** Hears when there is another entry, or none any more. Returns the function that ends it. */
  subscribe: (listener: () => void) => () => void
}

/** Whom all objects trust, and how they are asked. `serviceCaFile`: authority of the certificates that OpenShift makes, where there is one. */
export type ServersOptions = { servers: Servers, config: MlflowServersConfig, serviceCaFile?: string | undefined }

const ASKING = ['minInterval', 'staleAfter', 'namespaces', 'workspaces', 'artifactRoots', 'replicaLag', 'pageSize', 'headers'] as const satisfies Array<keyof MlflowServersConfig>

/** Entries that follow the objects. */
export function keepServerEntries ({ servers, ...options }: ServersOptions): ServerEntries {
  const entries = new Map<string, Entry>()
  const listeners = new Set<() => void>()

  function take ({ before, after }: Change<MLflow>): void {
    const { name } = (after ?? before).metadata
    const entry = after && makeEntry(after, options)
    // Most changes of an object are none of its entry.
    if (equal(entries.get(name), entry)) return
    if (entry) entries.set(name, entry)
    else entries.delete(name)
    for (const listener of listeners) listener()
  }

  for (const after of servers.store.all()) take({ after })
  servers.subscribe(take)
  return {
    get: (name) => entries.get(name),
    subscribe (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    }
  }
}

/** The entry of one object. */
export function makeEntry (server: MLflow, options: Omit<ServersOptions, 'servers'>): Entry {
  const { config } = options
  const { auth: { mode }, artifactsDestination, serveArtifacts } = server.spec
  const trouble = findTrouble(server, config)
  const { caFile, caSecret } = authorityOf(server, options)
  const isReadable = serveArtifacts && artifactsDestination !== undefined && isStorageUri(artifactsDestination) && !holdsCredentials(artifactsDestination)
  return defined({
    ...pick(config, ASKING),
    url: server.status?.address?.url ?? '',
    auth: mode === 'Basic' ? config.auth : undefined,
    kubernetesAuth: mode === 'Kubernetes' ? config.kubernetesAuth : undefined,
    caFile,
    artifactsDestination: isReadable ? artifactsDestination : undefined,
    derived: defined({ trouble, caSecret })
  }) as Entry
}

/** Why the server cannot be asked as things are. */
function findTrouble ({ metadata: { name }, spec, status }: MLflow, { auth, kubernetesAuth }: MlflowServersConfig): Advice | undefined {
  const url = status?.address?.url
  if (url === undefined) return { cause: `MLflow object ${name} has no address yet`, remedy: `look at its conditions (kubectl describe mlflow ${name})` }
  if (urlProblems(url).length > 0) return { cause: `the address of MLflow object ${name} is none`, remedy: 'look at who has written its status.address.url' }
  if (spec.auth.mode === 'Kubernetes' && !kubernetesAuth) return lacksCredentials(name, 'Kubernetes', 'kubernetesAuth')
  if (spec.auth.mode === 'Basic' && !auth?.basic) return lacksCredentials(name, 'Basic', 'auth.basic')
  return undefined
}

function lacksCredentials (name: string, mode: string, field: string): Advice {
  return { cause: `MLflow object ${name} lets in nobody unknown (auth.mode ${mode}), and the poller has nothing to show`, remedy: `set mlflowServers.${field}, or an entry registries.${name}, in the poller's configuration` }
}

/** Whom to trust; neither means the authorities of the system. */
function authorityOf ({ spec: { tls }, status, tlsSecret }: MLflow, { config, serviceCaFile }: Omit<ServersOptions, 'servers'>): { caFile?: string | undefined, caSecret?: SecretName } {
  if (tls.mode === 'Off') return {}
  // Without OpenShift, ServiceCA is a Secret that somebody has made.
  if (tls.mode === 'ServiceCA' && serviceCaFile !== undefined) return { caFile: serviceCaFile }
  if (!config.caSecrets || tlsSecret === undefined || status?.namespace === undefined) return { caFile: config.caFile }
  return { caFile: config.caFile, caSecret: { namespace: status.namespace, name: tlsSecret } }
}
