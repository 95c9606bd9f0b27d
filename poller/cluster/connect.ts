// Where the API server is and how to prove who we are: from a kubeconfig file, or from the files that a pod gets.
import { readFile } from 'node:fs/promises'
import { cachedFile, type Connection } from './connection.ts'
import { readKubeconfig } from './kubeconfig.ts'

/** Where Kubernetes itself mounts the token of a pod; chart and manifests mount it there, too. */
export const POD_FILES = '/var/run/secrets/kubernetes.io/serviceaccount'

export type ConnectOptions = {
  /** Path of a kubeconfig file, or several joined by `:`. Empty or absent: we run in a pod. */
  kubeconfig?: string | undefined
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, for a pod. */
  service?: { host: string, port: string } | undefined
  /** Folder with token, ca.crt and namespace of a pod. */
  podFiles?: string
  /** The environment of programs that hand out credentials. */
  environment: Record<string, string | undefined>
  monotonic: () => number
}

/** Finds the API server. Throws an Error that names the remedy when there is no configuration or it is not understood. */
export async function connect (options: ConnectOptions): Promise<Connection> {
  if (options.kubeconfig) return await readKubeconfig(options.kubeconfig, options)
  if (!options.service) throw new Error('no API server is known: set KUBECONFIG to a kubeconfig file, or run in a pod with a ServiceAccount')
  const files = options.podFiles ?? POD_FILES
  const { host, port } = options.service
  const token = cachedFile(`${files}/token`, options.monotonic)
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: (await readFile(`${files}/namespace`, 'utf8').catch(() => 'default')).trim(),
    authorization: async () => `Bearer ${await token.read()}`,
    tls: async () => ({ ca: await readFile(`${files}/ca.crt`, 'utf8') }),
    forget: token.forget
  }
}
