// What the server fills in on built-in kinds, leaves out and refuses, as a real one of Kubernetes 1.35 does.
import t from 'tap'
import { withBuiltinDefaults, withIdentity } from '../../../playground/api-server/builtin-defaults.ts'
import { leavesOf } from '../../../playground/api-server/field-set.ts'
import { builtinOwnership } from '../../../playground/api-server/builtin-ownership.ts'
import { builtinCauses } from '../../../playground/api-server/builtin-rules.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'

t.test('a Deployment', (t) => {
  const container = { name: 'x', image: 'r/i:1', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1000m' } }, readinessProbe: { httpGet: { port: 80 } } }
  const given: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container], volumes: [{ name: 's', secret: { secretName: 's' } }] } } } }
  const filled = withBuiltinDefaults(given)
  t.same(filled.spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    selector: { matchLabels: { a: 'b' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
        containers: [{
          name: 'x',
          image: 'r/i:1',
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          resources: { limits: { cpu: '1' } },
          readinessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }
        }],
        volumes: [{ name: 's', secret: { secretName: 's', defaultMode: 420 } }]
      }
    }
  })
  t.same(withBuiltinDefaults(filled), filled, 'twice is the same')
  t.end()
})

t.test('other kinds', (t) => {
  const rows: { name: string, given: KubeObject, want: object }[] = [
    { name: 'stringData of a Secret becomes data', given: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'b' } }, want: { type: 'Opaque', data: { a: 'Yg==' }, stringData: undefined } },
    { name: 'a Service', given: { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } }, want: { spec: { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } } },
    { name: 'a PersistentVolumeClaim', given: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'p' }, spec: { resources: { requests: { storage: '1024Mi' } } } }, want: { spec: { volumeMode: 'Filesystem', resources: { requests: { storage: '1Gi' } } } } },
    { name: 'a custom resource is left alone', given: { apiVersion: 'x.y/v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } }, want: { spec: { ports: [{ port: 80 }] } } }
  ]
  for (const row of rows) t.match(withBuiltinDefaults(row.given), row.want, row.name)
  t.end()
})

const m = (name: string): KubeObject['metadata'] => ({ name, namespace: 'default' })
const RBAC = 'rbac.authorization.k8s.io'
const pod = { containers: [{ name: 'c', image: 'x:1' }], restartPolicy: 'Never' }
const wholePod = { ...pod, terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst', securityContext: {}, schedulerName: 'default-scheduler', containers: [{ name: 'c', image: 'x:1', resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', imagePullPolicy: 'IfNotPresent' }] }

