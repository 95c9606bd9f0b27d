// Volumes, authorities and where pods run, by the numbers of the acceptance cases.
import t from 'tap'
import { answerTo, find, namesOf, podOf } from './rendered.ts'

const PLATFORM_CA = { caBundleConfigMap: 'odh-trusted-ca-bundle' }
const CUSTOM_CA = { caBundleConfigMap: { name: 'company-ca' } }
const names = (list: Array<{ name: string }> = []) => list.map(({ name }) => name)

t.test('case 26, 27, 29, 30: volumes', async (t) => {
  const plain = answerTo()
  t.notOk(namesOf(plain.children).some((name) => name.startsWith('PersistentVolumeClaim') || name.includes('-claim')) || names(podOf().spec.volumes).includes('mlflow-storage'), 'case 26: no storage, no claim')
  const claim = (storage: object, children?: Parameters<typeof answerTo>[0]) => find(answerTo({ spec: { storage: { retain: false, ...storage } }, ...children }).children, 'PersistentVolumeClaim', 'mlflow-pvc')?.spec
  t.strictSame(claim({}), { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } }, 'case 27: an empty block is 2Gi for one node')
  t.strictSame(podOf({ spec: { storage: {} } }).server.volumeMounts.find(({ name }) => name === 'mlflow-storage'), { name: 'mlflow-storage', mountPath: '/mlflow' }, 'case 27: at /mlflow')
  t.strictSame(claim({ size: '10Gi', storageClassName: '', accessMode: 'ReadWriteOnce' }), claim({ resources: { requests: { storage: '10240Mi' } }, accessModes: ['ReadWriteOnce'] }), 'the short form says the same')
  const observed = (spec: object) => ({ children: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'mlflow-pvc', namespace: 'test-ns' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'standard', volumeName: 'pv-1', volumeMode: 'Filesystem', resources: { requests: { storage: '5Gi' } }, ...spec } }] })
  const held = { accessModes: ['ReadWriteOnce'], storageClassName: 'standard', volumeName: 'pv-1', volumeMode: 'Filesystem' }
  t.strictSame(claim({ size: '20Gi', storageClassName: 'fast', accessMode: 'ReadWriteMany' }, observed({})), { ...held, resources: { requests: { storage: '20Gi' } } }, 'case 29: a claim that is there grows, and nothing else of it is touched')
  t.strictSame(claim({ size: '1Gi' }, observed({})), { ...held, resources: { requests: { storage: '5Gi' } } }, 'case 29: it never shrinks')
  t.strictSame(find(answerTo(observed({})).children, 'PersistentVolumeClaim', 'mlflow-pvc')?.spec, { ...held, resources: { requests: { storage: '5Gi' } } }, 'no edit deletes it')
  const tmp = (spec: object) => podOf({ spec }).spec.volumes.find(({ name }) => name === 'tmp')
  t.strictSame([tmp({}), tmp({ temporaryStorage: { sizeLimit: '5Gi' } })], ['1Gi', '5Gi'].map((sizeLimit) => ({ name: 'tmp', emptyDir: { sizeLimit } })), 'case 30')
  const everywhere = answerTo({ spec: { temporaryStorage: { sizeLimit: '5Gi' }, garbageCollection: { schedule: '0 2 * * 0' }, traceArchival: { enabled: true, location: 's3://b/t', retention: '1d' } } }).children
  t.equal(JSON.stringify(everywhere).match(/"sizeLimit":"5Gi"/g)?.length, 4, 'case 30: of the server, the preflight, garbage collection and archival')
})

