// What the server fills in on built-in kinds, as a real one of Kubernetes 1.35 does.
import t from 'tap'
import { withBuiltinDefaults } from '../../../playground/api-server/builtin-defaults.ts'
import { leavesOf } from '../../../playground/api-server/field-set.ts'
import { builtinOwnership } from '../../../playground/api-server/builtin-ownership.ts'
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

t.test('ports are owned by number and protocol, selectors as a whole', (t) => {
  const spec = { selector: { a: 'b', c: 'd' }, ports: [{ port: 53 }, { port: 53, protocol: 'UDP' }] }
  t.same([...leavesOf({ spec }, builtinOwnership).keys()].map((key) => (JSON.parse(key) as string[]).slice(1).join(' ')), [
    'f:selector',
    'f:ports k:{"port":53,"protocol":"TCP"} .', 'f:ports k:{"port":53,"protocol":"TCP"} f:port',
    'f:ports k:{"port":53,"protocol":"UDP"} .', 'f:ports k:{"port":53,"protocol":"UDP"} f:port', 'f:ports k:{"port":53,"protocol":"UDP"} f:protocol'
  ])
  t.end()
})
