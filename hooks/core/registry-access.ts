// What the owner of a registry entry lets objects do with it. The poller refuses by it, and hooks that know it do not believe what goes beyond it:
// whoever may edit an object can write an annotation in the poller's name.
import { Type, type Static } from '@sinclair/typebox'
import { ARTIFACT_ROOT, isBelow, isPlainUri } from './storage-uri.ts'

/** The fields of an entry that both know, to be spread into the poller's. */
export const accessProperties = {
  namespaces: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 63 }), { description: 'Namespaces whose objects may use this entry; absent means all.' })),
  workspaces: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { description: 'Workspaces that may be asked for: names, "" for none, "{namespace}" for the one named like the object\'s namespace; absent means all.' })),
  artifactRoots: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 1024, pattern: ARTIFACT_ROOT }), { minItems: 1, description: 'Where models may be loaded from: URIs such as s3://mlflow or s3://mlflow/team-a, and all below them. Versions from elsewhere are refused; absent means from anywhere.' }))
}

export const RegistryAccess = Type.Object(accessProperties, { additionalProperties: false })
export type RegistryAccess = Static<typeof RegistryAccess>

/** By the name that objects give in spec.registry. */
export type Registries = Record<string, RegistryAccess>

/** In place of a name: every MLflow object that no entry is named like. */
export const MLFLOW_SERVERS = '*'

/** Where the owner says who may use an entry: that of the configuration file, or that of all MLflow objects. */
export const placeOfEntry = (name: string) => `registries.${name}`
export const PLACE_OF_SERVERS = 'mlflowServers'

/** Who asks, and what. */
export type Asker = { registry: string, namespace: string, workspace: string }

/** Why an object may not use an entry, in one word for programs and one sentence for people. */
export type Refusal = { reason: 'UnknownRegistry' | 'NamespaceNotAllowed' | 'WorkspaceNotAllowed', message: string }

/** Why an answer of a registry is not acted upon. */
export type Disbelief = { reason: Refusal['reason'] | 'UriNotAllowed', message: string }

/** Whether an object of this namespace may ask this entry for this workspace; undefined means yes. `place` is where the access is written. */
export function findRefusal (access: RegistryAccess | undefined, { registry, namespace, workspace }: Asker, place = placeOfEntry(registry)): Refusal | undefined {
  if (!access) return { reason: 'UnknownRegistry', message: `there is no registry ${registry}; name an MLflow object, or an entry of the poller's configuration, in spec.registry` }
  if (access.namespaces && !access.namespaces.includes(namespace)) {
    return { reason: 'NamespaceNotAllowed', message: `objects in namespace ${namespace} may not use registry ${registry}; ask its owner to add the namespace to ${place}.namespaces` }
  }
  const allowed = access.workspaces?.some((name) => (name === '{namespace}' ? namespace : name) === workspace) ?? true
  if (allowed) return undefined
  const which = workspace === '' ? 'the default workspace' : `workspace ${workspace}`
  return { reason: 'WorkspaceNotAllowed', message: `objects in namespace ${namespace} may not use ${which} of registry ${registry}; change spec.workspace, or ask its owner to change ${place}.workspaces` }
}

/** Why a version must not be loaded from this URI, as a sentence without its full stop; undefined when it may. `place` is where the access is written. */
export function findOutside (access: RegistryAccess, place: string, uri: string): string | undefined {
  const { artifactRoots } = access
  if (!artifactRoots || isBelow(uri, artifactRoots)) return undefined
  const isPlain = isPlainUri(uri)
  const remedy = `log the model to a place that is allowed, or ask the registry's owner to add its place to ${place}.artifactRoots`
  const what = isPlain ? 'lies outside of what the registry entry allows' : 'is not plain, so nobody can tell whether it lies where the registry entry allows (no .., %2e, \\, ? or #)'
  // What stands before an @ may be a secret.
  return `${isPlain && !uri.includes('@') ? cut(uri) : 'the URI'} ${what}; ${remedy}`
}

/**
 * Why an answer must not be acted upon; undefined when it may. `uri` is from where the version would be loaded, if there is one.
 * Without `registries` nothing is known of any entry, and everything is believed.
 */
export function findDisbelief (registries: Registries | undefined, asker: Asker, uri: string | undefined): Disbelief | undefined {
  if (!registries) return undefined
  const isNamed = Object.hasOwn(registries, asker.registry)
  const access = registries[isNamed ? asker.registry : MLFLOW_SERVERS]
  const place = isNamed ? placeOfEntry(asker.registry) : PLACE_OF_SERVERS
  const refusal = findRefusal(access, asker, place)
  if (refusal || !access) return refusal
  const outside = uri === undefined ? undefined : findOutside(access, place, uri)
  return outside === undefined ? undefined : { reason: 'UriNotAllowed', message: outside }
}

/** What is wrong with an entry beyond its schema: sentences that begin with the field's name. */
export function accessProblems ({ artifactRoots = [] }: RegistryAccess): string[] {
  return artifactRoots.flatMap((root, index) => isPlainUri(root) ? [] : [`artifactRoots[${index}]: must be a plain URI such as s3://bucket or s3://bucket/path, without .., %2e, \\, ? and #`])
}

/** It is part of sentences that are cut themselves. */
function cut (uri: string): string {
  return uri.length <= 80 ? uri : `${uri.slice(0, 79)}…`
}
