// The program that makes and expands claims: against an API server, and against one that refuses.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import t from 'tap'
import { connect } from '../../jobs/claim/connection.ts'
import { readSettings } from '../../jobs/claim/settings.ts'
import { sendJson, startServer } from '../helpers/local-server.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { CLAIM, claim, ensure, startCluster, writeKubeconfig } from './claim-scene.ts'
import { runToEnd } from './program.ts'

t.test('a claim that is not there is made, belongs to nobody, and is found again', async (t) => {
  const { api, read } = await startCluster(t)
  const first = await ensure(api.url, CLAIM)
  const { metadata: { uid, ownerReferences, managedFields, labels }, spec } = read()
  t.strictSame([first, ownerReferences, labels, spec.resources], [{ claim: 'mlflow-pvc', uid, phase: 'Pending' }, undefined, { app: 'mlflow' }, { requests: { storage: '10Gi' } }])
  t.match(managedFields, [{ manager: 'sluice', operation: 'Apply' }])
  const version = read().metadata.resourceVersion
  t.strictSame([await ensure(api.url, CLAIM), read().metadata.resourceVersion], [first, version], 'a second run changes nothing')
  await ensure(api.url, claim({ volumeMode: 'Filesystem' }))
  t.match([await ensure(api.url, CLAIM), read().spec], [first, { volumeMode: 'Filesystem' }], 'what is no longer asked for is not taken away')
  t.match(await ensure(api.url, { ...CLAIM, metadata: { name: 'other', namespace: 'nowhere' } }), { failure: 'NamespaceNotFound', permanent: false, message: /make the namespace/ })
})

const owner = { apiVersion: 'v1', kind: 'Other', name: 'one', uid: 'u', controller: true }
const withMetadata = (metadata: object): any => ({ ...CLAIM, metadata: { ...(CLAIM as any).metadata, ...metadata } })

const there: Array<{ name: string, there: any, status?: object, wanted: object, result: object, spec?: object }> = [
  { name: 'more is asked for, and it is expanded', there: CLAIM, wanted: claim({}, '20Gi'), result: { phase: 'Bound', capacity: '10Gi' }, spec: { resources: { requests: { storage: '20Gi' } } } },
  { name: 'another way to write the same size changes nothing', there: CLAIM, wanted: claim({}, '10240Mi'), result: { phase: 'Bound' }, spec: { resources: { requests: { storage: '10Gi' } } } },
  { name: 'a field that is not asked for stays', there: claim({ storageClassName: 'fast' }), wanted: claim({}, '20Gi'), result: { phase: 'Bound' }, spec: { storageClassName: 'fast', volumeMode: 'Filesystem' } },
  { name: 'the order of access modes is nobody\'s wish', there: claim({ accessModes: ['ReadWriteOnce', 'ReadWriteMany'] }), wanted: claim({ accessModes: ['ReadWriteMany', 'ReadWriteOnce'] }), result: { phase: 'Bound' }, spec: { accessModes: ['ReadWriteOnce', 'ReadWriteMany'] } },
  { name: 'an expansion that failed may be taken back to what there is room for', there: claim({}, '100Gi'), status: { phase: 'Bound', capacity: { storage: '10Gi' } }, wanted: claim({}, '20Gi'), result: { phase: 'Bound' }, spec: { resources: { requests: { storage: '20Gi' } } } },
  { name: 'a class comes where there was none', there: CLAIM, status: { phase: 'Pending' }, wanted: claim({ storageClassName: 'fast' }), result: { phase: 'Pending' }, spec: { storageClassName: 'fast' } },
  { name: 'less is asked for', there: CLAIM, wanted: claim({}, '5Gi'), result: { failure: 'Shrinking', permanent: true, message: /has 10Gi, and 5Gi was asked for.*raise spec\.storage\.size to 10Gi at least/ } },
  { name: 'it is not bound yet', there: CLAIM, status: { phase: 'Pending' }, wanted: claim({}, '20Gi'), result: { failure: 'Unbound', permanent: false, message: /is Pending/ } },
  { name: 'another class is asked for', there: claim({ storageClassName: 'fast' }), wanted: claim({ storageClassName: 'slow' }), result: { failure: 'FieldImmutable', permanent: true, message: /spec\.storage\.storageClassName is "fast" and cannot become "slow"/ } },
  { name: 'other access modes are asked for', there: CLAIM, wanted: claim({ accessModes: ['ReadWriteMany'] }), result: { failure: 'FieldImmutable', permanent: true, message: /accessModes is \["ReadWriteOnce"\]/ } },
  { name: 'it is another object\'s', there: withMetadata({ ownerReferences: [owner] }), wanted: CLAIM, result: { failure: 'Owned', permanent: true, message: /belongs to Other one/ } },
  { name: 'it is being deleted', there: withMetadata({ finalizers: ['kubernetes.io/pvc-protection'] }), wanted: CLAIM, result: { failure: 'Terminating', permanent: false, message: /is being deleted/ } }
]
t.test('a claim that is there', async (t) => {
  for (const row of there) {
    await t.test(row.name, async (t) => {
      const { api, read, put } = await startCluster(t)
      put(withLabel(row.there), row.status)
      if (row.there.metadata.finalizers) api.operations.delete({ resource: api.registry.findKind('v1', 'PersistentVolumeClaim')!, namespace: 'mlflow', name: 'mlflow-pvc' })
      const before = read()
      t.match(await ensure(api.url, row.wanted), row.result)
      t.match(read(), { metadata: { uid: before.metadata.uid, labels: { theirs: 'kept' } }, spec: row.spec ?? before.spec })
    })
  }
})

