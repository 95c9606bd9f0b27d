// The certificate of an MLflow server, where cert-manager makes it.
import { mayReturn, type Child } from '../../core/request.ts'
import { CERTIFICATE } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, serviceHosts, tlsSecretOf, type Request } from '../place.ts'

/** Undefined where it comes from elsewhere, the spec names no issuer, or the cluster has no cert-manager. */
export function makeCertificate (request: Request): Child | undefined {
  const { metadata, spec: { tls } } = request.parent
  const secretName = tlsSecretOf(request)
  if (tls.mode !== 'CertManager' || !tls.issuerRef || !secretName || !mayReturn(request, CERTIFICATE)) return undefined
  const { name, kind: issuerKind, group } = tls.issuerRef
  const { apiVersion, kind } = CERTIFICATE
  return {
    apiVersion,
    kind,
    metadata: namespacedMetadata(request, namesOf(metadata.name).server),
    spec: { secretName, dnsNames: serviceHosts(request), issuerRef: { name, kind: issuerKind, group: group || 'cert-manager.io' } }
  }
}
