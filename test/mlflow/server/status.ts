// What people are told of an MLflow server, and what becomes of its pods when something is wrong.
import t from 'tap'
import { answerSync } from '../../../hooks/core/answer.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { UnprocessableError } from '../../../hooks/core/kind.ts'
import type { Child, KubeObject, SyncRequest } from '../../../hooks/core/request.ts'
import { mlflow } from '../../../hooks/mlflow/index.ts'
import { feedBack } from '../../helpers/feed-back.ts'
import { partRequest } from '../parts/part-request.ts'
import { answerTo, find, namesOf } from './rendered.ts'

type Condition = { type: string, status: string, reason: string, message: string, observedGeneration?: number }
type Answer = { children: Child[], status: { conditions: Condition[], [field: string]: unknown } }
const answer = (request: SyncRequest) => answerSync(mlflow, request) as unknown as Answer
const conditions = ({ status }: Answer) => Object.fromEntries(status.conditions.map((condition) => [condition.type, condition]))

/** After the first migration: `state` of the Deployment says that it is settled. */
function serving (given: Parameters<typeof partRequest>[0] = {}, pods: object = {}): SyncRequest {
  const request = partRequest(given) as SyncRequest
  const first = feedBack(request, answer(request) as never)
  const deployment = Object.values(first.children['Deployment.apps/v1'] ?? {})[0] as KubeObject
  const memory = JSON.parse(deployment.metadata.annotations?.['sluice.dev/state'] ?? '{}') as { target: { image: string } }
  const { target } = memory
  deployment.metadata.annotations = { 'sluice.dev/state': JSON.stringify({ attempt: 1, migrations: 1, preflights: 1, sequence: 5, stage: 'Settled', target, trigger: 'bootstrap', version: '3.17.2', settled: { image: target.image, version: '3.17.2' } }) }
  const { replicas = 1 } = request.parent.spec as { replicas?: number }
  Object.assign(deployment, { spec: { ...deployment.spec as object, replicas }, status: { observedGeneration: 1, replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas, ...pods } })
  deployment.metadata.generation = 1
  first.children['Job.batch/v1'] = {}
  return answeredOnce(first)
}

/** The template is that of a server that is not at zero. */
function answeredOnce (request: SyncRequest): SyncRequest {
  const next = feedBack(request, answer(request) as never)
  const deployment = Object.values(next.children['Deployment.apps/v1'] ?? {})[0] as KubeObject
  deployment.metadata.generation = 1
  return next
}

const withAnnotation = (request: SyncRequest, key: string, value: unknown): SyncRequest => ({ ...request, parent: { ...request.parent, metadata: { ...request.parent.metadata, annotations: { [key]: JSON.stringify(value) } } } })
const withSpec = (request: SyncRequest, spec: object): SyncRequest => ({ ...request, parent: { ...request.parent, spec: { ...request.parent.spec as object, ...spec } } })
const deploymentOf = (children: Child[]) => find<{ replicas: number, template: { metadata: { annotations?: Record<string, string> }, spec: object } }>(children, 'Deployment', 'mlflow')

t.test('D11: Available speaks of pods of the newest template', async (t) => {
  const rows: Array<{ name: string, pods: object, want: [string, string, string] }> = [
    { name: 'all of them answer', pods: {}, want: ['True', 'DeploymentReady', 'MLflow deployment is ready and available'] },
    { name: 'the controller has not seen the template yet', pods: { observedGeneration: 0 }, want: ['False', 'DeploymentNotReady', 'MLflow deployment not ready: 0/2 replicas ready'] },
    { name: 'only old ones answer', pods: { replicas: 3, updatedReplicas: 1, availableReplicas: 2, readyReplicas: 2 }, want: ['False', 'DeploymentNotReady', 'MLflow deployment not ready: 0/2 replicas ready; pods of the template before still answer'] },
    { name: 'half of them answer', pods: { availableReplicas: 1, readyReplicas: 1 }, want: ['False', 'DeploymentNotReady', 'MLflow deployment not ready: 1/2 replicas ready'] }
  ]
  for (const { name, pods, want } of rows) {
    const { Available: available, Ready: ready } = conditions(answer(serving({ spec: { replicas: 2 } }, pods)))
    t.strictSame([available?.status, available?.reason, available?.message], want, name)
    t.equal(available?.observedGeneration, 3, 'it says of which generation')
    t.equal(ready?.status, want[0], 'Ready is for kubectl wait')
  }
})

