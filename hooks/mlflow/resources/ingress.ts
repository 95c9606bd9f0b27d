// The Ingress that leads to an MLflow server.
import type { Child } from '../../core/request.ts'
import { INGRESS } from '../children.ts'
import { namesOf } from '../names.ts'
import { externalHost, namespacedMetadata, PORT, schemeOf, staticPrefixOf, type Request } from '../place.ts'
import { withAnnotations } from '../user-metadata.ts'

/** Undefined where the spec asks for another way in. Paths are not rewritten: the server expects its prefix. */
export function makeIngress (request: Request): Child | undefined {
  const { metadata, spec } = request.parent
  const { ingress } = spec
  if (ingress.mode !== 'Ingress') return undefined
  const { server } = namesOf(metadata.name)
  const host = ingress.host || externalHost(request)?.replace(/:\d+$/, '')
  const named = host ? { host } : {}
  const path = { path: staticPrefixOf(request.parent), pathType: 'Prefix', backend: { service: { name: server, port: { number: PORT } } } }
  const { apiVersion, kind } = INGRESS
  return {
    apiVersion,
    kind,
    metadata: withAnnotations(namespacedMetadata(request, server), ingress.annotations, nginxAnnotations(schemeOf(spec))),
    spec: {
      ...(ingress.className && { ingressClassName: ingress.className }),
      rules: [{ ...named, http: { paths: [path] } }],
      ...(ingress.tlsSecretName && { tls: [{ ...(host && { hosts: [host] }), secretName: ingress.tlsSecretName }] })
    }
  }
}

/** Without them, nginx speaks plain HTTP to the server, and refuses artifacts of more than a megabyte. Others do not look at them. */
function nginxAnnotations (scheme: 'http' | 'https'): Record<string, string> {
  return {
    'nginx.ingress.kubernetes.io/proxy-body-size': '0',
    ...(scheme === 'https' && { 'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS' })
  }
}
