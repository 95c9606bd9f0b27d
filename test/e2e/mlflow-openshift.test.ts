// MLflow objects as on Open Data Hub: the chart's platform and capabilities, what OpenShift and the Gateway API get, and access of groups to workspaces.
import t from 'tap'
import { assertNothingForbidden, restOf } from './cleanliness.ts'
import { findHelm, renderChart } from './chart/render.ts'
import { CLAIM_MAKERS } from './mlflow/kubelets.ts'
import { openMlflowScene } from './mlflow/scene.ts'
import { conditionIn, watch } from './models/watched.ts'
import { transcriptOf } from './transcript.ts'
import { until } from './until.ts'

const NAMESPACE = 'opendatahub'
const VALUES = {
  platform: { mode: 'opendatahub', externalUrl: 'https://gateway.example.com', namespaceAccess: true },
  openshift: { enabled: true },
  prometheusOperator: { enabled: true },
  gatewayApi: { enabled: true },
  istio: { enabled: true }
}
const CLUSTERED = 'clusterroles,clusterrolebindings,consolelinks'
const NAMESPACED = 'deployments,services,serviceaccounts,configmaps,persistentvolumeclaims,jobs,cronjobs,networkpolicies,roles,rolebindings,servicemonitors,httproutes,virtualservices'
const WORKSPACE_LABEL = 'opendatahub.io/global-mlflow-workspace'
const BINDINGS = ['rolebindings', '-n', 'team-a', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.roleRef.name} {.subjects[*].name}{"\\n"}{end}']

interface Deployment { kind: string, spec: { template: { spec: { containers: Array<{ env: Array<{ name: string, value?: string }> }> } } } }
interface Named { kind: string, metadata: { name: string, labels?: Record<string, string> } }

/** What the chart would tell its own hooks: here they run outside of it. */
async function hooksEnv (helm: string): Promise<Record<string, string>> {
  const deployment = (await renderChart(helm, VALUES)).find(({ kind }) => kind === 'Deployment') as unknown as Deployment
  const { value = '' } = deployment.spec.template.spec.containers.flatMap(({ env }) => env).find(({ name }) => name === 'PLATFORM') ?? {}
  return { PLATFORM: value }
}

const helm = findHelm(t)
const scene = helm === undefined ? undefined : await openMlflowScene(t, { values: VALUES, hooksEnv: await hooksEnv(helm) }, NAMESPACE)
if (scene) {
  const { plane: { api, kubectl }, kubelets } = scene
  const record = transcriptOf('mlflow-openshift', kubectl)
  const json = async <T>(...what: string[]): Promise<T> => JSON.parse(await kubectl(['get', ...what, '-o', 'json'])) as T
  const auth = async (spec: object): Promise<void> => { await kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'services.platform.opendatahub.io/v1alpha1', kind: 'Auth', metadata: { name: 'auth' }, spec }) }) }
  const bindings = async (): Promise<string[]> => (await kubectl(['get', ...BINDINGS])).trim().split('\n').filter((line) => line !== '')

  await t.test('the samples become Available where the platform wants them, with a URL from outside', async (t) => {
    for (const file of ['mlflow', 'mlflow-remote-storage']) await kubectl(['apply', '-f', `manifests/samples/${file}.yaml`])
    for (const [name, path] of [['mlflow', 'mlflow'], ['remote', 'mlflow-remote']] as const) {
      const { status } = await watch(api, 'mlflows', name).until(`${name} is Available`, (found) => conditionIn(found, 'Available') === 'True/DeploymentReady' && found.status?.version !== undefined, 90)
      t.match(status, { namespace: NAMESPACE, address: { url: `https://${path}.${NAMESPACE}.svc:8443/${path}` }, url: `https://gateway.example.com/${path}` })
    }
    t.strictSame(kubelets.troubles, [])
    await record('available', 'get mlflow -o wide', `get deployments,services,httproutes,servicemonitors -n ${NAMESPACE}`, 'get consolelinks', 'describe mlflow remote')
  })

  await t.test('a route, a ServiceMonitor and an entry of the menu are as their own CRDs want them', async (t) => {
    t.match(await json('httproute', 'mlflow-remote', '-n', NAMESPACE), { spec: { parentRefs: [{ name: 'data-science-gateway', namespace: 'openshift-ingress' }] } })
    t.match(await json('servicemonitor', 'mlflow-metrics-monitor-remote', '-n', NAMESPACE), { spec: { endpoints: [{ scheme: 'https', tlsConfig: { serverName: `mlflow-remote.${NAMESPACE}.svc` } }] } })
    t.match(await json('consolelink', 'mlflow'), { spec: { href: 'https://gateway.example.com/mlflow', location: 'ApplicationMenu', text: 'MLflow' } })
    t.match(await json('service', 'mlflow-remote', '-n', NAMESPACE), { metadata: { annotations: { 'service.beta.openshift.io/serving-cert-secret-name': 'mlflow-tls-remote' } } })
  })

  await t.test('groups get access to workspaces, and lose it with the label', async (t) => {
    await auth({ allowedGroups: ['system:authenticated', 'rhods-admins'], adminGroups: ['rhods-admins'] })
    await kubectl(['create', 'namespace', 'team-a'])
    await kubectl(['label', 'namespace', 'team-a', `${WORKSPACE_LABEL}=mlflow`])
    await until('both roles are bound', async () => (await bindings()).length === 2)
    t.strictSame((await bindings()).map((line) => line.split(' ').slice(1)), [['sluice-mlflow-edit', 'rhods-admins'], ['sluice-mlflow-view', 'system:authenticated', 'rhods-admins']])
    await record('workspace', 'get rolebindings -n team-a -o wide')
    await auth({ allowedGroups: ['system:authenticated'], adminGroups: ['admins'] })
    await until('the groups of now have access', async () => (await bindings()).join() === 'odh-group-mlflow-edit sluice-mlflow-edit admins,odh-group-mlflow-view sluice-mlflow-view system:authenticated admins')
    await kubectl(['label', 'namespace', 'team-a', `${WORKSPACE_LABEL}-`])
    await until('nobody has', async () => (await bindings()).length === 0)
  })

  await t.test('at rest nothing is written, by whichever sync', async (t) => {
    const { writes, syncs } = await restOf(scene, 10, 'sluice-mlflows')
    t.strictSame(writes, { counts: {}, by: [] })
    t.ok(syncs >= 4)
  })

  await t.test('all goes with the objects but the volume, in the namespace and outside of it', async () => {
    await kubectl(['delete', 'mlflow', '--all', '--timeout=90s'])
    const left = async (): Promise<string[]> => (await json<{ items: Named[] }>(`${CLUSTERED},${NAMESPACED}`, '-A')).items.filter(({ metadata }) => metadata.labels?.['sluice.dev/parent']?.startsWith('mlflow.')).map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    await until('the volume alone is left', async () => (await left()).join() === 'PersistentVolumeClaim mlflow-pvc')
  })

  await t.test('all along, nobody was refused anything', async (t) => {
    t.strictSame(kubelets.troubles, [])
    await assertNothingForbidden(t, scene, CLAIM_MAKERS)
  })
}