t.test('D11: pods say why they are in trouble', async (t) => {
  const request = withAnnotation(serving({}, { availableReplicas: 0, readyReplicas: 0 }), FACTS.pods, [{ owner: 'Deployment/mlflow', uid: 'a', reason: 'ImagePullBackOff', message: 'no such image' }])
  const { status } = answer(request)
  t.match(status.conditions.find(({ type }) => type === 'Available')?.message, /^MLflow deployment not ready: 0\/1 replicas ready. ImagePullBackOff: no such image\. The image cannot be pulled/)
  t.match(status.error, /^ImagePullBackOff/)
  t.strictSame([status.phase, status.replicas, status.namespace], ['Progressing', '0/1', 'test-ns'])
})

t.test('case 21, 37, 51: pods stay as they are while none can be made of the spec', async (t) => {
  const settled = serving()
  const before = deploymentOf(answer(settled).children)?.spec
  const absent = withAnnotation(withSpec(settled, { caBundleConfigMap: { name: 'ca' } }), FACTS.references, { 'ConfigMap/ca': '' })
  const rows: Array<{ name: string, request: SyncRequest, reason: string, message: string | RegExp }> = [
    { name: 'case 37: a ConfigMap that is absent', request: absent, reason: 'CABundleConfigMapError', message: 'CA bundle ConfigMap "ca" not found in namespace "test-ns"' },
    { name: 'case 21: a selector that is none', request: withSpec(settled, { workspaceLabelSelector: { matchExpressions: [{ key: 'a', operator: 'InvalidOp' }] } }), reason: 'RenderFailed', message: /^workspaceLabelSelector cannot be used/ },
    { name: 'a template that is too large for what is kept of it', request: withSpec(settled, { env: [0, 1].map((n) => ({ name: `LONG_${n}`, value: 'x'.repeat(30_000) })) }), reason: 'RenderFailed', message: /^the template of the server's pods has \d+ bytes and may have 48000: move long values of env into a ConfigMap/ },
    { name: 'case 51: archival to files without storage, past the API', request: withSpec(settled, { traceArchival: { enabled: true, location: 'file:///mlflow/t', retention: '1d' } }), reason: 'RenderFailed', message: 'storage must be configured when traceArchival.location uses file-based storage (file:// prefix)' }
  ]
  for (const { name, request, reason, message } of rows) {
    const given = answer(request)
    const { Available: available, Progressing: progressing } = conditions(given)
    t.strictSame([available?.status, available?.reason, progressing?.status, progressing?.reason], ['False', reason, 'False', reason], name)
    t.match(available?.message, message, name)
    t.strictSame(deploymentOf(given.children)?.spec, before, name)
    t.equal(given.status.phase, 'Degraded', name)
  }
  t.notOk(namesOf(answerTo({ spec: { workspaceLabelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] } } }).children).includes('Deployment mlflow'), 'and where there are none, none are made')
})

