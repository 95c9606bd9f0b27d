// The HTTPRoute that leads from the platform's gateway to an MLflow server.
import { platformOf } from '../../core/platform.ts'
import { mayReturn, type Child } from '../../core/request.ts'
import { HTTP_ROUTE } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, PORT, staticPrefixOf, type Request } from '../place.ts'
import { withAnnotations } from '../user-metadata.ts'

const API = 'gateway.networking.k8s.io'

/** From this minor version of MLflow 3 on, traces in OpenTelemetry's protocol arrive under the prefix, as all else does; before, only at the top. */
const PREFIXED_SINCE = 16

/**
 * Undefined where the spec asks for another way in, or the cluster has no Gateway API. `version`: that of the MLflow that serves, where it is known.
 * All defaults of the server are written out, for Metacontroller replaces lists of rules whole.
 */
export function makeHttpRoute (request: Request, version?: string): Child | undefined {
  const { metadata, spec: { ingress } } = request.parent
  if (ingress.mode !== 'HTTPRoute' || !mayReturn(request, HTTP_ROUTE)) return undefined
  const { gateway } = platformOf(request.platform)
  const { server } = namesOf(metadata.name)
  const prefix = staticPrefixOf(request.parent)
  const { apiVersion, kind } = HTTP_ROUTE
  return {
    apiVersion,
    kind,
    metadata: withAnnotations(namespacedMetadata(request, server), ingress.annotations),
    spec: {
      parentRefs: [{ group: API, kind: 'Gateway', name: ingress.gateway?.name || gateway.name, namespace: ingress.gateway?.namespace || gateway.namespace }],
      ...(ingress.host && { hostnames: [ingress.host] }),
      rules: [
        ...(tracesAtTop(version) ? [{ ...ruleOf(`${prefix}/v1`, server), filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v1' } } }] }] : []),
        ruleOf(prefix, server)
      ]
    }
  }
}

function ruleOf (prefix: string, server: string): object {
  return {
    matches: [{ path: { type: 'PathPrefix', value: prefix } }],
    backendRefs: [{ group: '', kind: 'Service', name: server, port: PORT, weight: 1 }]
  }
}

function tracesAtTop (version = ''): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) < 3 || (Number(major) === 3 && Number(minor) < PREFIXED_SINCE)
}
