// The chart: what each value changes, what is refused, and what holds whatever the values are.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseDocument } from 'yaml'
import { kinds } from '../../hooks/kinds.ts'
import { readSettings as readHookSettings, Settings as HookSettings } from '../../hooks/settings.ts'
import { Environment } from '../../poller/settings.ts'
import { parsePrometheusConfig } from '../../poller/analysis/config.ts'
import { parseMlflowServersConfig } from '../../poller/mlflow/config.ts'
import { parseRegistryConfig } from '../../poller/registry/config.ts'
import { crdProblems } from '../helpers/crd-validation.ts'
import { changesOf } from './chart/changes.ts'
import { CHART, chartOptionSets, findHelm, findProgram, NAMESPACE, nameOf, readObjects, renderChart, renderNotes, type Rendered } from './chart/render.ts'
import { commandOf, ROOT } from './commands.ts'

type Container = { name: string, env: Array<{ name: string, value?: string }>, volumeMounts?: Array<{ name: string }>, securityContext: object, ports: Array<{ name: string }> }
type Volume = { name: string, secret?: { secretName: string }, configMap?: object, projected?: object }
type PodSpec = { automountServiceAccountToken: boolean, terminationGracePeriodSeconds: number, securityContext: object, containers: Container[], volumes: Volume[] }
type Service = Rendered & { spec: { ports: Array<{ name: string, port: number, targetPort: string, appProtocol?: string }> } }
type Certificate = Rendered & { spec: { dnsNames: string[] } }
type Controller = Rendered & { spec: { childResources: object[], hooks: { sync: { webhook: { url: string } } } } }

