// What the check against real schemas accepts and refuses.
import t from 'tap'
import { crdProblems } from './crd-validation.ts'

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'x', image: 'r/i:1', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1', memory: 5 } } }] } }
const object = (apiVersion: string, kind: string, spec: object) => ({ apiVersion, kind, metadata: { name: 'x', labels: { a: 'b' } }, spec })
const deployment = { selector: { matchLabels: { a: 'b' } }, strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } }, template }

const rows: Array<{ name: string, object: { apiVersion: string, kind: string }, want: string[] | undefined }> = [
  { name: 'a Deployment', object: object('apps/v1', 'Deployment', deployment), want: [] },
  { name: 'a Deployment without a template', object: object('apps/v1', 'Deployment', { ...deployment, template: undefined }), want: ["/spec must have required property 'template'"] },
  { name: 'a Deployment with a misspelt field deep in it', object: object('apps/v1', 'Deployment', { ...deployment, template: { ...template, spec: { ...template.spec, containerz: [] } } }), want: ['/spec/template/spec must NOT have additional properties'] },
  { name: 'a Deployment with a text for a number', object: object('apps/v1', 'Deployment', { ...deployment, replicas: '1' }), want: ['/spec/replicas must be integer'] },
  { name: 'a Job', object: object('batch/v1', 'Job', { template: { spec: { restartPolicy: 'Never', ...template.spec } }, podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } }), want: [] },
  { name: 'a Service', object: object('v1', 'Service', { ports: [{ port: 80, targetPort: 'http' }, { port: 81, targetPort: 8081 }] }), want: [] },
  { name: 'a claim', object: object('v1', 'PersistentVolumeClaim', { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }), want: [] },
  { name: 'an HPA', object: object('autoscaling/v2', 'HorizontalPodAutoscaler', { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd' }, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }] }), want: [] },
  { name: 'a kind that nothing describes', object: object('x.y/v1', 'Thing', {}), want: undefined }
]
for (const { name, object, want } of rows) {
  t.test(name, async (t) => { t.strictSame(crdProblems(JSON.parse(JSON.stringify(object)) as typeof object)?.map((line) => line.slice(0, line.indexOf(' {'))), want) })
}