t.test('D14: Secrets that change replace the pods, and those that are told of for the first time do not', async (t) => {
  const given = { spec: { backendStoreUri: undefined, backendStoreUriFrom: { name: 'db', key: 'uri' }, envFrom: [{ secretRef: { name: 'aws' } }] } }
  const settled = serving(given)
  const told = answeredOnce(withAnnotation(settled, FACTS.references, { 'Secret/db': '1', 'Secret/aws': '1', 'Secret/other': '1' }))
  const template = (request: SyncRequest) => deploymentOf(answer(request).children)?.spec.template
  t.strictSame(template(told), template(settled), 'told of for the first time')
  t.strictSame(template(withAnnotation(told, FACTS.references, { 'Secret/db': '1', 'Secret/aws': '1', 'Secret/other': '2' })), template(settled), 'what the spec does not name')
  const changed = answer(withAnnotation(told, FACTS.references, { 'Secret/db': '1', 'Secret/aws': '2' }))
  t.match(deploymentOf(changed.children)?.spec.template.metadata.annotations?.['sluice.dev/references'], /^[0-9a-f]{10}$/, 'a changed one')
  t.equal(conditions(changed).Migration?.reason, 'MigrationSucceeded', 'has no database looked at, where it has none of their addresses')
  const database = answer(withAnnotation(told, FACTS.references, { 'Secret/db': '2', 'Secret/aws': '1' }))
  t.strictSame([conditions(database).Migration?.reason, deploymentOf(database.children)?.spec.template], ['MigrationPreflight', template(settled)], 'one with the address of a database: that is looked at first')
  const next = answeredOnce(withAnnotation(told, FACTS.references, { 'Secret/db': '1', 'Secret/aws': '2' }))
  const { annotations: _lost, ...metadata } = next.parent.metadata
  t.strictSame(template({ ...next, parent: { ...next.parent, metadata } }), template(next), 'a fact that is lost replaces no pod')
})

t.test('what is not installed', async (t) => {
  const rows = [
    { kind: 'Certificate', given: { spec: { tls: { mode: 'CertManager', issuerRef: { name: 'ca', kind: 'Issuer' } } }, without: ['certManager'] } },
    { kind: 'VirtualService', given: { spec: { ingress: { mode: 'VirtualService' } }, without: ['istio'] } }
  ]
  for (const { kind, given } of rows) {
    const { Ready: ready } = conditions(answer(serving(given)))
    t.strictSame([ready?.status, ready?.reason], ['False', 'BackendNotInstalled'], kind)
    t.match(ready?.message, kind)
    t.notOk(answerTo(given).children.some((child) => child.kind === kind))
  }
  t.equal(conditions(answer(serving({ without: ['gatewayApi'] }))).Ready?.status, 'True', 'case 53: a route by default is left out where there is no Gateway API')
  const request = partRequest() as SyncRequest
  t.throws(() => answer({ ...request, controller: { spec: { childResources: [] } } }), UnprocessableError, 'half of the children would be worse than none')
})

t.test('case 44, 50, 69: rights and the Service', async (t) => {
  const { children } = answerTo({ spec: { traceArchival: { enabled: true, location: 's3://b/t', retention: '1d' }, garbageCollection: { schedule: '0 2 * * 0' } } })
  const role = find(children, 'ClusterRole', 'mlflow') as unknown as { rules: Array<{ resourceNames?: string[], verbs: string[] }> }
  t.strictSame(role.rules.find(({ resourceNames }) => resourceNames), { apiGroups: [''], resources: ['secrets'], resourceNames: ['mlflow-artifact-connection'], verbs: ['get', 'list', 'watch'] }, 'case 44: one Secret by name')
  t.strictSame((find(children, 'ClusterRoleBinding', 'mlflow') as unknown as { subjects: Array<{ name: string }> }).subjects.map(({ name }) => name), ['mlflow-sa', 'mlflow-trace-archival-sa'], 'case 46, 50: archival is a subject, garbage collection is not')
  t.ok(namesOf(answerTo({ name: 'team-a' }).children).includes('ClusterRole mlflow-team-a'), 'D16: another object has a ClusterRole of its own')
  const service = find(children, 'Service', 'mlflow')
  t.strictSame([service?.spec, service?.metadata.annotations], [{ type: 'ClusterIP', selector: { app: 'mlflow' }, ports: [{ name: 'https', port: 8443, protocol: 'TCP', targetPort: 8443 }] }, { 'service.beta.openshift.io/serving-cert-secret-name': 'mlflow-tls' }], 'case 69')
  t.equal((find(children, 'ServiceAccount', 'mlflow-sa') as unknown as { automountServiceAccountToken: boolean }).automountServiceAccountToken, false, 'case 69: the account itself gives no token')
})

