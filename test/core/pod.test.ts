// Pod parts: what is sent is what the API server stores, and nothing in them has privileges.
import t from 'tap'
import { downloadEnvironment, findDownloadResult, makeDownloadContainer, type Download } from '../../hooks/core/download.ts'
import { Affinity } from '../../hooks/core/placement.ts'
import { checkValue } from '../../hooks/core/plain-value.ts'
import { httpProbe, makeContainer, makePodTemplate } from '../../hooks/core/pod.ts'
import { readTemplate } from '../../hooks/core/pod-template.ts'
import { structural } from '../../manifests/generate/structural.ts'

const secured = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }

t.test('a container of nothing but a name and an image', async (t) => {
  t.strictSame(makeContainer({ name: 'x', image: 'r/i:1' }), { name: 'x', image: 'r/i:1', securityContext: secured, terminationMessagePolicy: 'FallbackToLogsOnError' })
})

t.test('a container with everything has canonical quantities and nothing empty', async (t) => {
  const container = makeContainer({
    name: 'x',
    image: 'r/i:1',
    args: ['a'],
    env: [{ name: 'A', value: '' }, { name: 'B', value: 'b' }, { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    envSecret: 's3',
    resources: { requests: { cpu: '1000m' }, limits: {} },
    ports: { http: 8000 },
    probes: { readiness: httpProbe('/ready', 'http') },
    mounts: [{ name: 'model', mountPath: '/models', readOnly: true }],
    readOnlyRootFilesystem: true
  })
  t.strictSame(container, {
    name: 'x',
    image: 'r/i:1',
    args: ['a'],
    env: [{ name: 'A' }, { name: 'B', value: 'b' }, { name: 'C', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    envFrom: [{ secretRef: { name: 's3' } }],
    ports: [{ name: 'http', containerPort: 8000, protocol: 'TCP' }],
    resources: { requests: { cpu: '1' } },
    readinessProbe: { httpGet: { path: '/ready', port: 'http', scheme: 'HTTP' } },
    securityContext: { ...secured, readOnlyRootFilesystem: true },
    volumeMounts: [{ name: 'model', mountPath: '/models', readOnly: true }],
    terminationMessagePolicy: 'FallbackToLogsOnError'
  })
  t.doesNotThrow(() => checkValue(container, 'container'))
})

t.test('a pod runs restricted, and carries only what was given', async (t) => {
  const containers = [{ name: 'x' }]
  t.strictSame(makePodTemplate({ labels: { a: 'b' }, containers }), {
    metadata: { labels: { a: 'b' } },
    spec: { automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }, containers }
  })
  const full = makePodTemplate({
    labels: { a: 'b' },
    annotations: { c: 'd' },
    containers,
    initContainers: [],
    volumes: [{ name: 'v', emptyDir: {} }],
    identity: { user: 1000, group: 1000 },
    placement: { nodeSelector: {}, tolerations: [{ operator: 'Exists' }], affinity: { podAntiAffinity: {} } },
    serviceAccountName: 'sa',
    restartPolicy: 'Never'
  })
  t.strictSame(full, {
    metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      serviceAccountName: 'sa',
      securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } },
      tolerations: [{ operator: 'Exists' }],
      containers,
      volumes: [{ name: 'v', emptyDir: {} }]
    }
  })
  t.doesNotThrow(() => checkValue(full, 'template'))
})

t.test('affinity can become part of a CRD', async (t) => {
  t.match(structural(Affinity, 'affinity'), { type: 'object', properties: { nodeAffinity: { type: 'object' } } })
})

const download: Download = { uri: 'https://example.com/m.pt', sha256: '', folder: '/models/m', fileName: '', unpack: true, mustHold: '', maxBytes: 0 }

t.test('the program that downloads is told what it needs', async (t) => {
  t.strictSame(downloadEnvironment(download), [
    { name: 'MODEL_URI', value: 'https://example.com/m.pt' },
    { name: 'MODEL_FOLDER', value: '/models/m' },
    { name: 'MODEL_UNPACK', value: 'true' },
    { name: 'MODEL_MAX_BYTES', value: '0' }
  ])
  t.match(makeDownloadContainer(download, { image: 'sluice:1', credentialsSecret: 's3', mount: { name: 'model', mountPath: '/models' } }), {
    name: 'download', image: 'sluice:1', command: ['node', 'jobs/download-model.ts'], envFrom: [{ secretRef: { name: 's3' } }], volumeMounts: [{ name: 'model', mountPath: '/models' }]
  })
})

const result = { uri: 's3://b/k', version: '7', sha256: 'a'.repeat(64), bytes: 5, files: 1 }
const pod = (owner: string, text?: string) => ({ owner, uid: 'u', reason: 'Completed', ...(text !== undefined && { result: text }) })
const results: Array<{ name: string, pods: Parameters<typeof findDownloadResult>[0], want: unknown }> = [
  { name: 'no fact', pods: undefined, want: undefined },
  { name: 'the result of the Job', pods: [pod('Job/other', JSON.stringify({ ...result, bytes: 6 })), pod('Job/j', JSON.stringify(result))], want: result },
  { name: 'a pod without a result is passed over', pods: [pod('Job/j'), pod('Job/j', JSON.stringify(result))], want: result },
  { name: 'what is no result is none', pods: [pod('Job/j', '{'), pod('Job/j', JSON.stringify({ ...result, sha256: 'x' }))], want: undefined }
]
for (const { name, pods, want } of results) t.test(`download result: ${name}`, async (t) => { t.strictSame(findDownloadResult(pods, 'Job/j'), want) })

t.test('a template is read back as it may be sent', async (t) => {
  const containers = [{ name: 'server', args: ['a'] }]
  const read = (template: unknown) => readTemplate({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'churn' }, spec: { template } })
  t.strictSame(read({ metadata: { labels: { a: 'b' }, creationTimestamp: null }, spec: { containers, volumes: [null], nodeName: null } }), { metadata: { labels: { a: 'b' } }, spec: { containers } }, 'without nulls, wherever they stand, and what they leave empty')
  for (const template of [undefined, {}, { metadata: {}, spec: {} }, { metadata: { labels: { a: 'b' } }, spec: { containers: [null] } }, { metadata: { labels: { a: 'b' } }, spec: { containers: ['server'] } }]) t.equal(read(template), undefined)
})
