// Where everything of one MLflow object is: its namespace, the metadata of its children, and the addresses of its server.
import { COMPONENT_LABEL, childLabels, parentLabel } from '../core/labels.ts'
import { isMap } from '../core/plain-value.ts'
import { platformOf } from '../core/platform.ts'
import type { Template } from '../core/pod-template.ts'
import { mayReturn, type Child, type CustomizeRequest, type SyncRequest } from '../core/request.ts'
import { HTTP_ROUTE, VIRTUAL_SERVICE } from './children.ts'
import { namesOf, tlsSecretOf as namedTlsSecretOf } from './names.ts'
import type { Spec } from './schema.ts'
import type { Status } from './schema/status.ts'

export type Request = SyncRequest<Spec, Status>

/** Of the Service and of the server's container alike. */
export const PORT = 8443

type Labels = { app?: string, labels?: Record<string, string> }

/** The namespace of all that is made. */
export function namespaceOf ({ parent, platform }: Pick<CustomizeRequest<Spec>, 'parent' | 'platform'>): string {
  return parent.spec.namespace ?? platformOf(platform).namespace
}

/** Metadata of a child in that namespace. `app`: what its label of that name says, which is the server's unless it belongs to something beside it. */
export function namespacedMetadata (request: Request, name: string, labels: Labels = {}): Child['metadata'] {
  return { name, namespace: namespaceOf(request), labels: labelsOf(request, labels) }
}

/** The same of a child without a namespace. */
export function clusterMetadata (request: Request, name: string, labels: Labels = {}): Child['metadata'] {
  return { name, labels: labelsOf(request, labels) }
}

function labelsOf ({ parent }: Request, { app = namesOf(parent.metadata.name).server, labels }: Labels): Record<string, string> {
  return { ...childLabels(parent), app, component: 'mlflow', ...labels }
}

/** What selects the pods of a component of this object, and nothing else. */
export function componentSelector ({ parent }: Request, component: string): Record<string, string> {
  return { ...parentLabel(parent), [COMPONENT_LABEL]: component }
}

/** `https`, or `http` where TLS is off: scheme of the server, name of its port, and as capitals scheme of its probes. */
export function schemeOf ({ tls }: Pick<Spec, 'tls'>): 'http' | 'https' {
  return tls.mode === 'Off' ? 'http' : 'https'
}

/** The Secret with the server's certificate; undefined without TLS. */
export function tlsSecretOf ({ parent }: Pick<Request, 'parent'>): string | undefined {
  return namedTlsSecretOf(parent)
}

/** Before every path of the server: `/mlflow`. */
export function staticPrefixOf ({ metadata }: { metadata: { name: string } }): string {
  return `/${namesOf(metadata.name).server}`
}

/** Names of the Service, the longest that all clusters know last: `mlflow`, `mlflow.ns`, `mlflow.ns.svc`, and with the cluster's usual domain. */
export function serviceHosts (request: Request): string[] {
  const { server } = namesOf(request.parent.metadata.name)
  const namespace = namespaceOf(request)
  return [server, `${server}.${namespace}`, `${server}.${namespace}.svc`, `${server}.${namespace}.svc.cluster.local`]
}

/** Where it is reached inside the cluster: `https://mlflow.ns.svc:8443/mlflow`. `kept`: the pod template that runs in place of the spec's. */
export function addressUrl (request: Request, kept?: Template): string {
  const { parent } = request
  const { server } = namesOf(parent.metadata.name)
  return `${kept ? schemeIn(kept) : schemeOf(parent.spec)}://${server}.${namespaceOf(request)}.svc:${PORT}${staticPrefixOf(parent)}`
}

/** By the name of its port. */
function schemeIn ({ spec: { containers } }: Template): 'http' | 'https' {
  const ports = containers.flatMap(({ ports }) => Array.isArray(ports) ? ports.filter(isMap) : [])
  return ports.some(({ name, containerPort }) => name === 'http' && containerPort === PORT) ? 'http' : 'https'
}

/** Where it is reached from outside: `https://gateway.example.com/mlflow`. Undefined where no route leads to it, or nobody has said under which name. */
export function externalUrl (request: Request): string | undefined {
  const base = hasRoute(request) ? externalBase(request) : undefined
  return base && `${base}${staticPrefixOf(request.parent)}`
}

/** Scheme, host and port that browsers outside have as their origin; undefined as above. */
export function externalOrigin (request: Request): string | undefined {
  return externalUrl(request)?.split('/').slice(0, 3).join('/')
}

/** Host and port that callers outside ask for; undefined as above. */
export function externalHost (request: Request): string | undefined {
  return externalUrl(request)?.split('/')[2]
}

/** Whether something that we make leads here from outside. */
function hasRoute (request: Request): boolean {
  const { mode } = request.parent.spec.ingress
  switch (mode) {
    case 'HTTPRoute': return mayReturn(request, HTTP_ROUTE)
    case 'VirtualService': return mayReturn(request, VIRTUAL_SERVICE)
    case 'Ingress': return true
    case 'None': return false
    default: return mode satisfies never
  }
}

/** Without a slash at its end. A path of the platform's URL holds for its own host only. */
function externalBase ({ parent, platform }: Request): string | undefined {
  const { mode, host, tlsSecretName } = parent.spec.ingress
  const configured = platformOf(platform).externalUrl?.replace(/\/+$/, '')
  const [scheme = 'https:', , authority = ''] = configured?.split('/') ?? []
  if (!host || authority.replace(/:\d+$/, '') === host) return configured
  return mode === 'Ingress' ? `${tlsSecretName ? 'https' : 'http'}://${host}` : `${scheme}//${host}`
}
