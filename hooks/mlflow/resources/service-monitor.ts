// The ServiceMonitor of an MLflow server: how Prometheus finds it and whom it believes.
import { defined } from '../../core/plain-value.ts'
import { platformOf } from '../../core/platform.ts'
import type { Child } from '../../core/request.ts'
import { SERVICE_MONITOR } from '../children.ts'
import { hasMetrics } from '../metrics.ts'
import { namesOf } from '../names.ts'
import { namespaceOf, namespacedMetadata, schemeOf, tlsSecretOf, type Request } from '../place.ts'
import { labelsThatFit } from '../user-metadata.ts'

/** Undefined where there are no metrics. */
export function makeServiceMonitor (request: Request): Child | undefined {
  if (!hasMetrics(request)) return undefined
  const { metadata, spec } = request.parent
  const names = namesOf(metadata.name)
  const { apiVersion, kind } = SERVICE_MONITOR
  return {
    apiVersion,
    kind,
    metadata: namespacedMetadata(request, names.monitor, { labels: labelsThatFit(spec.serviceMonitor.labels) }),
    spec: {
      selector: { matchLabels: { app: names.server } },
      endpoints: [defined({
        port: schemeOf(spec),
        // Without the prefix of all other paths: MLflow serves its metrics at the top.
        path: '/metrics',
        scheme: schemeOf(spec),
        interval: spec.serviceMonitor.interval,
        tlsConfig: tlsConfig(request)
      })]
    }
  }
}

/** Prometheus calls pods by their addresses, so it is told whose certificate it should see. A Secret of the user's need not say who issued it. */
function tlsConfig (request: Request): object | undefined {
  const { metadata, spec: { tls } } = request.parent
  const serverName = `${namesOf(metadata.name).server}.${namespaceOf(request)}.svc`
  if (tls.mode === 'Off') return undefined
  if (tls.mode === 'ServiceCA' && platformOf(request.platform).openshift) return { ca: { configMap: { name: 'openshift-service-ca.crt', key: 'service-ca.crt' } }, serverName }
  if (tls.mode === 'CertManager') return { ca: { secret: { name: tlsSecretOf(request), key: 'ca.crt' } }, serverName }
  return { insecureSkipVerify: true }
}