t.test('where a server is, it stays', async (t) => {
  const settled = serving()
  const { children, status } = answer(withSpec(settled, { namespace: 'elsewhere' }))
  t.strictSame([deploymentOf(children)?.metadata.namespace, status.namespace], ['test-ns', 'test-ns'])
})

t.test('where it was, it comes back', async (t) => {
  const { spec: { namespace: _namespace, ...spec }, ...parent } = partRequest().parent
  const given = (status: object, spec: object) => answer({ ...partRequest(), parent: { ...parent, spec, status }, platform: { namespace: 'new' } } as unknown as SyncRequest).status.namespace
  t.equal(given({ namespace: 'old' }, spec), 'old', 'after another configuration of Sluice, too')
  t.equal(given({ namespace: 'Not A Name' }, spec), 'new', 'a status of which that is none says nothing')
  t.equal(given({ namespace: 'old' }, { ...spec, namespace: 'own' }), 'own', 'what the spec says counts')
})

t.test('a volume is not ready before it is one', async (t) => {
  const request = serving({ spec: { storage: {} } })
  const name = namesOf(answer(request).children).find((child) => child.startsWith('Job mlflow-claim-'))?.slice(4) ?? ''
  const done = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'test-ns' }, status: { conditions: [{ type: 'Complete', status: 'True' }] } }
  const looked = (phase: string, pods: object = { availableReplicas: 0, readyReplicas: 0 }) => {
    const seen = { ...serving({ spec: { storage: {} } }, pods) }
    const told = withAnnotation({ ...seen, children: { ...seen.children, 'Job.batch/v1': { [`test-ns/${name}`]: done } } }, FACTS.pods, [{ owner: `Job/${name}`, uid: 'a', reason: 'Completed', result: JSON.stringify({ claim: 'mlflow-pvc', uid: 'u', phase }) }])
    const { Storage: storage } = conditions(answer(told))
    return [storage?.status, storage?.reason]
  }
  t.strictSame(looked('Pending'), ['Unknown', 'ClaimUnbound'])
  t.strictSame(looked('Pending', {}), ['True', 'ClaimReady'], 'a pod that answers has mounted it')
  t.strictSame(looked('Bound'), ['True', 'ClaimReady'])
  t.match(conditions(answer(serving({ spec: { storage: { retain: false } } }))).Storage?.reason, 'ClaimReady')
  const foreign = serving({ spec: { storage: { retain: false } } })
  t.match(conditions(answer({ ...foreign, children: { ...foreign.children, 'PersistentVolumeClaim.v1': {} } })).Storage?.message, /is being made\. If it does not come, one of that name is there that was kept/)
})

t.test('the way in', async (t) => {
  const routed = (platform: object, spec: object = {}, status: object = {}) => {
    const request = serving({ platform, spec })
    const route = Object.values(request.children['HTTPRoute.gateway.networking.k8s.io/v1'] ?? {})[0] as KubeObject
    Object.assign(route, { status })
    const { Routed: found } = conditions(answer(request))
    return [found?.status, found?.reason, found?.message]
  }
  const accepted = { parents: [{ conditions: [{ type: 'Accepted', status: 'True' }] }] }
  t.strictSame(routed({}, {}, accepted).slice(0, 2), ['False', 'HostUnknown'], 'MLflow refuses callers under a name that it does not know')
  t.strictSame(routed({}, { ingress: { host: 'ml.example.com' } }, accepted).slice(0, 2), ['True', 'Accepted'])
  t.match(routed({ externalUrl: 'https://g' }, {}, accepted)[2], 'must speak TLS to the Service')
  t.notMatch(routed({ externalUrl: 'https://g' }, { tls: { mode: 'Off' } }, accepted)[2], 'TLS')
  t.strictSame(routed({ externalUrl: 'https://g' }).slice(0, 2), ['Unknown', 'NotYetAccepted'])
})

