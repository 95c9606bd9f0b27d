// The plain installation: what stands in several objects fits together, and with what the programs do.
import t from 'tap'
import { FACTS } from '../../hooks/core/labels.ts'
import { kinds } from '../../hooks/kinds.ts'
import { RELEASE } from '../../hooks/settings.ts'
import { makeCompositeController } from '../../manifests/generate/composite-controller.ts'
import { HOOKS_URL, makeBase } from '../../manifests/generate/install/objects.ts'
import { POD_FILES } from '../../poller/cluster/connect.ts'

type Container = { name: string, command: string[], ports: Array<{ name: string, containerPort: number }>, env: Array<{ name: string, value?: string }>, volumeMounts?: Array<{ name: string, mountPath: string }>, securityContext: object }
type PodSpec = { enableServiceLinks: boolean, terminationGracePeriodSeconds: number, automountServiceAccountToken: boolean, serviceAccountName: string, securityContext: object, containers: Container[], volumes: Array<{ name: string }> }
type Named = { kind: string, metadata: { name: string, namespace: string, labels: Record<string, string> }, spec: Record<string, unknown> }

const objects = [...makeBase(kinds, RELEASE).values()].flat() as Named[]
const find = (kind: string, name = 'sluice') => objects.find((object) => object.kind === kind && object.metadata.name.startsWith(name)) as Named
const { spec: pod, metadata: { labels } } = find('Deployment').spec.template as { spec: PodSpec, metadata: { labels: object } }
const container = (name: string) => pod.containers.find((candidate) => candidate.name === name) as Container

t.test('Metacontroller calls the Service that there is, and asks for what the hooks answer to', async (t) => {
  const { metadata: { name, namespace }, spec } = find('Service')
  const [port] = spec.ports as [{ port: number }]
  t.equal(HOOKS_URL, `http://${name}.${namespace}.svc:${port.port}`)
  const v = container('hooks').env.find(({ name }) => name === 'HOOKS_V')?.value
  t.equal(v, RELEASE, 'hooks that run outside answer to the release too')
  for (const kind of kinds) t.match(JSON.stringify(makeCompositeController(kind, { url: HOOKS_URL, v: RELEASE })), `?v=${v}`)
})

t.test('Service, disruption budget, network policy and Deployment select the same pods', async (t) => {
  const selected = [find('Deployment').spec.selector, { matchLabels: find('Service').spec.selector }, find('PodDisruptionBudget').spec.selector, find('NetworkPolicy').spec.podSelector]
  for (const selector of selected) t.strictSame(selector, { matchLabels: labels })
})

t.test('every port of the Service and of the network policy is one of a container', async (t) => {
  const named = pod.containers.flatMap(({ ports }) => ports.map(({ name }) => name))
  const { ports } = find('Service').spec as { ports: Array<{ targetPort: string }> }
  t.strictSame(ports.map(({ targetPort }) => targetPort), named)
  const { ingress } = find('NetworkPolicy').spec as { ingress: Array<{ ports: Array<{ port: string }> }> }
  for (const { port } of ingress.flatMap(({ ports }) => ports)) t.ok(named.includes(port), port)
})

t.test('names can be looked up where the pods of the DNS Service listen on 53, and where they listen on 5353', async (t) => {
  const { egress: [dns] } = find('NetworkPolicy').spec as { egress: Array<{ to?: object, ports: object[] }> }
  t.strictSame(dns, { ports: [53, 5353].flatMap((port) => [{ protocol: 'UDP', port }, { protocol: 'TCP', port }]) })
})

t.test('no other Service of the namespace becomes a setting of the programs', async (t) => {
  t.equal(pod.enableServiceLinks, false, 'one called metrics would be METRICS_PORT')
})

t.test('the poller alone gets the token of the API server', async (t) => {
  t.equal(pod.automountServiceAccountToken, false)
  t.strictSame(container('hooks').volumeMounts, undefined)
  t.strictSame(container('poller').volumeMounts?.map(({ name }) => name), pod.volumes.map(({ name }) => name))
  t.equal(container('poller').volumeMounts?.find(({ name }) => name === 'api-token')?.mountPath, POD_FILES, 'where the poller looks for it')
})

t.test('facts are kept to the account that the poller runs as, for every kind and every fact', async (t) => {
  const { matchConditions: [spared], matchConstraints: { resourceRules: [rule] }, variables } = find('ValidatingAdmissionPolicy').spec as { matchConditions: [{ expression: string }], matchConstraints: { resourceRules: [{ resources: string[] }] }, variables: Array<{ expression: string }> }
  t.match(spared.expression, `"system:serviceaccount:${find('ServiceAccount').metadata.namespace}:${pod.serviceAccountName}"`)
  t.strictSame(rule.resources, kinds.map(({ resource }) => resource.plural))
  for (const key of Object.values(FACTS)) t.ok(variables.some(({ expression }) => expression.includes(`'${key}'`)), key)
  t.match(find('ValidatingAdmissionPolicyBinding').spec, { policyName: find('ValidatingAdmissionPolicy').metadata.name, validationActions: ['Deny'] })
})

t.test('the programs have time to leave', async (t) => {
  t.ok(pod.terminationGracePeriodSeconds >= 5 + 15 + 10, 'draining, calls in flight, a margin; the poller cuts itself off after 25 s')
})

t.test('every namespaced object is in the namespace, and all carry the release', async (t) => {
  for (const { kind, metadata } of objects) {
    if (kind === 'Namespace') continue
    t.match(metadata.labels, { 'app.kubernetes.io/name': 'sluice', 'app.kubernetes.io/version': RELEASE }, kind)
    if (!/^(Cluster|ValidatingAdmission)/.test(kind)) t.equal(metadata.namespace, 'sluice-system', kind)
  }
})
