// The Service in front of the server's pods.
import type { Child } from '../../core/request.ts'
import { SERVICE } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, PORT, schemeOf, tlsSecretOf, type Request } from '../place.ts'
import { withAnnotations } from '../user-metadata.ts'
import { serverSelector } from './server-template.ts'

/** OpenShift makes a certificate for the Service, and puts it into this Secret. Nobody reads it elsewhere. */
const SERVING_CERTIFICATE = 'service.beta.openshift.io/serving-cert-secret-name'

export function makeService (request: Request): Child[] {
  const { spec, metadata: { name } } = request.parent
  const { apiVersion, kind } = SERVICE
  const secret = spec.tls.mode === 'ServiceCA' ? tlsSecretOf(request) : undefined
  return [{
    apiVersion,
    kind,
    metadata: withAnnotations(namespacedMetadata(request, namesOf(name).server), spec.service.annotations, secret === undefined ? {} : { [SERVING_CERTIFICATE]: secret }),
    spec: {
      type: spec.service.type,
      selector: serverSelector(request),
      // By its number: pods of before a change of TLS have another name for it.
      ports: [{ name: schemeOf(spec), port: PORT, protocol: 'TCP', targetPort: PORT }]
    }
  }]
}
