// What watches an MLflow server, gives it its certificate, and keeps its pods.
import t from 'tap'
import { makeAutoscaler } from '../../../hooks/mlflow/resources/autoscaler.ts'
import { makeCertificate } from '../../../hooks/mlflow/resources/certificate.ts'
import { makeDisruptionBudget } from '../../../hooks/mlflow/resources/disruption-budget.ts'
import { makeServiceMonitor } from '../../../hooks/mlflow/resources/service-monitor.ts'
import { only, partRequest } from './part-request.ts'

const ISSUER = { name: 'own', kind: 'ClusterIssuer' }

t.test('39, 40: whom Prometheus believes', async (t) => {
  const serverName = 'mlflow.test-ns.svc'
  const https = { port: 'https', path: '/metrics', scheme: 'https' }
  const rows: Array<{ name: string, given: Parameters<typeof partRequest>[0], want: object }> = [
    { name: "OpenShift's authority", given: { platform: { openshift: true } }, want: { ...https, tlsConfig: { ca: { configMap: { name: 'openshift-service-ca.crt', key: 'service-ca.crt' } }, serverName } } },
    { name: 'elsewhere anybody', given: {}, want: { ...https, tlsConfig: { insecureSkipVerify: true } } },
    { name: "on OpenShift, too, where the certificate is the user's", given: { platform: { openshift: true }, spec: { tls: { mode: 'Secret' } } }, want: { ...https, tlsConfig: { insecureSkipVerify: true } } },
    { name: "cert-manager's issuer, which the Secret names", given: { spec: { tls: { mode: 'CertManager', issuerRef: ISSUER } } }, want: { ...https, tlsConfig: { ca: { secret: { name: 'mlflow-tls', key: 'ca.crt' } }, serverName } } },
    { name: 'nobody where there is no TLS', given: { spec: { tls: { mode: 'Off' } } }, want: { port: 'http', path: '/metrics', scheme: 'http' } },
    { name: 'as often as the spec says', given: { spec: { tls: { mode: 'Off' }, serviceMonitor: { interval: '15s' } } }, want: { port: 'http', path: '/metrics', scheme: 'http', interval: '15s' } }
  ]
  for (const { name, given, want } of rows) {
    const { metadata, spec } = only(makeServiceMonitor(partRequest(given)))
    t.strictSame([metadata.name, spec], ['mlflow-metrics-monitor', { selector: { matchLabels: { app: 'mlflow' } }, endpoints: [want] }], name)
  }
  const labels = { release: 'prometheus', 'sluice.dev/parent': 'mlflow.other', 'no key': 'x', long: 'no value' }
  t.match(only(makeServiceMonitor(partRequest({ spec: { serviceMonitor: { labels } } }))).metadata.labels, { release: 'prometheus', 'sluice.dev/parent': 'mlflow.mlflow', 'no key': undefined, long: undefined })
  t.equal(makeServiceMonitor(partRequest({ without: ['prometheusOperator'] })), undefined)
  t.equal(makeServiceMonitor(partRequest({ spec: { serviceMonitor: { enabled: false } } })), undefined)
})

t.test('cert-manager makes a certificate for all names of the Service', async (t) => {
  const dnsNames = ['mlflow', 'mlflow.test-ns', 'mlflow.test-ns.svc', 'mlflow.test-ns.svc.cluster.local']
  const given = { spec: { tls: { mode: 'CertManager', issuerRef: ISSUER } } }
  t.strictSame(only(makeCertificate(partRequest(given))).spec, { secretName: 'mlflow-tls', dnsNames, issuerRef: { name: 'own', kind: 'ClusterIssuer', group: 'cert-manager.io' } })
  t.strictSame(only<{ secretName: string }>(makeCertificate(partRequest({ spec: { tls: { ...given.spec.tls, secretName: 'mine' } } }))).spec.secretName, 'mine')
  t.equal(makeCertificate(partRequest({ ...given, without: ['certManager'] })), undefined)
  t.equal(makeCertificate(partRequest()), undefined)
})

t.test('an autoscaler says how many pods there are, where the spec asks for one', async (t) => {
  const target = (maxReplicas: number, averageUtilization: number) => ({
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'mlflow' },
    minReplicas: 2,
    maxReplicas,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }]
  })
  t.strictSame(only(makeAutoscaler(partRequest({ spec: { autoscaling: { minReplicas: 2, maxReplicas: 5 } } }))).spec, target(5, 80))
  t.strictSame(only(makeAutoscaler(partRequest({ spec: { autoscaling: { minReplicas: 2, maxReplicas: 1, targetCPUUtilization: 60 } } }))).spec, target(2, 60), 'fewer at most than at least are as many')
  t.equal(makeAutoscaler(partRequest()), undefined)
})

t.test('what the draining of nodes may take', async (t) => {
  const selector = { matchLabels: { app: 'mlflow-team' } }
  const budget = (podDisruptionBudget: object) => partRequest({ name: 'team', spec: { podDisruptionBudget } })
  t.strictSame(only(makeDisruptionBudget(budget({ minAvailable: 1 }))).spec, { minAvailable: 1, selector })
  t.strictSame(only(makeDisruptionBudget(budget({ maxUnavailable: 0 }))).spec, { maxUnavailable: 0, selector })
  t.equal(makeDisruptionBudget(budget({})), undefined)
  t.equal(makeDisruptionBudget(partRequest()), undefined)
})
