// MLflow objects on a real control plane: samples side by side, what belongs to each, migrations that lead and lead back, volumes that outlive their object.
import { readdir, readFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { assertNothingForbidden, restOf } from './cleanliness.ts'
import { CLAIM_MAKERS, told } from './mlflow/kubelets.ts'
import { openMlflowScene } from './mlflow/scene.ts'
import { conditionIn, watch } from './models/watched.ts'
import { transcriptOf } from './transcript.ts'
import { until } from './until.ts'

const SAMPLES = 'manifests/samples'
const CONTROLLER = 'sluice-mlflows'
const NAMESPACED = 'deployments,services,serviceaccounts,configmaps,persistentvolumeclaims,jobs,cronjobs,networkpolicies,roles,rolebindings,poddisruptionbudgets,servicemonitors,httproutes,virtualservices,ingresses'
const CLUSTERED = 'clusterroles,clusterrolebindings,consolelinks'
const LOOKS = ['get mlflow', 'get mlflow -o wide', 'get deployments,pods,services,pvc,jobs,cronjobs -n mlflow -o wide']

interface Named { kind: string, metadata: { name: string, labels?: Record<string, string> } }
type Sample = Named & { spec: object }

/** The storage examples of the operator whose users we want to serve, word for word below spec. */
const THEIRS = [
  ['local', `
    storage:
      size: 10Gi
      storageClassName: ""  # Use default storage class
      accessMode: ReadWriteOnce

    backendStoreUri: "sqlite:////mlflow/mlflow.db"
    registryStoreUri: "sqlite:////mlflow/mlflow.db"
    artifactsDestination: "file:///mlflow/artifacts"`],
  ['production', `
    # No storage PVC needed - using remote PostgreSQL and S3

    # Use secret references for database URIs containing credentials (recommended)
    backendStoreUriFrom:
      name: mlflow-db-credentials
      key: backend-store-uri  # postgresql://user:password@host:5432/dbname

    registryStoreUriFrom:
      name: mlflow-db-credentials
      key: registry-store-uri  # postgresql://user:password@host:5432/dbname

    artifactsDestination: "s3://my-mlflow-bucket/artifacts"

    # S3 credentials via secret
    envFrom:
      - secretRef:
          name: aws-credentials  # Contains AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY

    env:
      - name: AWS_DEFAULT_REGION
        value: us-east-1`]
] as const
const objectOf = (name: string, spec: string): string => `apiVersion: sluice.dev/v1alpha1\nkind: MLflow\nmetadata:\n  name: ${name}\nspec:\n${spec.replaceAll(/^ {2}/gm, '')}\n`

const samples = (await Promise.all((await readdir(SAMPLES)).filter((file) => file.startsWith('mlflow')).map(async (file) => ({ file, object: parse(await readFile(`${SAMPLES}/${file}`, 'utf8')) as Sample }))))
  .filter(({ object }) => object.kind === 'MLflow')
const NAMES = [...THEIRS.map(([name]) => name), ...samples.map(({ object }) => object.metadata.name)].toSorted()

const scene = await openMlflowScene(t)
if (scene) {
  const { plane: { api, kubectl }, history, kubelets } = scene
  const record = transcriptOf('mlflow', kubectl)
  const patch = async (name: string, spec: object): Promise<void> => { await kubectl(['patch', 'mlflow', name, '--type=merge', '-p', JSON.stringify({ spec })]) }
  const list = async (kinds: string, ...where: string[]): Promise<Named[]> => (JSON.parse(await kubectl(['get', kinds, ...where, '-o', 'json'])) as { items: Named[] }).items
  const ownersOf = async (name: string): Promise<string[]> => {
    const found = [...await list(NAMESPACED, '-n', 'mlflow'), ...await list(CLUSTERED)]
    return found.filter(({ metadata }) => metadata.labels?.['sluice.dev/parent'] === `mlflow.${name}`).map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()
  }
  /** Without Jobs, whose names are hashes and which come and go. */
  const standing = async (name: string): Promise<string[]> => (await ownersOf(name)).filter((line) => !line.startsWith('Job '))
  const available = async (name: string, seconds = 90): Promise<void> => { await watch(api, 'mlflows', name).until(`${name} is Available`, (found) => conditionIn(found, 'Available').startsWith('True/') && found.status?.phase === 'Available', seconds) }
  const claimUid = async (name: string): Promise<string> => await kubectl(['get', 'pvc', name, '-n', 'mlflow', '--ignore-not-found', '-o', 'jsonpath={.metadata.uid}'])

  const assertRest = async (t: Test, seconds: number): Promise<void> => {
    const { writes, syncs } = await restOf(scene, seconds, CONTROLLER)
    t.strictSame(writes, { counts: {}, by: [] }, `nothing was written for ${seconds} s`)
    t.ok(syncs >= NAMES.length, `though the hooks were asked ${syncs} times`)
  }

  await t.test('samples, and the storage examples of others word for word, are installed side by side and become Available', async (t) => {
    for (const [name, spec] of THEIRS) await kubectl(['apply', '-f', '-'], { input: objectOf(name, spec) })
    for (const { file } of samples) await kubectl(['apply', '-f', `${SAMPLES}/${file}`])
    for (const name of NAMES) await available(name)
    t.strictSame(kubelets.troubles, [])
    for (const name of NAMES) {
      const { status } = await watch(api, 'mlflows', name).until('it says all', (found) => found.status?.version !== undefined)
      t.match(status, { phase: 'Available', namespace: 'mlflow', version: '3.17.0', attempt: 1, error: undefined, url: undefined }, name)
      t.equal(status?.address?.url, name === 'mlflow' ? 'https://mlflow.mlflow.svc:8443/mlflow' : `https://mlflow-${name}.mlflow.svc:8443/mlflow-${name}`)
    }
    await record('available', ...LOOKS, 'describe mlflow mlflow')
  })

  await t.test('each has what belongs to it, under names of its own', async (t) => {
    t.strictSame(await standing('mlflow'), [
      'ClusterRole mlflow', 'ClusterRoleBinding mlflow', 'Deployment mlflow', 'NetworkPolicy mlflow', 'NetworkPolicy mlflow-claim', 'NetworkPolicy mlflow-migration', 'PersistentVolumeClaim mlflow-pvc',
      'Role mlflow-claim', 'RoleBinding mlflow-claim', 'Service mlflow', 'ServiceAccount mlflow-claim', 'ServiceAccount mlflow-sa'
    ])
    t.strictSame(await standing('remote'), [
      'ClusterRole mlflow-gc-remote', 'ClusterRole mlflow-remote', 'ClusterRoleBinding mlflow-gc-remote', 'ClusterRoleBinding mlflow-remote', 'CronJob mlflow-gc-remote', 'Deployment mlflow-remote',
      'NetworkPolicy mlflow-remote', 'NetworkPolicy mlflow-remote-migration', 'PodDisruptionBudget mlflow-remote', 'Service mlflow-remote', 'ServiceAccount mlflow-gc-sa-remote', 'ServiceAccount mlflow-sa-remote'
    ])
    t.strictSame(await standing('traces'), [
      'ClusterRole mlflow-traces', 'ClusterRoleBinding mlflow-traces', 'ConfigMap mlflow-trace-archival-config-traces', 'CronJob mlflow-trace-archival-traces', 'Deployment mlflow-traces',
      'NetworkPolicy mlflow-traces', 'NetworkPolicy mlflow-traces-migration', 'Service mlflow-traces', 'ServiceAccount mlflow-sa-traces', 'ServiceAccount mlflow-trace-archival-sa-traces'
    ])
  })

  await t.test('at rest nothing is written, by whichever sync', async (t) => { await assertRest(t, 30) })

  await t.test('what cannot be changed is refused, with what to do', async (t) => {
    const refusal = async (change: object): Promise<string> => await patch('minimal', change).then(() => 'accepted', (error: Error) => error.message)
    t.match(await refusal({ storage: { retain: false } }), /storage\.retain cannot be changed, for the volume would be lost/)
    t.match(await refusal({ namespace: 'elsewhere' }), /namespace cannot be changed, for volumes and Secrets do not move/)
  })

  await t.test('a block that is taken out takes its objects with it, and nothing else', async (t) => {
    const before = await standing('remote')
    await kubectl(['patch', 'mlflow', 'remote', '--type=json', '-p', JSON.stringify([{ op: 'remove', path: '/spec/garbageCollection' }])])
    await until('all of garbage collection is gone', async () => (await standing('remote')).every((line) => !line.includes('gc')))
    t.strictSame(await standing('remote'), before.filter((line) => !line.includes('gc')))
  })

  await t.test('a new image is looked at, the server taken down, its database migrated, and the server brought back', async (t) => {
    const since = Date.now()
    await patch('mlflow', { image: { image: 'registry.example.com/mlflow:3.18.0' } })
    const done = await watch(api, 'mlflows', 'mlflow').until('the new version serves', ({ status }) => status?.version === '3.18.0' && status.phase === 'Available', 120)
    t.equal(conditionIn(done, 'Migration'), 'True/MigrationSucceeded')
    t.strictSame(kubelets.played('mlflow').slice(-2), ['preflight', 'migration'])
    t.equal(kubelets.revisions.get('mlflow'), 'head-3.18.0')
    t.strictSame(history.replicas('mlflow', since), [1, 0, 1], 'its pods were gone meanwhile')
    await record('migrated', ...LOOKS)
  })

  await t.test('an image whose databases need no migration is rolled out without one', async (t) => {
    const since = Date.now()
    kubelets.revisions.set('remote', 'head-3.18.0')
    await patch('remote', { image: { image: 'registry.example.com/mlflow:3.18.0' } })
    await watch(api, 'mlflows', 'remote').until('the new version serves', ({ status }) => status?.version === '3.18.0' && status.phase === 'Available', 120)
    t.equal(kubelets.played('remote').at(-1), 'preflight')
    t.strictSame(history.replicas('mlflow-remote', since), [2], 'nobody was taken down')
  })

  await t.test('a migration that fails and has touched nothing brings back what served; sluice.dev/retry tries again', async (t) => {
    const since = Date.now()
    kubelets.once('mlflow', 'migration', async () => ({ exitCode: 11, message: JSON.stringify({ reason: 'UnsupportedBackend', message: 'The database cannot be migrated: use another one', result: { version: '3.19.0', stores: [{ store: 'backend', dialect: 'sqlite', schema: 'of-head-3.18.0', before: 'head-3.18.0', after: 'head-3.18.0', head: 'head-3.19.0' }] } }) }))
    await patch('mlflow', { image: { image: 'registry.example.com/mlflow:3.19.0' } })
    const back = await watch(api, 'mlflows', 'mlflow').until('the old version is back', (found) => conditionIn(found, 'Migration') === 'False/MigrationRestored' && conditionIn(found, 'Available').startsWith('True/'), 120)
    t.match(back.status, { version: '3.18.0', phase: 'Degraded', replicas: '1/1' })
    t.match(back.status?.error, /cannot be migrated/)
    t.equal(await kubectl(['get', 'deployment', 'mlflow', '-n', 'mlflow', '-o', 'jsonpath={.spec.template.spec.containers[0].image}']), 'registry.example.com/mlflow:3.18.0')
    t.strictSame(history.replicas('mlflow', since), [1, 0, 1])
    await record('restored', ...LOOKS, 'describe mlflow mlflow')
    const [jobs] = [history.ever('jobs', 'mlflow.mlflow')]
    await record('retry', `annotate mlflow mlflow sluice.dev/retry=${back.status?.attempt}`)
    await watch(api, 'mlflows', 'mlflow').until('the new version serves', ({ status }) => status?.version === '3.19.0' && status.phase === 'Available', 120)
    t.equal(history.ever('jobs', 'mlflow.mlflow').length, jobs.length + 2, 'with two Jobs more')
  })

  await t.test('a migration that fails half-way leaves the pods away, and says what to do', async (t) => {
    kubelets.once('pinned', 'migration', async () => ({ exitCode: 13, message: JSON.stringify({ reason: 'NotAtHead', message: 'The database is half-way', result: JSON.parse(told('3.18.0', { before: 'head-3.17.0', after: 'between', head: 'head-3.18.0' }).message ?? '') as object }) }))
    await patch('pinned', { image: { image: 'registry.example.com/mlflow:3.18.0' } })
    const failed = await watch(api, 'mlflows', 'pinned').until('it says so', (found) => conditionIn(found, 'Migration') === 'False/MigrationFailed', 120)
    t.match(failed.status, { phase: 'Failed', version: '3.17.0' })
    t.equal(conditionIn(failed, 'Available'), 'False/MigrationFailed')
    t.match(failed.status?.error, /half-way.*force-migrate annotation/)
    t.equal(await kubectl(['get', 'deployment', 'mlflow-pinned', '-n', 'mlflow', '-o', 'jsonpath={.spec.replicas}']), '0')
    await record('failed', 'get mlflow', 'describe mlflow pinned')
  })

  await t.test('a volume outlives its object, and one of the same name finds it again and may make it larger', async (t) => {
    const before = await claimUid('mlflow-pvc-minimal')
    t.not(before, '')
    await kubectl(['delete', 'mlflow', 'minimal', '--timeout=60s'])
    await until('only the volume is left', async () => (await ownersOf('minimal')).join() === 'PersistentVolumeClaim mlflow-pvc-minimal')
    await kubectl(['apply', '-f', `${SAMPLES}/mlflow-minimal.yaml`])
    await watch(api, 'mlflows', 'minimal').until('its volume is found', (found) => conditionIn(found, 'Storage') === 'True/ClaimReady' && found.status?.phase === 'Available', 90)
    t.equal(await claimUid('mlflow-pvc-minimal'), before)
    await patch('minimal', { storage: { size: '8Gi' } })
    await until('it has been asked to grow', async () => await kubectl(['get', 'pvc', 'mlflow-pvc-minimal', '-n', 'mlflow', '-o', 'jsonpath={.spec.resources.requests.storage}']) === '8Gi')
  })

  await t.test('a volume that is not to be retained goes with its object', async (t) => {
    await kubectl(['apply', '-f', '-'], { input: objectOf('scratch', '    storage: {size: 1Gi, retain: false}\n    backendStoreUri: sqlite:////mlflow/mlflow.db\n    artifactsDestination: file:///mlflow/artifacts') })
    await available('scratch')
    t.not(await claimUid('mlflow-pvc-scratch'), '')
    await kubectl(['delete', 'mlflow', 'scratch', '--timeout=60s'])
    await until('nothing is left', async () => (await ownersOf('scratch')).length === 0)
  })

  await t.test('objects that are deleted take all with them but volumes', async (t) => {
    await kubectl(['delete', 'mlflow', '--all', '--timeout=90s'])
    await until('only volumes are left', async () => (await Promise.all(NAMES.map(ownersOf))).flat().every((line) => line.startsWith('PersistentVolumeClaim ')))
    t.strictSame((await list('persistentvolumeclaims', '-n', 'mlflow')).map(({ metadata }) => metadata.name).toSorted(), ['mlflow-pvc', 'mlflow-pvc-local', 'mlflow-pvc-manual-tls', 'mlflow-pvc-minimal', 'mlflow-pvc-pinned'])
  })

  await t.test('all along, nobody was refused anything', async (t) => {
    t.strictSame(kubelets.troubles, [])
    await assertNothingForbidden(t, scene, CLAIM_MAKERS)
  })
}
