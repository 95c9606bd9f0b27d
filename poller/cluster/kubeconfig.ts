// Reads kubeconfig files: one context with its cluster and user. What we do not support is refused, never ignored.
import { readFile } from 'node:fs/promises'
import { delimiter, dirname, resolve } from 'node:path'
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { defined } from '../../hooks/core/plain-value.ts'
import { cachedFile, type Connection, type TlsMaterial } from './connection.ts'
import { createExecCredential, ExecConfig, type ExecCredential } from './exec-credential.ts'
import { parseYamlText } from '../yaml-text.ts'

const text = Type.Optional(Type.String())

const Cluster = Type.Object({
  server: Type.String({ minLength: 1 }),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': Type.Optional(Type.Boolean()),
  'tls-server-name': text,
  'proxy-url': text
})
type Cluster = Static<typeof Cluster>

const User = Type.Object({
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  exec: Type.Optional(ExecConfig)
})
type User = Static<typeof User>

const Context = Type.Object({ cluster: Type.String(), user: Type.Optional(Type.String()), namespace: text })

const Named = Type.Optional(Type.Array(Type.Intersect([Type.Object({ name: Type.String() }), Type.Record(Type.String(), Type.Unknown())])))

// Only the entries that the context names are checked further: a broken one that is not used does no harm.
const Kubeconfig = Type.Object({ 'current-context': text, clusters: Named, contexts: Named, users: Named })

type Entry = { folder: string, value: unknown }

/** Reads one or more kubeconfig files (joined by `:`); of entries with one name the first wins, as kubectl does it. */
export async function readKubeconfig (paths: string, surroundings: Surroundings): Promise<Connection> {
  const config = await readFiles(paths.split(delimiter).filter((path) => path !== ''))
  if (config.current === undefined) throw new Error(`${paths} has no current-context: choose one with kubectl config use-context`)
  const context = checked(Context, find(config.contexts, 'context', config.current).value, `context ${config.current}`)
  const clusterEntry = find(config.clusters, 'cluster', context.cluster)
  const cluster = checked(Cluster, clusterEntry.value, `cluster ${context.cluster}`)
  if (cluster['proxy-url'] !== undefined) throw new Error(`cluster ${context.cluster} has a proxy-url, which is not supported: use a direct address`)
  const userEntry = context.user ? find(config.users, 'user', context.user) : { folder: '.', value: {} }
  refuseUnsupported(userEntry.value, `user ${context.user}`)
  const user = checked(User, userEntry.value ?? {}, `user ${context.user}`)
  return makeConnection({ cluster, clusterFolder: clusterEntry.folder, user, userFolder: userEntry.folder, namespace: context.namespace ?? 'default', surroundings })
}

type Parts = { cluster: Cluster, clusterFolder: string, user: User, userFolder: string, namespace: string, surroundings: Surroundings }

type Surroundings = { environment: Record<string, string | undefined>, monotonic: () => number }

function makeConnection (parts: Parts): Connection {
  const { cluster, user, userFolder, surroundings } = parts
  const server = cluster.server.replace(/\/+$/, '')
  const exec = user.exec && createExecCredential(user.exec, { folder: userFolder, server, ...surroundings })
  const tokenFile = user.tokenFile === undefined ? undefined : cachedFile(resolve(userFolder, user.tokenFile), surroundings.monotonic)
  return {
    server,
    namespace: parts.namespace,
    async authorization () {
      if (tokenFile) return `Bearer ${await tokenFile.read()}`
      if (user.token) return `Bearer ${user.token}`
      if (user.username !== undefined) return `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`
      const token = (await exec?.read())?.token
      return token === undefined ? undefined : `Bearer ${token}`
    },
    tls: async () => await readTls(parts, exec),
    forget () {
      tokenFile?.forget()
      exec?.forget()
    }
  }
}

async function readTls ({ cluster, clusterFolder, user, userFolder }: Parts, exec: ExecCredential | undefined): Promise<TlsMaterial> {
  const fromExec = await exec?.read()
  const material = {
    ca: await pem(cluster['certificate-authority-data'], cluster['certificate-authority'], clusterFolder),
    cert: fromExec?.clientCertificateData ?? await pem(user['client-certificate-data'], user['client-certificate'], userFolder),
    key: fromExec?.clientKeyData ?? await pem(user['client-key-data'], user['client-key'], userFolder),
    servername: cluster['tls-server-name'] || undefined,
    rejectUnauthorized: cluster['insecure-skip-tls-verify'] ? false : undefined
  }
  return defined(material) as TlsMaterial
}

/** PEM from base64 data, which wins, or from a file beside the kubeconfig. */
async function pem (data: string | undefined, path: string | undefined, folder: string): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString('utf8')
  return path ? await readFile(resolve(folder, path), 'utf8') : undefined
}

async function readFiles (paths: string[]) {
  const config = { current: undefined as string | undefined, clusters: new Map<string, Entry>(), contexts: new Map<string, Entry>(), users: new Map<string, Entry>() }
  for (const path of paths) {
    const file = checked(Kubeconfig, await readYaml(path), path)
    config.current ??= file['current-context'] || undefined
    const folder = dirname(resolve(path))
    keepFirst(config.clusters, file.clusters, 'cluster', folder)
    keepFirst(config.contexts, file.contexts, 'context', folder)
    keepFirst(config.users, file.users, 'user', folder)
  }
  return config
}

async function readYaml (path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8')
  try {
    return parseYamlText(text)
  } catch (error) {
    throw new Error(`kubeconfig ${path}: ${(error as Error).message}`)
  }
}

function keepFirst (into: Map<string, Entry>, entries: Array<{ name: string } & Record<string, unknown>> | undefined, key: string, folder: string): void {
  for (const entry of entries ?? []) {
    if (!into.has(entry.name)) into.set(entry.name, { folder, value: entry[key] })
  }
}

function find (entries: Map<string, Entry>, what: string, name: string): Entry {
  const entry = entries.get(name)
  if (!entry) throw new Error(`the kubeconfig has no ${what} named ${name}: add it or choose another context`)
  return entry
}

/** Credentials that we would lose by ignoring them, or that would give us more rights than was meant. */
function refuseUnsupported (user: unknown, what: string): void {
  if (typeof user !== 'object' || user === null) return
  for (const field of ['auth-provider', 'as', 'as-uid', 'as-groups', 'as-user-extra']) {
    if (field in user) throw new Error(`${what} uses ${field}, which is not supported: use a token, a client certificate or an exec plugin`)
  }
}

function checked<S extends TSchema> (schema: S, value: unknown, what: string): Static<S> {
  if (Value.Check(schema, value)) return value
  const first = Value.Errors(schema, value).First()
  throw new Error(`${what} of the kubeconfig is not valid at ${first?.path || '/'}: ${first?.message ?? 'unknown shape'}`)
}
