// Where the API server is and how to prove who we are: the files that a pod of a ServiceAccount gets, or, outside of a pod, a kubeconfig with a token.
import { readFile } from 'node:fs/promises'
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { parse } from 'yaml'
import { ClaimError } from './failure.ts'

export type Connection = {
  /** Base URL without a slash at the end. */
  server: string
  /** Undefined where the server asks for none. */
  token: string | undefined
  /** PEM text; undefined: authorities that Node knows. */
  ca: string | undefined
  /** Ours, for a claim that names none. */
  namespace: string
}

export type Surroundings = {
  /** Path of a kubeconfig file; empty: we run in a pod. */
  kubeconfig: string
  host: string
  port: string
  /** With token, ca.crt and namespace of the ServiceAccount. */
  folder: string
}

/** Finds the API server. Throws SettingsInvalid. */
export async function connect ({ kubeconfig, host, port, folder }: Surroundings): Promise<Connection> {
  if (kubeconfig !== '') return await readKubeconfig(kubeconfig)
  if (host === '') throw new ClaimError('SettingsInvalid', 'no API server is known; run this in a pod, or set KUBECONFIG')
  const file = async (name: string): Promise<string> => (await read(`${folder}/${name}`, 'mount the token of a ServiceAccount into the pod')).trim()
  return { server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, token: await file('token'), ca: await file('ca.crt'), namespace: await file('namespace') }
}

async function read (path: string, remedy: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => { throw new ClaimError('SettingsInvalid', `${path} cannot be read; ${remedy}`, { cause: error }) })
}

const Named = Type.Array(Type.Object({ name: Type.String() }))
const Kubeconfig = Type.Object({ 'current-context': Type.String(), clusters: Named, contexts: Named, users: Named })
const Context = Type.Object({ context: Type.Object({ cluster: Type.String(), user: Type.String(), namespace: Type.Optional(Type.String()) }) })
const Cluster = Type.Object({ cluster: Type.Object({ server: Type.String(), 'certificate-authority-data': Type.Optional(Type.String()) }) })
const User = Type.Object({ user: Type.Object({ token: Type.Optional(Type.String()) }) })

async function readKubeconfig (path: string): Promise<Connection> {
  const checked = <S extends TSchema>(schema: S, value: unknown): Static<S> => {
    if (Value.Check(schema, value)) return value
    throw new ClaimError('SettingsInvalid', `${path} is no kubeconfig with a current context, an address and a token; other ways of proving who one is are not known here`)
  }
  const config = checked(Kubeconfig, parse(await read(path, 'name a kubeconfig file')))
  const named = (entries: Static<typeof Named>, name: string): unknown => entries.find((entry) => entry.name === name)
  const { context } = checked(Context, named(config.contexts, config['current-context']))
  const { cluster } = checked(Cluster, named(config.clusters, context.cluster))
  const { user } = checked(User, named(config.users, context.user))
  const ca = cluster['certificate-authority-data']
  return {
    server: cluster.server.replace(/\/+$/, ''),
    token: user.token,
    ca: ca === undefined ? undefined : Buffer.from(ca, 'base64').toString('utf8'),
    namespace: context.namespace ?? 'default'
  }
}
