// The environment of a container: its own variables, and those that Secrets and ConfigMaps bring.
import type { KubeObject } from '../../api-server/kube-object.ts'
import type { Cluster } from './cluster.ts'
import type { Container, Pod, Reference } from './objects.ts'

/** The variables, or in the kubelet's words why the container cannot be made yet. */
export type Environment = { variables: Record<string, string> } | { missing: string }

type Data = Record<string, string>

/** Reads what is there now. */
export function environmentOf (cluster: Cluster, pod: Pod, { env = [], envFrom = [] }: Container): Environment {
  const { namespace } = pod.metadata
  try {
    const sources = envFrom.map(({ secretRef, configMapRef }) => secretRef ? wholeOf(cluster, 'Secret', namespace, secretRef) : wholeOf(cluster, 'ConfigMap', namespace, configMapRef))
    const own = env.map(({ name, value = '', valueFrom }) => {
      if (valueFrom?.secretKeyRef) return { [name]: keyOf(cluster, 'Secret', namespace, valueFrom.secretKeyRef) }
      if (valueFrom?.configMapKeyRef) return { [name]: keyOf(cluster, 'ConfigMap', namespace, valueFrom.configMapKeyRef) }
      return { [name]: valueFrom ? '' : value }
    })
    return { variables: Object.assign({}, ...sources, ...own) as Data }
  } catch (error) {
    return { missing: (error as Error).message }
  }
}

/** Whether a Secret or ConfigMap that the pod mounts is not there; its containers cannot be made before. */
export function isMountMissing (cluster: Cluster, { metadata: { namespace }, spec: { volumes = [] } }: Pod): boolean {
  const needed = volumes.flatMap(({ configMap, secret, projected }) => [
    ...sourcesOf({ configMap, secret: secret && { ...secret, name: secret.secretName } }),
    ...(projected?.sources ?? []).flatMap(sourcesOf)
  ])
  return needed.some(({ kind, name, optional }) => optional !== true && !cluster.find(kind, namespace, name))
}

function sourcesOf ({ configMap, secret }: { configMap?: Reference | undefined, secret?: Reference | undefined }): Array<Reference & { kind: 'Secret' | 'ConfigMap' }> {
  return [...configMap ? [{ ...configMap, kind: 'ConfigMap' as const }] : [], ...secret ? [{ ...secret, kind: 'Secret' as const }] : []]
}

function wholeOf (cluster: Cluster, kind: 'Secret' | 'ConfigMap', namespace: string | undefined, reference: Reference | undefined): Data {
  const object = reference && cluster.find(kind, namespace, reference.name)
  if (object) return textsOf(kind, object)
  if (!reference || reference.optional) return {}
  throw new Error(`${kind.toLowerCase()} "${reference.name}" not found`)
}

function keyOf (cluster: Cluster, kind: 'Secret' | 'ConfigMap', namespace: string | undefined, reference: Reference): string {
  const { name, key = '', optional = false } = reference
  const value = wholeOf(cluster, kind, namespace, reference)[key]
  if (value === undefined && !optional) throw new Error(`couldn't find key ${key} in ${kind} ${namespace}/${name}`)
  return value ?? ''
}

function textsOf (kind: 'Secret' | 'ConfigMap', { data = {} }: KubeObject): Data {
  const decode = (value: unknown): string => kind === 'Secret' ? Buffer.from(String(value), 'base64').toString('utf8') : String(value)
  return Object.fromEntries(Object.entries(data as object).map(([name, value]) => [name, decode(value)]))
}