t.test('kinds beside an application, each as a real server answered', (t) => {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }
  const rows: Array<{ name: string, given: KubeObject, want: object }> = [
    { name: 'who is bound to a role', given: { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: m('r'), roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'ServiceAccount', name: 's' }, { kind: 'Group', name: 'g' }] }, want: { roleRef: { apiGroup: RBAC, kind: 'Role', name: 'r' }, subjects: [{ kind: 'ServiceAccount', name: 's' }, { kind: 'Group', name: 'g', apiGroup: RBAC }] } },
    { name: 'a role without rules', given: { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: 'r' }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { x: '' } }] } }, want: { rules: null, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { x: '' } }] } } },
    { name: 'a network policy with an empty list of what may be reached', given: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: m('n'), spec: { podSelector: { matchLabels: {} }, egress: [], ingress: [{ from: [], ports: [{ port: 8443 }] }] } }, want: { spec: { podSelector: {}, ingress: [{ ports: [{ port: 8443, protocol: 'TCP' }] }], policyTypes: ['Ingress'] } } },
    { name: 'what runs now and then', given: { apiVersion: 'batch/v1', kind: 'CronJob', metadata: m('c'), spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template: { spec: pod } } } } }, want: { spec: { schedule: '0 0 * * *', concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1, jobTemplate: { metadata: {}, spec: { template: { metadata: {}, spec: wholePod } } } } } },
    { name: 'a Job with a policy for failures', given: { apiVersion: 'batch/v1', kind: 'Job', metadata: m('j'), spec: { podFailurePolicy: { rules: [] }, template: { spec: pod } } }, want: { spec: { podFailurePolicy: {}, parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, manualSelector: false, podReplacementPolicy: 'Failed', template: { metadata: {}, spec: wholePod } } } },
    { name: 'an autoscaler that says nothing', given: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: m('h'), spec: { maxReplicas: 3, scaleTargetRef, metrics: [] } }, want: { spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }] } } },
    { name: 'an autoscaler that is slow to scale down', given: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: m('h'), spec: { maxReplicas: 3, scaleTargetRef, metrics: [{ type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1024Mi' } } }], behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } } }, want: { spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef, metrics: [{ type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } }], behavior: { scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }] }, scaleDown: { stabilizationWindowSeconds: 60, selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] } } } } },
    { name: 'a Service for outside', given: { apiVersion: 'v1', kind: 'Service', metadata: m('s'), spec: { type: 'LoadBalancer', selector: {}, ports: [{ name: '', port: 80 }] } }, want: { spec: { type: 'LoadBalancer', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true, ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } } },
    { name: 'a claim without a class is not one of the default class', given: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: m('p'), spec: { storageClassName: '', volumeName: '', selector: {}, resources: { limits: {}, requests: { storage: '2Gi' } } } }, want: { spec: { storageClassName: '', selector: {}, volumeMode: 'Filesystem', resources: { requests: { storage: '2Gi' } } } } }
  ]
  for (const { name, given, want } of rows) {
    const { apiVersion, kind, metadata, ...rest } = withBuiltinDefaults(given)
    t.strictSame(rest, want, name)
    t.strictSame(withBuiltinDefaults(withBuiltinDefaults(given)), withBuiltinDefaults(given), `${name}: twice is the same`)
  }
  t.end()
})

t.test('pods of a Job are known by its uid, and the Job itself only where it has no labels', (t) => {
  const spec = { template: { metadata: { labels: { a: 'b' } }, spec: pod } }
  const ofPods = { a: 'b', 'batch.kubernetes.io/controller-uid': 'u', 'batch.kubernetes.io/job-name': 'j', 'controller-uid': 'u', 'job-name': 'j' }
  const made = (labels: object): KubeObject => withIdentity({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j', uid: 'u', ...labels }, spec })
  t.match(made({}), { metadata: { labels: ofPods }, spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } }, template: { metadata: { labels: ofPods } } } })
  t.strictSame(made({ labels: { 'controller-uid': 'of-the-parent' } }).metadata.labels, { 'controller-uid': 'of-the-parent' })
  t.end()
})

t.test('what says nothing is left out of pods', (t) => {
  const container = { name: 'c', image: 'x:1', command: [], env: [{ name: 'A', value: '' }, { name: 'I', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }], volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: false }], resources: { limits: {} }, startupProbe: { initialDelaySeconds: 0, grpc: { port: 5 } }, lifecycle: { preStop: { httpGet: { port: 80 } } } }
  const spec = { nodeSelector: {}, tolerations: [], affinity: {}, hostNetwork: false, priorityClassName: '', containers: [container], volumes: [{ name: 'v' }, { name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }, { name: 'm', emptyDir: { sizeLimit: '1024Mi' } }, { name: 'h', hostPath: { path: '/h' } }] }
  const { spec: { template: { spec: filled } } } = withBuiltinDefaults({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: m('d'), spec: { template: { metadata: { labels: { a: '' } }, spec } } })
  t.strictSame(filled, {
    ...wholePod,
    restartPolicy: 'Always',
    affinity: {},
    containers: [{ ...wholePod.containers[0], env: [{ name: 'A' }, { name: 'I', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }], volumeMounts: [{ name: 'v', mountPath: '/v' }], startupProbe: { grpc: { port: 5, service: '' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }, lifecycle: { preStop: { httpGet: { port: 80, path: '/', scheme: 'HTTP' } } } }],
    volumes: [{ name: 'v', emptyDir: {} }, { name: 't', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }], defaultMode: 420 } }, { name: 'm', emptyDir: { sizeLimit: '1Gi' } }, { name: 'h', hostPath: { path: '/h', type: '' } }]
  })
  t.end()
})