const helm = findHelm(t)
if (helm !== undefined) {
  const defaults = await renderChart(helm)
  const sets = await Promise.all(chartOptionSets().map(async (set) => ({ ...set, objects: await renderChart(helm, set.values) })))
  const everything = [{ name: 'defaults', values: {}, objects: defaults }, ...sets]

  t.test('helm finds nothing to mend', async (t) => {
    t.match(await commandOf(helm, {})(['lint', '--strict', CHART]), /0 chart\(s\) failed/)
  })

  t.test('what values change', async (t) => {
    for (const { name, file, about, changes, objects } of sets) {
      const found = changesOf(defaults, objects)
      if (process.env['UPDATE']) {
        const document = parseDocument(readFileSync(file, 'utf8'))
        document.set('changes', found)
        writeFileSync(file, document.toString({ lineWidth: 0 }))
      } else {
        t.strictSame(found, changes, `${name}: ${about}`)
      }
    }
  })

  t.test('the same values give the same objects each time', async (t) => {
    for (const { name, values, objects } of everything.filter((set) => /^(defaults|many-servers|labels)$/.test(set.name))) {
      const again = await Promise.all([1, 2, 3, 4].map(() => renderChart(helm, values)))
      for (const one of again) t.strictSame(one, objects, name)
    }
  })

  t.test('values that are refused, and what is said', async (t) => {
    for (const { name, values, says } of REFUSED) {
      const refusal = await renderChart(helm, values).then(() => 'not refused', (error: Error) => error.message)
      t.match(refusal, says, name)
      t.notMatch(refusal, /hunter2/, `${name}: the credential is not repeated`)
    }
  })

  t.test('the plain bundle is the chart with its default values', async (t) => {
    const bundle = readObjects(readFileSync(join(ROOT, 'manifests/install.yaml'), 'utf8')).filter(({ kind }) => kind !== 'Namespace')
    const [plainly, charted] = [bundle, defaults].map((objects) => new Map(objects.map((object) => [nameOf(object), plain(object)] as const))) as [Map<string, Rendered>, Map<string, Rendered>]
    t.strictSame(new Set(plainly.keys()), new Set(charted.keys()))
    for (const [name, object] of plainly) t.strictSame(object, charted.get(name), name)
  })

  t.test('the overlays are the chart with the values that say the same', async (t) => {
    const kubectl = findProgram(t, 'kubectl')
    if (kubectl === undefined) return
    for (const [name, mode] of [['odh', 'opendatahub'], ['rhoai', 'rhoai']] as const) {
      const overlay = readObjects(await commandOf(kubectl, {})(['kustomize', `manifests/overlays/${name}`])).filter(({ kind }) => kind !== 'Namespace')
      const v = podOf(overlay).containers[0]?.env.find((variable) => variable.name === 'HOOKS_V')?.value
      const on = { enabled: true }
      const charted = await renderChart(helm, {
        platform: { mode, namespaceAccess: true }, openshift: on, prometheusOperator: on, gatewayApi: on, seldon: { enabled: false }, podSecurity: { runAsUser: null, runAsGroup: null, fsGroup: null }, hooks: { v }
      })
      const [theirs, ours] = [charted, overlay].map((objects) => new Map(objects.map((object) => [nameOf(object), unordered(plain(object))] as const))) as [Map<string, Rendered>, Map<string, Rendered>]
      t.strictSame(new Set(ours.keys()), new Set(theirs.keys()), name)
      for (const [key, object] of ours) t.strictSame(object, theirs.get(key), `${name}: ${key}`)
    }
  })

  t.test('pods run restricted, and only the poller has a token and credentials, whatever the values are', async (t) => {
    for (const { name, objects } of everything) {
      const pod = podOf(objects)
      t.match(pod, { automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } }, name)
      for (const container of pod.containers) t.match(container.securityContext, LOCKED, `${name}: ${container.name}`)
      const hooks = pod.containers.find((container) => container.name === 'hooks')
      t.strictSame((hooks?.volumeMounts ?? []).filter((mount) => !['hooks-token', 'hooks-tls'].includes(mount.name)), [], `${name}: the hooks see their own token and certificate only`)
      t.strictSame(new Set(pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((mount) => mount.name))), new Set(pod.volumes.map((volume) => volume.name)), `${name}: each volume is mounted`)
    }
  })

  t.test('the programs know every variable that they are given, and take it', async (t) => {
    const known = { hooks: Object.keys(HookSettings.properties), poller: Object.keys(Environment.properties) }
    for (const { name, values, objects } of everything) {
      const own = new Set(['hooks', 'poller'].flatMap((program) => ((values as Record<string, { env?: Array<{ name: string }> }>)[program]?.env ?? []).map((variable) => variable.name)))
      for (const { name: program, env } of podOf(objects).containers) {
        t.strictSame(env.filter((variable) => !own.has(variable.name) && !known[program as 'hooks'].includes(variable.name)), [], `${name}: ${program}`)
        if (program === 'hooks') t.ok(readHookSettings(Object.fromEntries(env.map((variable) => [variable.name, variable.value]))), name)
      }
    }
  })

  t.test('the poller takes the configuration that the chart writes', async (t) => {
    for (const { name, values, objects } of everything) {
      const config = parse((find(objects, 'ConfigMap')?.['data'] as Record<string, string>)['config.yaml'] ?? '') as Config
      t.strictSame(config, { registries: {}, prometheus: {}, mlflowServers: {}, ...(values as { poller?: { config?: object } }).poller?.config }, name)
      for (const [entry, value] of Object.entries(config.registries)) t.ok(parseRegistryConfig(value, entry), `${name}: ${entry}`)
      t.ok(parseMlflowServersConfig(config.mlflowServers, 'mlflowServers'), name)
      for (const [entry, value] of Object.entries(config.prometheus)) t.ok(parsePrometheusConfig(value, entry), `${name}: ${entry}`)
    }
  })

  t.test('Metacontroller asks for what the hooks answer to, at the port that they have', async (t) => {
    for (const { name, objects } of everything) {
      const hooks = podOf(objects).containers.find((container) => container.name === 'hooks')
      const controllers = objects.filter(({ kind }) => kind === 'CompositeController') as Controller[]
      t.strictSame(controllers.map(({ metadata }) => metadata.name), kinds.map(({ resource }) => `sluice-${resource.plural}`), name)
      for (const { spec, metadata } of controllers) {
        const url = new URL(spec.hooks.sync.webhook.url)
        if (hooks === undefined) continue
        t.equal(url.searchParams.get('v'), hooks.env.find((variable) => variable.name === 'HOOKS_V')?.value, `${name}: ${metadata.name}`)
        const service = find(objects, 'Service') as Service
        const { appProtocol, targetPort } = service.spec.ports.find(({ port }) => String(port) === url.port) ?? {}
        t.strictSame([url.hostname, url.protocol], [`${service.metadata.name}.${NAMESPACE}.svc`, `${appProtocol}:`], `${name}: ${metadata.name}`)
        t.equal(targetPort, hooks.ports[0]?.name, `${name}: the Service finds the port`)
        t.equal(targetPort, 'hooks', `${name}: it is called the same with and without TLS, so pods of before and after are found`)
        for (const certificate of objects.filter(({ kind }) => kind === 'Certificate') as Certificate[]) t.ok(certificate.spec.dnsNames.includes(url.hostname), `${name}: the certificate is for the host that is called`)
      }
    }
  })

  t.test('every object fits its CRD, has the labels of the release, and a namespace if it needs one', async (t) => {
    for (const { name, objects } of everything) {
      for (const object of objects) {
        t.strictSame(crdProblems(object) ?? [], [], `${name}: ${nameOf(object)}`)
        t.match(object.metadata.labels, { 'app.kubernetes.io/name': 'sluice', 'app.kubernetes.io/instance': 'sluice', 'app.kubernetes.io/managed-by': 'Helm' }, `${name}: ${nameOf(object)}`)
        t.equal(object.metadata.namespace === undefined, CLUSTER_SCOPED.has(object.kind), `${name}: ${nameOf(object)}`)
      }
      t.equal(new Set(objects.map(nameOf)).size, objects.length, `${name}: no object twice`)
    }
  })

  t.test('another release name names everything but what may never be renamed', async (t) => {
    const objects = readObjects(await commandOf(helm, {})(['template', 'ml', CHART, '--namespace', 'ml']))
    const names = new Set(objects.map(({ metadata }) => metadata.name))
    t.strictSame(names, new Set(['ml-sluice', 'ml-sluice-poller', 'ml-sluice-view', 'ml-sluice-edit', 'ml-sluice-metacontroller', 'ml-sluice-facts', ...['view', 'edit', 'integration'].map((role) => `ml-sluice-mlflow-${role}`), ...kinds.flatMap(({ resource }) => [`sluice-${resource.plural}`, `${resource.plural}.sluice.dev`])]))
  })

  t.test('what is said after an installation', async (t) => {
    const bare = await renderNotes(helm)
    for (const warning of [/No MLflow is known/, /No Prometheus is known/, /image.repository is just sluice/, /Seldon Core v1 seems not to be installed/, /ask for no token/, /any address on the ports of the API server/]) t.match(bare, warning)
    const open = await renderNotes(helm, { admissionPolicy: { enabled: false }, hooks: { url: 'http://h', v: '1' }, poller: { config: { registries: { a: { url: 'http://a', namespaces: ['x'] } } } } })
    for (const warning of [/loaded from anywhere \(poller.config.registries.a.artifactRoots\)/, /The admission policy is off/, /REGISTRIES='\{"\*":\{"workspaces":\["","\{namespace\}"\]\},"a":\{"namespaces":\["x"\]\}\}'/]) t.match(open, warning)
    t.match(await renderNotes(helm, { platform: { mode: 'rhoai' }, openshift: { enabled: true }, hooks: { url: 'http://h', v: '1' } }), /PLATFORM='\{"mode":"rhoai","openshift":true\}'/)
    t.match(bare, /--client-go-qps=50 --client-go-burst=100 --workers=10/)
    t.match(bare, /dynamic-apply/)
    const careful = await renderNotes(helm, { image: { repository: 'r/sluice' }, hooks: { token: { existingSecret: 'x' } }, seldon: { enabled: false }, networkPolicy: { egress: { apiServerCidrs: ['10.0.0.1/32'] } }, poller: { config: { registries: { default: { url: 'http://a', artifactRoots: ['s3://a'] } }, prometheus: { default: { url: 'http://b' } } } } })
    t.match(careful, /Please note:\n- seldon.enabled is false[^\n]*\n\nMetacontroller/)
  })
}