t.test('a volume that outlives the object is made by a Job, which may touch nothing else', async (t) => {
  const { children } = answerTo({ spec: { storage: { size: '10Gi' } } })
  const job = children.find(({ kind, metadata }) => kind === 'Job' && metadata.name.startsWith('mlflow-claim-')) as { spec?: { template: { spec: { containers: [{ env: [{ name: string, value: string }] }] } } } } | undefined
  t.strictSame(JSON.parse(job?.spec?.template.spec.containers[0].env[0].value ?? '{}'), {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'mlflow-pvc', namespace: 'test-ns', labels: { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/parent': 'mlflow.mlflow', app: 'mlflow', component: 'mlflow' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } }
  })
  t.strictSame((find(children, 'Role', 'mlflow-claim') as unknown as { rules: object[] }).rules, [{ apiGroups: [''], resources: ['persistentvolumeclaims'], resourceNames: ['mlflow-pvc'], verbs: ['get', 'create', 'patch'] }])
  t.notOk(namesOf(children).includes('PersistentVolumeClaim mlflow-pvc'), 'case 70: it is nobody\'s child, and stays when the object goes')
})

t.test('case 31, 32, 38: labels, claims of devices, certificate', async (t) => {
  const own = podOf({ spec: { podLabels: { team: 'a', app: 'other' }, podAnnotations: { note: 'x' } } })
  t.strictSame([own.labels.team, own.labels.app, own.annotations], ['a', 'mlflow', { note: 'x' }], 'case 31: and what pods are selected by stays')
  t.equal(podOf().annotations, undefined, 'case 31: none, no field')
  const claims = podOf({ spec: { resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu-template' }, { name: 'nic', resourceClaimName: 'nic-1' }], resources: { claims: [{ name: 'gpu' }, { name: 'unknown' }] } } })
  t.strictSame([claims.spec.resourceClaims, (claims.server.resources as { claims: object }).claims], [[{ name: 'gpu', resourceClaimTemplateName: 'gpu-template' }, { name: 'nic', resourceClaimName: 'nic-1' }], [{ name: 'gpu' }]], 'case 32: on the pod and on the container')
  const modes = [true, false].map((openshift) => podOf({ platform: { openshift } }).spec.volumes.find(({ name }) => name === 'mlflow-tls'))
  t.strictSame(modes, [416, 420].map((defaultMode) => ({ name: 'mlflow-tls', secret: { secretName: 'mlflow-tls', defaultMode } })), 'case 38')
  t.notOk(names(podOf({ spec: { tls: { mode: 'Off' } } }).spec.volumes).includes('mlflow-tls'), 'without TLS there is none')
})

t.test('case 34, 35: authorities', async (t) => {
  const parts = (given?: Parameters<typeof podOf>[0]) => {
    const { spec, server, env } = podOf(given)
    return { init: names(spec.initContainers), sidecars: names(spec.containers.slice(1)), volumes: names(spec.volumes).filter((name) => name.includes('ca-bundle')), env, mounts: server.volumeMounts.filter(({ name }) => name.includes('ca-bundle')), sources: spec.initContainers?.[0]?.volumeMounts.filter(({ readOnly }) => readOnly).map(({ mountPath }) => mountPath) ?? [] }
  }
  const { init, sidecars, volumes, env } = parts()
  t.strictSame([init, sidecars, volumes, env.SSL_CERT_FILE], [[], [], [], undefined], 'case 34: no source, nothing of it')
  t.strictSame(parts({ platform: PLATFORM_CA }).sources, ['/etc/pki/tls/certs/platform'], 'case 35: the platform\'s')
  t.strictSame(parts({ spec: CUSTOM_CA }).sources, ['/etc/pki/tls/certs/custom'], "case 35: the user's")
  const both = parts({ platform: PLATFORM_CA, spec: CUSTOM_CA })
  t.strictSame([both.sources, both.volumes, both.init, both.sidecars], [['/etc/pki/tls/certs/platform', '/etc/pki/tls/certs/custom'], ['ca-bundle-0', 'ca-bundle-1', 'combined-ca-bundle'], ['combine-ca-bundles'], ['ca-bundle-watcher']], "case 35: both, the platform's first")
  t.strictSame(both.mounts, [{ name: 'combined-ca-bundle', mountPath: '/etc/pki/tls/certs/combined', readOnly: true }])
  t.strictSame([both.env.MLFLOW_MYSQL_SSL_CA?.value, both.env.MLFLOW_MYSQL_CA], ['/etc/pki/tls/certs/combined/ca-bundle.crt', undefined], 'D3: by the name that MLflow reads')
  t.notOk(parts({ platform: PLATFORM_CA }).env.MLFLOW_MYSQL_SSL_CA, 'D18: a platform with authorities forces no TLS on MySQL')
  t.strictSame([both.env.PGSSLROOTCERT?.value, both.env.PGSSLMODE], ['/etc/pki/tls/certs/combined/ca-bundle.crt', undefined], 'D18: nor on PostgreSQL')
})

t.test('where pods run', async (t) => {
  const spec = { storage: {}, affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] } } }, nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'x', operator: 'Exists' }], topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }], priorityClassName: 'high', imagePullSecrets: [{ name: 'pull' }] }
  const pod = podOf({ spec })
  const beside = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { 'sluice.dev/parent': 'mlflow.mlflow', 'sluice.dev/source': 'mlflow-pvc' } }, topologyKey: 'kubernetes.io/hostname' }] } }
  t.strictSame(pod.spec.affinity, { ...spec.affinity, ...beside }, 'D13: beside the others of its volume')
  t.equal(pod.labels['sluice.dev/source'], 'mlflow-pvc')
  t.strictSame(podOf({ spec: { storage: { accessMode: 'ReadWriteMany' } } }).spec.affinity, undefined, 'D13: unless all nodes have it')
  t.strictSame([pod.spec.nodeSelector, pod.spec.tolerations, pod.spec.priorityClassName, pod.spec.imagePullSecrets, pod.spec.topologySpreadConstraints], [spec.nodeSelector, spec.tolerations, 'high', [{ name: 'pull' }], [{ ...spec.topologySpreadConstraints[0], labelSelector: { matchLabels: { app: 'mlflow' } } }]])
})

t.test('resources', async (t) => {
  const rows: Array<{ name: string, given: object, want: object }> = [
    { name: 'defaults', given: {}, want: { requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '4', memory: '3Gi' } } },
    { name: "the user's win, key by key", given: { requests: { cpu: '100m' }, limits: { memory: '8192Mi', 'nvidia.com/gpu': 1 } }, want: { requests: { cpu: '100m', memory: '2Gi' }, limits: { cpu: '4', memory: '8Gi', 'nvidia.com/gpu': '1' } } },
    { name: 'a limit below what is requested by default lowers that', given: { limits: { memory: '512Mi' } }, want: { requests: { cpu: '1', memory: '512Mi' }, limits: { cpu: '4', memory: '512Mi' } } },
    { name: 'a request above the limit by default raises that', given: { requests: { cpu: 6 } }, want: { requests: { cpu: '6', memory: '2Gi' }, limits: { cpu: '6', memory: '3Gi' } } }
  ]
  for (const { name, given, want } of rows) t.strictSame(podOf({ spec: { resources: given } }).server.resources, want, name)
})