function withLabel (object: any): any {
  return { ...object, metadata: { ...object.metadata, labels: { theirs: 'kept' } } }
}

const live = { ...CLAIM, metadata: { name: 'mlflow-pvc', uid: 'u1', resourceVersion: '7' }, status: { phase: 'Bound', capacity: { storage: '10Gi' } } }
const forbidden = 'persistentvolumeclaims "mlflow-pvc" is forbidden: '

const refusals: Array<{ name: string, answers: Array<{ status: number, message?: string }>, result: object, asked: number }> = [
  { name: 'rights come later than the Job', answers: [{ status: 403, message: `${forbidden}User "x" cannot get resource` }, { status: 403 }, { status: 200 }, { status: 200 }], result: { uid: 'u1' }, asked: 4 },
  { name: 'rights never come', answers: [{ status: 403, message: `${forbidden}User "x" cannot get resource` }], result: { failure: 'AccessDenied', permanent: false, message: /needs get, create and patch/ }, asked: 4 },
  { name: 'the storage class allows no expansion', answers: [{ status: 200 }, { status: 403, message: `${forbidden}only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize` }], result: { failure: 'NotExpandable', permanent: true, message: /allowVolumeExpansion/ }, asked: 2 },
  { name: 'the quota is used up', answers: [{ status: 404 }, { status: 403, message: `${forbidden}exceeded quota: q` }], result: { failure: 'QuotaExceeded', permanent: false }, asked: 2 },
  { name: 'somebody else is quicker', answers: [{ status: 200 }, { status: 409 }, { status: 200 }, { status: 200 }], result: { uid: 'u1' }, asked: 4 },
  { name: 'a field that only the server knows to be settled', answers: [{ status: 200 }, { status: 422, message: 'spec: Forbidden: spec is immutable after creation except resources.requests' }], result: { failure: 'FieldImmutable', permanent: true }, asked: 2 },
  { name: 'the server knows better what is less', answers: [{ status: 200 }, { status: 422, message: 'field can not be less than status.capacity' }], result: { failure: 'Shrinking', permanent: true }, asked: 2 },
  { name: 'no valid claim', answers: [{ status: 404 }, { status: 422, message: 'spec.accessModes: Unsupported value' }], result: { failure: 'Invalid', permanent: true, message: /Unsupported value/ }, asked: 2 },
  { name: 'the server is in trouble for a moment', answers: [{ status: 500 }, { status: 200 }, { status: 503 }, { status: 200 }, { status: 200 }], result: { uid: 'u1', phase: 'Bound', capacity: '10Gi' }, asked: 5 },
  { name: 'the server is in trouble', answers: [{ status: 500, message: 'etcd is gone' }], result: { failure: 'Unreachable', permanent: false, message: /etcd is gone/ }, asked: 4 }
]
t.test('an API server that refuses', async (t) => {
  for (const { name, answers, result, asked } of refusals) {
    await t.test(name, async (t) => {
      const rest = [...answers]
      const server = await startServer(t, (response) => {
        const { status, message = 'no' } = rest.shift() ?? answers.at(-1) ?? { status: 500 }
        sendJson(response, status < 300 ? live : { kind: 'Status', message }, status)
      })
      t.match(await ensure(server.url, claim({}, '20Gi')), result)
      t.equal(server.asked.length, asked)
      t.equal(server.asked[0]?.headers.authorization, 'Bearer token-of-the-job')
    })
  }
  t.match(await ensure('http://127.0.0.1:1', CLAIM), { failure: 'Unreachable', permanent: false, message: /ECONNREFUSED/ })
})

