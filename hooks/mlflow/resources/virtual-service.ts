// The VirtualService that leads from Istio's gateway to an MLflow server, and what tells the gateway to speak TLS to it.
import { platformOf } from '../../core/platform.ts'
import { mayReturn, type Child } from '../../core/request.ts'
import { DESTINATION_RULE, HTTP_ROUTE, VIRTUAL_SERVICE } from '../children.ts'
import { namesOf } from '../names.ts'
import { externalHost, namespaceOf, namespacedMetadata, PORT, staticPrefixOf, type Request } from '../place.ts'
import { withAnnotations } from '../user-metadata.ts'

/** Undefined where the spec asks for another way in, or the cluster has no Istio. Paths are not rewritten: the server expects its prefix. */
export function makeVirtualService (request: Request): Child | undefined {
  const { metadata, spec: { ingress } } = request.parent
  if (ingress.mode !== 'VirtualService' || !mayReturn(request, VIRTUAL_SERVICE)) return undefined
  const { gateway } = platformOf(request.platform)
  const prefix = staticPrefixOf(request.parent)
  const { apiVersion, kind } = VIRTUAL_SERVICE
  return {
    apiVersion,
    kind,
    metadata: withAnnotations(namespacedMetadata(request, namesOf(metadata.name).server), ingress.annotations),
    spec: {
      gateways: [`${ingress.gateway?.namespace || gateway.namespace}/${ingress.gateway?.name || gateway.name}`],
      hosts: [ingress.host || externalHost(request)?.replace(/:\d+$/, '') || '*'],
      http: [{
        // Not every path that begins so: /mlflow-dev belongs to another server.
        match: [{ uri: { exact: prefix } }, { uri: { prefix: `${prefix}/` } }],
        route: [{ destination: { host: hostOf(request), port: { number: PORT } } }]
      }]
    }
  }
}

/**
 * Undefined where the server speaks plain HTTP, or neither a VirtualService nor an HTTPRoute, which may be for a gateway of Istio, leads to it. The gateway knows no authority that has issued the certificate, and cannot be
 * given one from this namespace, so it does not ask for it.
 */
export function makeDestinationRule (request: Request): Child | undefined {
  const { metadata, spec: { ingress, tls } } = request.parent
  const isRouted = ingress.mode === 'VirtualService' || (ingress.mode === 'HTTPRoute' && mayReturn(request, HTTP_ROUTE))
  if (!isRouted || tls.mode === 'Off' || !mayReturn(request, DESTINATION_RULE)) return undefined
  const { apiVersion, kind } = DESTINATION_RULE
  return {
    apiVersion,
    kind,
    metadata: namespacedMetadata(request, namesOf(metadata.name).server),
    spec: { host: hostOf(request), trafficPolicy: { tls: { mode: 'SIMPLE', insecureSkipVerify: true } } }
  }
}

function hostOf (request: Request): string {
  return `${namesOf(request.parent.metadata.name).server}.${namespaceOf(request)}.svc.cluster.local`
}
