// One MLflow registry in the poller's configuration file. Objects name an entry, never a URL.
import { Type, type Static } from '@sinclair/typebox'
import { accessProblems, accessProperties, PLACE_OF_SERVERS, placeOfEntry } from '../../hooks/core/registry-access.ts'
import { duration } from '../../hooks/core/schema.ts'
import { isBelow } from '../../hooks/core/storage-uri.ts'
import { secondsOf } from '../../hooks/core/time.ts'
import { endpointProblems, endpointProperties, parseConfig } from '../http/config.ts'
import type { Advice } from '../http/errors.ts'
import { holdsCredentials, isStorageUri } from './resolve-uri.ts'

const KubernetesAuth = Type.Object({
  serviceAccount: Type.String({ minLength: 1, maxLength: 253, description: 'Reader ServiceAccount whose token is sent; the poller\'s own token never leaves the API server.' }),
  namespace: Type.String({ minLength: 1, maxLength: 63, description: 'Its namespace.' }),
  audiences: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description: 'Audiences of the token; absent means the API server\'s own.' })),
  expirationSeconds: Type.Integer({ default: 3600, minimum: 600, maximum: 86400, description: 'Lifetime of a token.' })
}, { additionalProperties: false, description: 'For MLflow servers that run with kubernetes-auth.' })
export type KubernetesAuth = Static<typeof KubernetesAuth>

/** How a registry is asked, and who may have it asked, wherever it is. */
export const askingProperties = {
  kubernetesAuth: Type.Optional(KubernetesAuth),
  minInterval: duration({ default: '30s', description: 'No object makes this registry be asked more often for one model.' }),
  staleAfter: duration({ default: '5m', description: 'Once the registry has been silent for this long, and for three looks, its last answer counts as stale: it stays in force, and objects say that the registry is unreachable. Objects that never had an answer say so after two looks.' }),
  ...accessProperties,
  replicaLag: duration({ default: '30s', description: 'How far a replica may lag behind that answers for this registry. For so long after an alias has moved nothing leads it back; later a second look must say the same. 0s, for a registry that reads from one database, believes everything at once.' }),
  pageSize: Type.Integer({ default: 500, minimum: 1, maximum: 1000, description: 'Models a page of a scan.' })
}

export const RegistryConfig = Type.Object({
  ...endpointProperties,
  artifactsDestination: Type.Optional(Type.String({ minLength: 1, maxLength: 1024, description: 'The server\'s --artifacts-destination: what mlflow-artifacts:/ stands for. The API does not tell it.' })),
  ...askingProperties
}, { additionalProperties: false, description: 'An MLflow registry.' })
export type RegistryConfig = Static<typeof RegistryConfig>

/** A registry as it is asked: an entry of the file, or one that follows from an MLflow object. */
export type Entry = RegistryConfig & {
  /** Absent: it stands in the file. */
  derived?: {
    /** Why it cannot be asked as things are. */
    trouble?: Advice
    /** Where the authority of its certificate is; key ca.crt. */
    caSecret?: SecretName
  }
}

export type SecretName = { namespace: string, name: string }

/** Entries by name; the same value for as long as nothing about one has changed. */
export type Entries = { get: (name: string) => Entry | undefined }

/** Where people say how this entry is asked, and who may use it. */
export function placeOf ({ derived }: Pick<Entry, 'derived'>, name: string): string {
  return derived ? PLACE_OF_SERVERS : placeOfEntry(name)
}

/** An entry with its defaults. `at` is its place in the file. Throws ConfigError with a line for every wrong field. */
export function parseRegistryConfig (value: unknown, at: string): RegistryConfig {
  return parseConfig(RegistryConfig, value, at, (config) => [...endpointProblems(config), ...ownProblems(config)])
}

/** Seconds of minInterval. */
export function minInterval (config: RegistryConfig): number {
  return secondsOf(config.minInterval)
}

/** Milliseconds of replicaLag. */
export function replicaLag (config: RegistryConfig): number {
  return secondsOf(config.replicaLag) * 1000
}

/** Milliseconds of staleAfter. */
export function staleAfter (config: RegistryConfig): number {
  return secondsOf(config.staleAfter) * 1000
}

function ownProblems (config: RegistryConfig): string[] {
  const { auth, kubernetesAuth } = config
  const twoWays = kubernetesAuth !== undefined && (auth?.bearer ?? auth?.basic) !== undefined
  return [...(twoWays ? ['kubernetesAuth: takes the place of auth; keep one'] : []), ...destinationProblems(config), ...rootProblems(config)]
}

function destinationProblems ({ artifactsDestination: destination }: RegistryConfig): string[] {
  if (destination === undefined) return []
  const readable = isStorageUri(destination) ? [] : ['artifactsDestination: must be a URI that a model\'s pod can read, such as s3://bucket/path or pvc://claim/path']
  if (!holdsCredentials(destination)) return readable
  return [...readable, 'artifactsDestination: must hold no credentials, for it becomes part of what objects and pods show; models get theirs from a Secret']
}

function rootProblems (config: RegistryConfig): string[] {
  const { artifactsDestination, artifactRoots = [] } = config
  if (artifactRoots.some(holdsCredentials)) return ['artifactRoots: must hold no credentials; they say where models lie, and nothing else']
  const problems = accessProblems(config)
  if (problems.length > 0 || artifactRoots.length === 0 || artifactsDestination === undefined || overlaps(artifactsDestination, artifactRoots)) return problems
  return ['artifactRoots: none of them has to do with artifactsDestination, so nothing that is stored there could be loaded; add it']
}

/** Whether one lies below the other: a root may be a part of the destination, too. */
function overlaps (destination: string, roots: string[]): boolean {
  return isBelow(destination, roots) || roots.some((root) => isBelow(root, [destination]))
}
