// The chart of an MLflow server on a real API server: where its objects come to lie, what stays over upgrades and when it goes, and that every object is one.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { defined } from '../../hooks/core/plain-value.ts'
import { readObjects, type Rendered } from './chart/render.ts'
import { commandOf } from './commands.ts'
import { MLFLOW_CHART, NAMESPACE, renderMlflow } from './mlflow-chart/render.ts'
import { capabilities, ROWS } from './mlflow-chart/specs.ts'
import { openStage } from './stage.ts'

const CLUSTER_SCOPED = ['ClusterRole', 'ClusterRoleBinding', 'ConsoleLink']
const WAIT = ['--wait', '--timeout=90s']

/** What a disk would be: nobody provides any here. */
const DISK = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'disk' }, spec: { capacity: { storage: '20Gi' }, accessModes: ['ReadWriteOnce'], persistentVolumeReclaimPolicy: 'Retain', hostPath: { path: '/disk' } } }

const stage = await openStage(t)
if (stage !== undefined) {
  const { programs, folder, plane: { kubectl, kubeconfig } } = stage
  const helm = commandOf(programs.helm, { KUBECONFIG: kubeconfig, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder })
  const run = (command: 'install' | 'upgrade', release: string, ...args: string[]) => helm([command, release, MLFLOW_CHART, '--namespace', NAMESPACE, ...WAIT, ...args])
  const read = async (path: string, ...what: string[]) => await kubectl(['get', ...what, '-n', NAMESPACE, '-o', `jsonpath=${path}`])
  const manifest = async (release: string) => readObjects(await helm(['get', 'manifest', release, '--namespace', NAMESPACE]))
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(DISK) })

  await t.test('no values at all: every namespaced object is in the namespace of the release, and the server answers', async (t) => {
    await run('install', 'mlflow', '--create-namespace')
    for (const { kind, metadata } of await manifest('mlflow')) t.equal(metadata.namespace, CLUSTER_SCOPED.includes(kind) ? undefined : NAMESPACE, `${kind} ${metadata.name}`)
    const places = await kubectl(['get', 'deployments,services,serviceaccounts,persistentvolumeclaims,networkpolicies', '-A', '-l', 'sluice.dev/parent=mlflow.mlflow', '-o', 'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{"\\n"}{end}'])
    t.strictSame(places.trim().split('\n').toSorted(), ['Deployment mlflow', 'NetworkPolicy mlflow', 'NetworkPolicy mlflow-migration', 'PersistentVolumeClaim mlflow-pvc', 'Service mlflow', 'ServiceAccount mlflow-sa'].map((name) => name.replace(' ', ` ${NAMESPACE}/`)).toSorted())
    t.equal(await read('{.status.readyReplicas}', 'deployment', 'mlflow'), '1')
  })

  await t.test('an upgrade without a change changes nothing, and looks at no database', async (t) => {
    const look = () => read('{.metadata.generation}', 'deployment', 'mlflow')
    const before = await look()
    await run('upgrade', 'mlflow')
    t.equal(await look(), before)
    t.equal((await helm(['get', 'hooks', 'mlflow', '--namespace', NAMESPACE])).trim(), '')
  })

  await t.test("the seed's values: another tag and another size; a server runs, so its databases are looked at", async (t) => {
    await kubectl(['patch', 'persistentvolumeclaim', 'mlflow-pvc', '-n', NAMESPACE, '--dry-run=server', '--type=merge', '-p', '{"metadata":{"labels":{"x":"y"}}}'])
    await run('upgrade', 'mlflow', '--set', 'image.tag=v2.0.0')
    t.equal(await read('{.spec.template.spec.containers[0].image}', 'deployment', 'mlflow'), 'ghcr.io/kubeflow/mlflow-integration:v2.0.0')
    t.equal(await hookMode(), 'preflight')
  })

  await t.test('stopped, and then migrated with no server beside', async (t) => {
    await run('upgrade', 'mlflow', '--reuse-values', '--set', 'stopped=true')
    t.equal(await read('{.spec.replicas}', 'deployment', 'mlflow'), '0')
    await kubectl(['wait', '--for=delete', 'pod', '-l', 'app=mlflow', '-n', NAMESPACE, '--timeout=60s'])
    await run('upgrade', 'mlflow', '--set', 'image.tag=v3.0.0')
    t.equal(await hookMode(), 'migrate')
    t.strictSame([await read('{.spec.replicas} {.status.readyReplicas}', 'deployment', 'mlflow'), await read('{.items}', 'jobs')], ['1 1', '[]'])
  })

  await t.test('two releases live side by side', async (t) => {
    await run('install', 'dev', '--set', 'backendStoreUri=postgresql://db/mlflow,artifactsDestination=s3://b/a,replicas=2')
    t.strictSame(new Set((await manifest('dev')).map(({ metadata }) => metadata.name)), new Set(['mlflow-dev', 'mlflow-sa-dev', 'mlflow-dev-migration']))
    t.equal(await read('{.status.readyReplicas}', 'deployment', 'mlflow-dev'), '2')
    t.equal(await read('{.status.readyReplicas}', 'deployment', 'mlflow'), '1')
    await helm(['uninstall', 'dev', '--namespace', NAMESPACE, ...WAIT])
  })

  await t.test('the volume stays when the release goes, and one of the same name finds it again', async (t) => {
    const uid = await read('{.metadata.uid}', 'persistentvolumeclaim', 'mlflow-pvc')
    await helm(['uninstall', 'mlflow', '--namespace', NAMESPACE, ...WAIT])
    t.equal(await kubectl(['get', 'deployments,services,clusterroles,clusterrolebindings', '-A', '-l', 'sluice.dev/parent=mlflow.mlflow', '-o', 'name']), '')
    await run('install', 'mlflow')
    t.equal(await read('{.metadata.uid}', 'persistentvolumeclaim', 'mlflow-pvc'), uid)
    await helm(['uninstall', 'mlflow', '--namespace', NAMESPACE, ...WAIT])
  })

  await t.test('the API server takes every object that the chart makes, with no field that it does not know', async (t) => {
    await kubectl(['apply', '--server-side', '-f', 'test/crds/certificates.cert-manager.io.yaml'])
    await kubectl(['wait', '--for=condition=Established', 'crd/certificates.cert-manager.io', '--timeout=30s'])
    const everything: Rendered[] = []
    for (const { release, spec, platform = {}, has = [] } of ROWS) {
      everything.push(...await renderMlflow(programs.helm, { ...defined(spec), platform, ...capabilities(has) }, release))
    }
    const file = join(folder, 'everything.yaml')
    // Under names of their own: the same object twice would be a change, of which some are forbidden.
    writeFileSync(file, everything.map((object, index) => stringify({ ...object, metadata: { ...object.metadata, name: `n${index}` } }, { version: '1.1' })).join('---\n'))
    const answer = await kubectl(['create', '--dry-run=server', '--validate=strict', '-o', 'name', '-f', file])
    t.equal(answer.trim().split('\n').length, everything.length)
  })

  /** What the hook of the newest revision was to do. */
  async function hookMode (): Promise<string | undefined> {
    const [job] = readObjects(await helm(['get', 'hooks', 'mlflow', '--namespace', NAMESPACE])) as unknown as Array<{ spec: { template: { spec: { containers: Array<{ env: Array<{ name: string, value?: string }> }> } } } }>
    return job?.spec.template.spec.containers[0]?.env.find(({ name }) => name === 'MIGRATION_MODE')?.value
  }
}