t.test('case 48: garbage collection that is taken out is gone with its rights', async (t) => {
  const collecting = serving({ spec: { garbageCollection: { schedule: '0 2 * * 0' } } })
  const of = (request: SyncRequest) => namesOf(answer(request).children).filter((name) => name.includes('mlflow-gc'))
  t.strictSame([of(collecting), of(withSpec(collecting, { garbageCollection: undefined }))], [['CronJob mlflow-gc', 'ServiceAccount mlflow-gc-sa', 'ClusterRole mlflow-gc', 'ClusterRoleBinding mlflow-gc'], []])
})

t.test('a refused image is not Ready, while what answers is Available', async (t) => {
  const settled = serving()
  const deployment = Object.values(settled.children['Deployment.apps/v1'] ?? {})[0] as KubeObject
  const memory = JSON.parse(deployment.metadata.annotations?.['sluice.dev/state'] ?? '{}') as object
  deployment.metadata.annotations = { 'sluice.dev/state': JSON.stringify({ ...memory, stage: 'Failed', before: { template: (deployment.spec as { template: object }).template, replicas: 1 }, problem: { stage: 'Preflight', message: 'It is older than the databases', terminal: true } }) }
  const { Ready: ready, Available: available } = conditions(answer(settled))
  t.strictSame([ready?.status, ready?.reason, available?.status], ['False', 'MigrationFailed', 'True'])
})

t.test('replicas', async (t) => {
  const scaled = serving({ spec: { autoscaling: { minReplicas: 2, maxReplicas: 5, targetCPUUtilization: 80 } } })
  const deployment = Object.values(scaled.children['Deployment.apps/v1'] ?? {})[0] as KubeObject
  Object.assign(deployment, { spec: { ...deployment.spec as object, replicas: 4 } })
  t.equal(deploymentOf(answer(scaled).children)?.spec.replicas, 4, 'an autoscaler is not fought')
  t.equal(deploymentOf(answer(withSpec(scaled, { autoscaling: undefined, replicas: 3 })).children)?.spec.replicas, 3, 'the spec is what counts without one')
})

t.test('before a child has a status, conditions have one time, whatever is written meanwhile', async (t) => {
  const first = partRequest() as SyncRequest
  const write = (time: string) => ({ manager: 'metacontroller', operation: 'Update', time })
  const written = feedBack(first, answer(first) as never)
  for (const objects of Object.values(written.children)) for (const object of Object.values(objects)) object.metadata.managedFields = [write('2026-01-05T10:00:09Z')]
  const later = { ...written, parent: { ...first.parent, metadata: { ...first.parent.metadata, managedFields: [{ ...write('2026-01-05T10:00:07Z'), subresource: 'status' }] } } }
  for (const request of [first, later]) t.strictSame([...new Set(answer(request).status.conditions.map((condition) => (condition as unknown as { lastTransitionTime: string }).lastTransitionTime))], ['2026-01-05T10:00:00Z'])
})

t.test('an account that is made for other pods is never the server\'s, and is asked for once', async (t) => {
  for (const name of ['mlflow-claim', 'mlflow-gc-sa', 'mlflow-trace-archival-sa']) {
    const { children } = answerTo({ spec: { serviceAccountName: name, storage: { size: '1Gi' }, garbageCollection: { schedule: '@daily' } } })
    t.equal(children.filter(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === name).length, name === 'mlflow-trace-archival-sa' ? 0 : 1, name)
    t.ok(find(children, 'ServiceAccount', 'mlflow-sa'), name)
  }
})
