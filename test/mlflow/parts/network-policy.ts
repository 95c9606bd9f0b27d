// Who may reach the pods of an MLflow object, and what they may reach.
import t from 'tap'
import { makeClaimPolicy, makeMigrationPolicy, makeServerPolicy } from '../../../hooks/mlflow/resources/network-policy.ts'
import { only, partRequest } from './part-request.ts'

type Policy = { podSelector: object, policyTypes: string[], ingress?: object[], egress: Array<{ to?: object[], ports?: Array<{ protocol: string, port: number }> }> }

const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: 'TCP', port }))
const DNS = { ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }, { protocol: 'UDP', port: 5353 }, { protocol: 'TCP', port: 5353 }] }
const HTTPS = { ports: tcp(443, 6443, 8443) }
const DEFAULTS = [DNS, HTTPS, { ports: tcp(5432) }, { ports: tcp(3306) }, { ports: tcp(9000, 8333, 8334) }]
const TO_PROXY = { to: [{ ipBlock: { cidr: '10.1.2.3/32' } }], ports: [{ port: 6432 }] }
const PROXY = { ...TO_PROXY, ports: tcp(6432) }

t.test('41, 50: the server, its garbage collection and its archival are under one policy, of five egress rules', async (t) => {
  const { metadata, spec } = only<Policy>(makeServerPolicy(partRequest()))
  t.strictSame([metadata.name, metadata.namespace], ['mlflow', 'test-ns'])
  t.strictSame(spec, {
    podSelector: { matchLabels: { 'sluice.dev/parent': 'mlflow.mlflow', 'app.kubernetes.io/instance': 'mlflow' } },
    ingress: [{ from: [{ namespaceSelector: {} }], ports: tcp(8443) }],
    egress: DEFAULTS,
    policyTypes: ['Ingress', 'Egress']
  })
  t.strictSame(only<Policy>(makeServerPolicy(partRequest({ name: 'team' }))).spec.podSelector, { matchLabels: { 'sluice.dev/parent': 'mlflow.team', 'app.kubernetes.io/instance': 'mlflow-team' } })
})

t.test('what a server may reach', async (t) => {
  const rows: Array<{ name: string, spec: object, want: object[] }> = [
    { name: "the user's rules replace all defaults", spec: { networkPolicyEgressRules: [TO_PROXY] }, want: [PROXY] },
    { name: 'no rules replace nothing', spec: { networkPolicyEgressRules: [] }, want: DEFAULTS },
    { name: 'additional rules come after the defaults', spec: { networkPolicyAdditionalEgressRules: [TO_PROXY] }, want: [...DEFAULTS, PROXY] },
    { name: 'and after those that replace them', spec: { networkPolicyEgressRules: [TO_PROXY], networkPolicyAdditionalEgressRules: [{ ports: [{ port: 53, protocol: 'UDP' }] }] }, want: [PROXY, { ports: [{ protocol: 'UDP', port: 53 }] }] },
    { name: 'a rule whose destinations name nobody allows nothing, rather than everything', spec: { networkPolicyAdditionalEgressRules: [{ to: [{}], ports: [{ port: 22 }] }] }, want: DEFAULTS },
    { name: 'an empty selector means every pod, and stays', spec: { networkPolicyAdditionalEgressRules: [{ to: [{ podSelector: {} }] }] }, want: [...DEFAULTS, { to: [{ podSelector: {} }] }] }
  ]
  for (const { name, spec, want } of rows) t.strictSame(only<Policy>(makeServerPolicy(partRequest({ spec }))).spec.egress, want, name)
})

t.test('D19: who may reach a server can be narrowed', async (t) => {
  const from = [{ namespaceSelector: { matchLabels: { team: 'a' } } }]
  const collector = { podSelector: { matchLabels: { 'sluice.dev/parent': 'mlflow.mlflow', 'app.kubernetes.io/component': 'garbage-collection' } } }
  const rows: Array<{ name: string, spec: object, want: object[] | undefined }> = [
    { name: 'without a word every pod may', spec: {}, want: [{ from: [{ namespaceSelector: {} }], ports: tcp(8443) }] },
    { name: 'and everybody through the ports of nodes', spec: { service: { type: 'NodePort' } }, want: [{ ports: tcp(8443) }] },
    { name: 'or through a balancer', spec: { service: { type: 'LoadBalancer' } }, want: [{ ports: tcp(8443) }] },
    { name: 'but for those that the spec names', spec: { service: { type: 'LoadBalancer' }, networkPolicyIngressFrom: from }, want: [{ from, ports: tcp(8443) }] },
    { name: 'to those that the spec names', spec: { networkPolicyIngressFrom: from }, want: [{ from, ports: tcp(8443) }] },
    { name: 'and its own garbage collection, which deletes artifacts through it', spec: { networkPolicyIngressFrom: from, garbageCollection: { schedule: '@daily' } }, want: [{ from: [...from, collector], ports: tcp(8443) }] },
    { name: 'a list that names nobody lets nobody in', spec: { networkPolicyIngressFrom: [{}] }, want: undefined }
  ]
  for (const { name, spec, want } of rows) t.strictSame(only<Policy>(makeServerPolicy(partRequest({ spec }))).spec.ingress, want, name)
})

t.test('43, D5: pods that migrate are under a policy of their own', async (t) => {
  const { metadata, spec } = only<Policy>(makeMigrationPolicy(partRequest()))
  t.equal(metadata.name, 'mlflow-migration')
  t.strictSame(spec, {
    podSelector: { matchLabels: { 'sluice.dev/parent': 'mlflow.mlflow' }, matchExpressions: [{ key: 'app.kubernetes.io/component', operator: 'In', values: ['preflight', 'migration'] }] },
    egress: [DNS, { ports: tcp(5432, 3306) }],
    policyTypes: ['Ingress', 'Egress']
  })
  t.strictSame(only<Policy>(makeMigrationPolicy(partRequest({ spec: { networkPolicyAdditionalEgressRules: [TO_PROXY] } }))).spec.egress, [DNS, { ports: tcp(5432, 3306) }, PROXY])
  t.strictSame(only<Policy>(makeMigrationPolicy(partRequest({ spec: { networkPolicyEgressRules: [TO_PROXY] } }))).spec.egress.at(-1), PROXY, 'a database that the server may reach at another port they may reach, too')
})

t.test('a volume that outlives the object is made by a pod that may ask the API server, and that nobody reaches', async (t) => {
  const { metadata, spec } = only<Policy>(makeClaimPolicy(partRequest({ spec: { storage: {} } })))
  t.equal(metadata.name, 'mlflow-claim')
  t.strictSame(spec, {
    podSelector: { matchLabels: { 'sluice.dev/parent': 'mlflow.mlflow', 'app.kubernetes.io/component': 'claim' } },
    egress: [DNS, HTTPS],
    policyTypes: ['Ingress', 'Egress']
  })
  t.equal(makeClaimPolicy(partRequest({ spec: { storage: { retain: false } } })), undefined)
  t.equal(makeClaimPolicy(partRequest()), undefined)
})