t.test('what is applied to a claim that is there names the claim that was looked at', async (t) => {
  const server = await startServer(t, (response) => { sendJson(response, live) })
  await ensure(server.url, claim({}, '20Gi'))
  t.strictSame(server.asked.map(({ method, url }) => `${method} ${url}`), ['GET /api/v1/namespaces/mlflow/persistentvolumeclaims/mlflow-pvc', 'PATCH /api/v1/namespaces/mlflow/persistentvolumeclaims/mlflow-pvc?fieldManager=sluice&force=true'])
  t.match(JSON.parse(server.asked[1]?.body ?? ''), { metadata: { uid: 'u1', resourceVersion: '7' }, spec: { resources: { requests: { storage: '20Gi' } } } })
  const other = await startServer(t, (response, { method }) => { sendJson(response, method === 'GET' ? {} : { ...live, metadata: { ...live.metadata, ownerReferences: [owner] } }, method === 'GET' ? 404 : 200) })
  t.match(await ensure(other.url, CLAIM), { failure: 'Owned' }, 'made by another meanwhile')
})

t.test('settings', async (t) => {
  const rows: Array<[Record<string, string>, RegExp]> = [
    [{}, /CLAIM is not set/],
    [{ CLAIM: '{' }, /CLAIM is not JSON/],
    [{ CLAIM: '{"kind":"Pod"}' }, /CLAIM is no PersistentVolumeClaim: \//],
    [{ CLAIM: JSON.stringify(claim({}, 'much')) }, /"much" of storage, which is no quantity/]
  ]
  for (const [variables, message] of rows) t.throws(() => readSettings(variables), { reason: 'SettingsInvalid', permanent: true, message })
  await t.rejects(connect({ kubeconfig: '', host: '', port: '443', folder: '/nowhere' }), { message: /no API server is known/ })
  await t.rejects(connect({ kubeconfig: '', host: '10.0.0.1', port: '443', folder: '/nowhere' }), { message: /\/nowhere\/token cannot be read; mount/ })
})

t.test('the program proves who it is by the files of its pod', async (t) => {
  const folder = temporaryFolder('claim')
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], { algorithm: 'sha256', extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })
  const server = await startServer(t, (response) => { sendJson(response, { ...live, metadata: { ...live.metadata, ownerReferences: [owner] } }) }, { key, cert })
  for (const [name, text] of Object.entries({ token: 'secret-of-the-pod\n', 'ca.crt': cert, namespace: 'theirs' })) await writeFile(join(folder, name), text)
  const env = { CLAIM: JSON.stringify({ ...CLAIM, metadata: { name: 'mlflow-pvc' } }), KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port), SERVICE_ACCOUNT_FOLDER: folder }
  const { code, message, log } = await runToEnd(t, 'jobs/ensure-claim.ts', folder, env)
  t.match([code, JSON.parse(message)], [42, { reason: 'Owned' }])
  t.match(server.asked, [{ url: '/api/v1/namespaces/theirs/persistentvolumeclaims/mlflow-pvc', headers: { authorization: 'Bearer secret-of-the-pod' } }])
  t.notMatch(log + message, /secret-of-the-pod/)
})

t.test('out of a pod a kubeconfig says where and who', async (t) => {
  const folder = temporaryFolder('claim')
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const kubeconfig = await writeKubeconfig(folder, 'https://cluster:6443/')
  t.strictSame(await connect({ kubeconfig, host: '', port: '443', folder: '' }), { server: 'https://cluster:6443', token: 'token-of-the-job', ca: undefined, namespace: 'default' })
  await writeFile(kubeconfig, '{}')
  await t.rejects(connect({ kubeconfig, host: '', port: '443', folder: '' }), { reason: 'SettingsInvalid', message: /is no kubeconfig with/ })
})