type Config = { registries: object, prometheus: object, mlflowServers: object }

const LOCKED = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
const CLUSTER_SCOPED = new Set(['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'CompositeController', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'])
const server = (entry: object) => ({ poller: { secrets: ['mlflow'], config: { prometheus: { default: { url: 'http://prometheus', ...entry } } } } })
const registry = (entry: object) => ({ poller: { config: { registries: { default: { url: 'http://mlflow', ...entry } } } } })

const REFUSED: Array<{ name: string, values: object, says: RegExp }> = [
  { name: 'a typo at the top', values: { replica: 3 }, says: /additional properties 'replica' not allowed/ },
  { name: 'a typo deep inside', values: { hooks: { token: { existingSecrt: 'x' } } }, says: /additional properties 'existingSecrt' not allowed/ },
  { name: 'a typo in the configuration of the poller', values: registry({ minIntervall: '1s' }), says: /additional properties 'minIntervall' not allowed/ },
  { name: 'a typo in a part of Kubernetes', values: { tolerations: [{ kee: 'x' }] }, says: /additional properties 'kee' not allowed/ },
  { name: 'a wrong type', values: { replicas: 'two' }, says: /got string, want integer/ },
  { name: 'a word that is not one of the words', values: { hooks: { logLevel: 'loud' } }, says: /value must be one of 'trace', 'debug'/ },
  { name: 'a duration that is none', values: registry({ minInterval: 'often' }), says: /does not match pattern/ },
  { name: 'an entry name that objects could not write', values: { poller: { config: { registries: { My_Registry: { url: 'http://x' } } } } }, says: /additional properties 'My_Registry' not allowed/ },
  { name: 'a registry without address', values: { poller: { config: { registries: { default: {} } } } }, says: /missing property 'url'/ },
  { name: 'a digest that is none', values: { image: { digest: 'latest' } }, says: /does not match pattern/ },
  { name: 'a variable that the chart sets itself', values: { hooks: { env: [{ name: 'HOOKS_V', value: 'x' }] } }, says: /hooks\/env\/0\/name.*'not' failed/s },
  { name: 'draining for longer than the hooks allow', values: { hooks: { drainSeconds: 26 } }, says: /maximum: got 26, want 25/ },
  { name: 'two sources of a token', values: { hooks: { token: { existingSecret: 'x', generate: true } } }, says: /hooks.token: has both existingSecret and generate/ },
  { name: 'a second key without a Secret', values: { hooks: { token: { acceptedKey: 'x' } } }, says: /hooks.token.acceptedKey: needs existingSecret/ },
  { name: 'hooks outside that would refuse every call', values: { hooks: { url: 'http://10.0.0.1:8080' } }, says: /hooks.url: needs hooks.v/ },
  { name: 'TLS of hooks that are not here', values: { hooks: { url: 'https://x', v: '1', tls: { enabled: true } } }, says: /hooks.tls.enabled: is for hooks of this chart/ },
  { name: 'TLS without a certificate', values: { hooks: { tls: { enabled: true } } }, says: /hooks.tls: needs existingSecret, or certManager.issuer.name/ },
  { name: 'a webhook without its secret', values: { poller: { webhook: { enabled: true, tlsSecret: 'x' } } }, says: /poller.webhook: needs secretName/ },
  { name: 'a webhook without a certificate', values: { poller: { webhook: { enabled: true, secretName: 'x' } } }, says: /poller.webhook: needs tlsSecret/ },
  { name: 'a disruption budget that no drain can keep', values: { podDisruptionBudget: { minAvailable: 2 } }, says: /must be less than replicas/ },
  { name: 'a token in a ConfigMap', values: registry({ auth: { bearer: { token: 'hunter2' } } }), says: /registries.default.auth.bearer.token: would be readable in a ConfigMap/ },
  { name: 'a password in a ConfigMap', values: registry({ auth: { basic: { username: 'a', password: 'hunter2' } } }), says: /auth.basic.password: would be readable in a ConfigMap/ },
  { name: 'a password for MLflow objects in a ConfigMap', values: { poller: { config: { mlflowServers: { headers: { authorization: 'Basic hunter2' } } } } }, says: /poller.config.mlflowServers.headers.authorization: looks like a credential/ },
  { name: 'a place of artifacts of MLflow objects that is not plain', values: { poller: { config: { mlflowServers: { artifactRoots: ['s3://a/../b'] } } } }, says: /mlflowServers.artifactRoots\[0\]: must be a plain URI/ },
  { name: 'Secrets that nobody is let read', values: { poller: { config: { mlflowServers: { references: true } } } }, says: /mlflowServers: caSecrets and references need rights/ },
  { name: 'rights that nobody uses', values: { mlflow: { references: { mlflow: { secrets: ['a'] } } } }, says: /mlflow.references: gives rights that nothing uses/ },
  { name: 'roles that would be bound and are not there', values: { platform: { namespaceAccess: true }, mlflow: { roles: false } }, says: /platform.namespaceAccess: binds the ClusterRoles/ },
  { name: 'OpenShift, said at two places', values: { platform: { openshift: true } }, says: /additional properties 'openshift' not allowed/ },
  { name: 'a file of a Secret that is not mounted', values: registry({ auth: { bearer: { tokenFile: '/secrets/mlflow/token' } } }), says: /registries.default.auth.bearer.tokenFile: is a file that is not mounted; [^]*poller.secrets lists/ },
  { name: 'a file of a ConfigMap that is not mounted', values: registry({ caFile: '/configmaps/ca/ca.crt' }), says: /registries.default.caFile: is a file that is not mounted/ },
  { name: 'a file that is not below a Secret', values: server({ caFile: '/secrets/ca.crt' }), says: /prometheus.default.caFile: is a file that is not mounted/ },
  { name: 'a file of a misspelt folder', values: server({ caFile: '/secret/mlflow/ca.crt' }), says: /caFile: is a file that is not mounted/ },
  { name: 'a file outside of its Secret', values: server({ caFile: '/secrets/mlflow/../other/ca.crt' }), says: /caFile: is a file that is not mounted/ },
  { name: 'the token of the poller, sent to others', values: server({ auth: { bearer: { tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' } } }), says: /tokenFile: is a file that is not mounted/ },
  { name: 'a place for a volume that hides what the chart mounts', values: { poller: { extraVolumeMounts: [{ name: 'x', mountPath: '/secrets/mlflow' }] } }, says: /mountPath'?: 'not' failed/ },
  { name: 'a password in an address', values: registry({ url: 'http://user:hunter2@mlflow' }), says: /registries.default.url: holds a user name or password, [^]*auth.basic/ },
  { name: 'a token in an address', values: server({ url: 'https://prometheus/?token=hunter2' }), says: /prometheus.default.url: must not have a query/ },
  { name: 'an address without http', values: registry({ url: 'mlflow:5000' }), says: /registries.default.url: must begin with http/ },
  { name: 'an address of another kind', values: registry({ url: 'ftp://x.y' }), says: /registries.default.url: must begin with http/ },
  { name: 'an address with a gap', values: registry({ url: 'http://ml flow' }), says: /registries.default.url: is not a URL/ },
  { name: 'a password in the address of artifacts', values: registry({ artifactsDestination: 's3://key:hunter2@bucket' }), says: /artifactsDestination: must hold no credentials/ },
  { name: 'a place of models that is none', values: registry({ artifactRoots: ['models'] }), says: /does not match pattern/ },
  { name: 'no place of models', values: registry({ artifactRoots: [] }), says: /minItems: got 0, want 1/ },
  { name: 'a place of models that can be read in two ways', values: registry({ artifactRoots: ['s3://m', 's3://m/../x'] }), says: /registries.default.artifactRoots\[1\]: must be a plain URI/ },
  { name: 'a place of models in disguise', values: registry({ artifactRoots: ['s3://m/%2E%2e/x'] }), says: /registries.default.artifactRoots\[0\]: must be a plain URI/ },
  { name: 'a password in a place of models', values: registry({ artifactRoots: ['s3://key:hunter2@m'] }), says: /registries.default.artifactRoots: must hold no credentials/ },
  { name: 'a user that would end the list in the admission policy', values: { admissionPolicy: { spared: ['x"]) || (true'] } }, says: /does not match pattern/ },
  { name: 'a key in a header', values: registry({ headers: { 'X-Api-Key': 'hunter2' } }), says: /registries.default.headers.X-Api-Key: looks like a credential, [^]*auth.bearer.tokenFile/ },
  { name: 'a password in a header of any name', values: server({ headers: { 'X-Upstream': 'Basic aHVudGVyMg==' } }), says: /prometheus.default.headers.X-Upstream: looks like a credential/ },
  ...['podLabels', 'commonLabels'].map((value) => ({ name: `${value} that selectors go by`, values: { [value]: { 'app.kubernetes.io/instance': 'foo' } }, says: /app.kubernetes.io\/instance[^]*'not' failed/ })),
  { name: 'a label that helm goes by', values: { commonLabels: { 'app.kubernetes.io/managed-by': 'me' } }, says: /'not' failed/ },
  { name: 'the annotation that restarts pods', values: { podAnnotations: { 'checksum/config': '1' } }, says: /'not' failed/ },
  { name: 'an entry name that is too long for objects', values: { poller: { config: { registries: { ['a'.repeat(64)]: { url: 'http://x' } } } } }, says: /additional properties 'a{64}' not allowed/ },
  { name: 'Metacontroller without a name', values: { metacontroller: { serviceAccount: { name: '' } } }, says: /serviceAccount\/name'?: minLength/ },
  { name: 'Metacontroller without a namespace', values: { metacontroller: { serviceAccount: { namespace: '' } } }, says: /serviceAccount\/namespace'?: minLength/ },
  { name: 'a namespace that cannot be one', values: { networkPolicy: { egress: { namespaces: ['ml.flow'] } } }, says: /does not match pattern/ },
  { name: 'an account that neither is made nor has a name', values: { serviceAccount: { create: false } }, says: /serviceAccount.create: is false, so serviceAccount.name must/ }
]

function podOf (objects: Rendered[]): PodSpec {
  return (find(objects, 'Deployment') as unknown as { spec: { template: { spec: PodSpec } } }).spec.template.spec
}

function find (objects: Rendered[], kind: string): Rendered | undefined {
  return objects.find((object) => object.kind === kind)
}

/** Without what helm alone writes: its labels and policies, the checksum by which it restarts pods, labels of CRDs and controllers. */
/** Kustomize puts what it merges first: the order of variables and volumes means nothing. */
function unordered (object: Rendered): Rendered {
  if (object.kind !== 'Deployment') return object
  const copy = structuredClone(object)
  const pod = podOf([copy])
  const byName = (a: { name: string }, b: { name: string }): number => a.name < b.name ? -1 : 1
  pod.volumes.sort(byName)
  for (const { env } of pod.containers) env.sort(byName)
  return copy
}

function plain (object: Rendered): Rendered {
  const { labels, annotations, ...metadata } = object.metadata
  const kept = without(labels, ['helm.sh/chart', 'app.kubernetes.io/managed-by'])
  const notes = without(annotations, ['helm.sh/resource-policy'])
  const labelled = kept !== undefined && !['CustomResourceDefinition', 'CompositeController'].includes(object.kind)
  const copy = { ...structuredClone(object), metadata: { ...metadata, ...(labelled && { labels: kept }), ...(notes && { annotations: notes }) } }
  if (copy.kind === 'Deployment') delete (copy as unknown as { spec: { template: { metadata: { annotations?: object } } } }).spec.template.metadata.annotations
  return copy
}

function without (texts: Record<string, string> | undefined, names: string[]): Record<string, string> | undefined {
  const kept = Object.entries(texts ?? {}).filter(([name]) => !names.includes(name))
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}
