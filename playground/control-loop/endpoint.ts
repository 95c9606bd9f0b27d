// Authentication and TLS of a hook's endpoint: read from Secrets and ConfigMaps when the controller starts.
import type { KubeObject } from '../api-server/kube-object.ts'

interface KeyReference { name: string, namespace: string, key?: string }

export interface EndpointSettings {
  caBundle?: { inline?: string, secretRef?: KeyReference, configMapRef?: KeyReference }
  clientTLS?: { secretRef: { name: string, namespace: string }, certKey?: string, privateKeyKey?: string }
  authorization?: { type?: string, secretRef: KeyReference }
  basicAuth?: { secretRef: { name: string, namespace: string }, usernameKey?: string, passwordKey?: string }
}

/** What a call is made with. */
export interface Endpoint { authorization?: string, ca?: string, cert?: string, key?: string }

/** Reads a Secret or ConfigMap from the API server. */
export type ReadObject = (kind: 'Secret' | 'ConfigMap', namespace: string, name: string) => Promise<KubeObject>

async function readKey (read: ReadObject, kind: 'Secret' | 'ConfigMap', reference: KeyReference, key: string): Promise<string> {
  const object = await read(kind, reference.namespace, reference.name)
  const value = (object.data as Record<string, string> | undefined)?.[key]
  if (!value) throw new Error(`${kind} ${reference.namespace}/${reference.name} does not contain key "${key}"`)
  return kind === 'Secret' ? Buffer.from(value, 'base64').toString('utf8') : value
}

async function readCa (read: ReadObject, bundle: NonNullable<EndpointSettings['caBundle']>): Promise<string> {
  const sources = [bundle.inline, bundle.secretRef, bundle.configMapRef].filter((source) => source !== undefined)
  if (sources.length !== 1) throw new Error('caBundle: exactly one of inline, secretRef, or configMapRef must be specified')
  if (bundle.inline !== undefined) return bundle.inline
  if (bundle.secretRef) return await readKey(read, 'Secret', bundle.secretRef, bundle.secretRef.key ?? 'ca.crt')
  return await readKey(read, 'ConfigMap', bundle.configMapRef!, bundle.configMapRef!.key ?? 'ca.crt')
}

async function bearer (read: ReadObject, { type = '', secretRef }: NonNullable<EndpointSettings['authorization']>): Promise<string> {
  if (type.trim().toLowerCase() === 'basic') throw new Error(`authorization type "${type}" is not supported; use the basicAuth field instead`)
  const secret = await readKey(read, 'Secret', secretRef, secretRef.key ?? '')
  return `${type.trim() || 'Bearer'} ${secret.trim()}`
}

async function basic (read: ReadObject, { secretRef, usernameKey = 'username', passwordKey = 'password' }: NonNullable<EndpointSettings['basicAuth']>): Promise<string> {
  const user = await readKey(read, 'Secret', secretRef, usernameKey)
  const password = await readKey(read, 'Secret', secretRef, passwordKey)
  if (user.includes(':')) throw new Error("basicAuth username must not contain ':'")
  return `Basic ${Buffer.from(`${user.trim()}:${password.trim()}`).toString('base64')}`
}

async function readAuthorization (read: ReadObject, { authorization, basicAuth }: EndpointSettings): Promise<string | undefined> {
  if (authorization && basicAuth) throw new Error('authorization and basicAuth are mutually exclusive')
  if (authorization) return await bearer(read, authorization)
  return basicAuth ? await basic(read, basicAuth) : undefined
}

async function readClientTls (read: ReadObject, { secretRef, certKey = 'tls.crt', privateKeyKey = 'tls.key' }: NonNullable<EndpointSettings['clientTLS']>): Promise<Pick<Endpoint, 'cert' | 'key'>> {
  return { cert: await readKey(read, 'Secret', secretRef, certKey), key: await readKey(read, 'Secret', secretRef, privateKeyKey) }
}

/** The first entry whose host is that of the URL, whatever the case; the port may be left out when it is the default one. */
export function matchEndpoint<T extends { host: string }> (url: string, entries: readonly T[]): T | undefined {
  const { protocol, hostname, port } = new URL(url)
  const defaultPort = protocol === 'https:' ? '443' : '80'
  const names = port === '' ? [hostname, `${hostname}:${defaultPort}`] : [`${hostname}:${port}`]
  return entries.find((entry) => names.some((name) => name.toLowerCase() === entry.host.toLowerCase()))
}

/**
 * Resolves how a hook is called. If the webhook sets any of the four fields itself, endpointConfigs is not consulted.
 * Throws if a Secret, a ConfigMap or a key in one is missing.
 */
export async function resolveEndpoint (url: string, webhook: EndpointSettings, entries: readonly (EndpointSettings & { host: string })[], read: ReadObject): Promise<Endpoint> {
  const own = webhook.caBundle ?? webhook.clientTLS ?? webhook.authorization ?? webhook.basicAuth
  const settings: EndpointSettings = own ? webhook : matchEndpoint(url, entries) ?? {}
  const authorization = await readAuthorization(read, settings)
  return {
    ...(settings.caBundle ? { ca: await readCa(read, settings.caBundle) } : {}),
    ...(settings.clientTLS ? await readClientTls(read, settings.clientTLS) : {}),
    ...(authorization ? { authorization } : {})
  }
}