const claimOf = (spec: object, status?: object): KubeObject => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: m('p'), spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, ...spec }, ...(status && { status }) })
const asking = (storage: string): object => ({ resources: { requests: { storage } } })
const bound = { phase: 'Bound', capacity: { storage: '2Gi' } }
const bindingTo = (name: string): KubeObject => ({ apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name: 'b' }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name } })
const deploymentOf = (selector: object): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: m('d'), spec: { selector: { matchLabels: selector }, template: { metadata: { labels: { a: 'b', c: 'd' } } } } })
const changes: Array<{ name: string, from?: KubeObject, to: KubeObject, fields: string[] }> = [
  { name: 'a claim that is bound may grow', from: claimOf({}, bound), to: claimOf(asking('3Gi')), fields: [] },
  { name: 'one that is not may not', from: claimOf({}, { phase: 'Pending' }), to: claimOf(asking('3Gi')), fields: ['spec'] },
  { name: 'none may become smaller than its volume', from: claimOf({}, bound), to: claimOf(asking('1Gi')), fields: ['spec.resources.requests.storage'] },
  { name: 'an expansion that failed may be taken back', from: claimOf(asking('9Gi'), bound), to: claimOf(asking('3Gi')), fields: [] },
  { name: 'a class may come where there was none', from: claimOf({}), to: claimOf({ storageClassName: 'x' }), fields: [] },
  { name: 'a class may not become another', from: claimOf({ storageClassName: 'y' }), to: claimOf({ storageClassName: 'x' }), fields: ['spec'] },
  { name: 'a binding stays with its role', from: bindingTo('r'), to: bindingTo('other'), fields: ['roleRef'] },
  { name: 'a Deployment stays with its pods', from: deploymentOf({ a: 'b' }), to: deploymentOf({ c: 'd' }), fields: ['spec.selector'] },
  { name: 'a Deployment must select its own pods', to: deploymentOf({ x: 'y' }), fields: ['spec.template.metadata.labels'] },
  { name: 'a CronJob has room in its name for the time', to: { apiVersion: 'batch/v1', kind: 'CronJob', metadata: m('x'.repeat(53)), spec: { schedule: 'never' } }, fields: ['metadata.name', 'spec.schedule'] },
  { name: 'a path of an Ingress says how it is read', to: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: m('i'), spec: { rules: [{ http: { paths: [{ path: '/' }] } }] } }, fields: ['spec.rules[0].http.paths[0].pathType'] }
]
t.test('what a real server refuses', (t) => {
  for (const { name, from, to, fields } of changes) t.strictSame(builtinCauses(to, from).map(({ field }) => field), fields, name)
  t.end()
})

t.test('ports are owned by number and protocol, selectors as a whole', (t) => {
  const spec = { selector: { a: 'b', c: 'd' }, ports: [{ port: 53 }, { port: 53, protocol: 'UDP' }] }
  t.same([...leavesOf({ spec }, builtinOwnership).keys()].map((key) => (JSON.parse(key) as string[]).slice(1).join(' ')), [
    'f:selector',
    'f:ports k:{"port":53,"protocol":"TCP"} .', 'f:ports k:{"port":53,"protocol":"TCP"} f:port',
    'f:ports k:{"port":53,"protocol":"UDP"} .', 'f:ports k:{"port":53,"protocol":"UDP"} f:port', 'f:ports k:{"port":53,"protocol":"UDP"} f:protocol'
  ])
  t.end()
})
