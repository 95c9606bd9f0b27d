// Who may write facts, and what becomes of those that somebody else has written: the admission policy of the chart on a real API server, and hooks that
// know the registry entries where there is no policy. MLflow is not there: what it would say does not matter here.
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { FACTS } from '../../hooks/core/labels.ts'
import { freePort } from '../../playground/system/processes.ts'
import { CAST_SENTENCE } from './cast.ts'
import { renderNotes } from './chart/render.ts'
import { CHART, installChart, RELEASE } from './release.ts'
import { describeHooks, startSluice } from './sluice-programs.ts'
import { openStage } from './stage.ts'
import { until } from './until.ts'

interface Condition { type: string, status: string, reason: string, message: string }
interface Model { metadata: { annotations?: Record<string, string> }, status?: { conditions?: Condition[], nextDeadline?: string } }
interface Deployment { spec: { predictors: Array<{ graph: { modelUri: string } }> } }

const POLLER = `system:serviceaccount:${RELEASE.namespace}:sluice`
const METACONTROLLER = 'system:serviceaccount:metacontroller:metacontroller'
const ANN = ['--as', 'ann']
const MODEL = ['mlflowmodel', 'bank-churn', '-n', 'models']

/** The smallest sample, looked at often: that there is no MLflow is told after two looks. */
const sample = parse(await readFile('manifests/samples/mlflow-model.yaml', 'utf8')) as { spec: object }
const SAMPLE = { input: JSON.stringify({ ...sample, spec: { ...sample.spec, monitoringInterval: 5 } }) }

const REFUSED = /only the poller of Sluice writes this\. Take it out of what you apply; the poller writes it anew where it is missing/

/** A fact in the poller's name: this version lies there. */
const forged = (version: string, uri: string): string => JSON.stringify({
  server: 'default', workspace: '', model: 'bank-churn', alias: 'champion', state: 'Found', version, createdAt: '2026-01-01T00:00:00.000Z', uri, observedAt: '2026-01-01T00:00:00Z'
})

t.comment(CAST_SENTENCE)
const stage = await openStage(t)
if (stage) {
  const { programs, atEnd, plane: { api, kubectl } } = stage
  const registries = { default: { url: `http://127.0.0.1:${await freePort()}`, minInterval: '1s', artifactRoots: ['s3://models'] } }
  const release = await installChart(stage, CHART, { registries, prometheus: {} })
  const sluice = await startSluice(stage, release)
  await kubectl(['create', 'namespace', 'models'])
  await kubectl(['create', 'rolebinding', 'ann', '--clusterrole=edit', '--user=ann', '-n', 'models'])

  const path = '/apis/sluice.dev/v1alpha1/namespaces/models/mlflowmodels/bank-churn'
  const read = async (): Promise<Model | undefined> => await api.get<Model>(path)
  const factOf = async (key: string): Promise<string | undefined> => (await read())?.metadata.annotations?.[key]
  const registryFound = async (): Promise<Condition | undefined> => (await read())?.status?.conditions?.find(({ type }) => type === 'RegistryFound')
  const annotate = (who: string[], ...texts: string[]) => kubectl(['annotate', ...MODEL, '--overwrite', ...who, ...texts])
  const patchAs = async (user: string, body: object): Promise<number> =>
    (await api.fetch(path, { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json', 'impersonate-user': user }, body: JSON.stringify(body) })).status
  const served = async (): Promise<string[] | undefined> => {
    const found = await api.get<Deployment>('/apis/machinelearning.seldon.io/v1/namespaces/models/seldondeployments/bank-churn')
    return found?.spec.predictors.map(({ graph }) => graph.modelUri)
  }

  await t.test('where the policy is, an editor creates objects, and the writes of poller and control loop pass', async () => {
    await until('the role edit has our kinds', async () => await kubectl(['auth', 'can-i', 'create', 'mlflowmodels.sluice.dev', '-n', 'models', ...ANN, '--quiet']).then(() => true, () => false))
    await kubectl(['apply', '-f', '-', ...ANN], SAMPLE)
    await until('the poller has written what it knows', async () => (await factOf(FACTS.registry) ?? '').includes('Unreachable'))
    await until('the control loop has written status', async () => (await registryFound())?.reason === 'RegistryUnreachable')
  })

  await t.test('facts are refused of everybody else, however they are written, and the refusal says what to do', async (t) => {
    for (const key of Object.values(FACTS)) {
      for (const who of [ANN, ['--as', METACONTROLLER], []]) await t.rejects(annotate(who, `${key}=forged`), REFUSED, `${key} by ${who[1] ?? 'an administrator'}`)
      await t.rejects(annotate(ANN, `${key}=`), REFUSED, `${key}, empty`)
    }
    const patch = (type: string, body: unknown) => kubectl(['patch', ...MODEL, ...ANN, `--type=${type}`, '-p', JSON.stringify(body)])
    await t.rejects(patch('json', [{ op: 'add', path: '/metadata/annotations/sluice.dev~1clock', value: '9999-12-31T23:59:59Z' }]), /sluice\.dev\/clock: only the poller/)
    await t.rejects(patch('merge', { metadata: { annotations: { [FACTS.registry]: forged('9', 's3://models/9'), [FACTS.analysis]: 'x' } }, spec: { monitoringInterval: 61 } }), /sluice\.dev\/registry, sluice\.dev\/analysis: only the poller/)
    const copy = JSON.parse(await kubectl(['get', ...MODEL, '-o', 'json'])) as { metadata: { name: string } }
    copy.metadata = { ...copy.metadata, name: 'copied', uid: undefined, resourceVersion: undefined } as never
    await t.rejects(kubectl(['create', '-f', '-', ...ANN], { input: JSON.stringify(copy) }), REFUSED, 'an object that is restored with its facts')
    const applied = { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel', metadata: { name: 'bank-churn', namespace: 'models', annotations: { [FACTS.registry]: forged('9', 's3://models/9') } } }
    await t.rejects(kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-', ...ANN], { input: JSON.stringify(applied) }), REFUSED)
    await t.rejects(kubectl(['patch', ...MODEL, ...ANN, '--subresource=status', '--type=merge', '-p', '{"status":{"phase":"Healthy"}}']), /cannot get resource "mlflowmodels\/status"/, 'status is not for editors')
  })

  await t.test('all else of an object is as free as before: commands, spec, labels, and facts that are taken away come again', async (t) => {
    await t.resolves(annotate(ANN, 'sluice.dev/promote=v9-000000-1', 'sluice.dev/abort=v9-000000-1', 'sluice.dev/retry=v9-000000-1', 'note=mine'))
    await t.resolves(kubectl(['patch', ...MODEL, ...ANN, '--type=merge', '-p', '{"spec":{"monitoringInterval":6},"metadata":{"labels":{"team":"ml"}}}']))
    await t.resolves(kubectl(['replace', '-f', '-', ...ANN], SAMPLE), 'an object is replaced by one without facts')
    await until('the poller has written its fact anew', async () => (await factOf(FACTS.registry) ?? '').includes('Unreachable'))
    t.equal(await patchAs(POLLER, { metadata: { annotations: { [FACTS.clock]: '2026-01-01T00:00:00Z' } } }), 200, 'the poller may, whoever else may not')
    await t.resolves(annotate(ANN, `${FACTS.clock}-`))
  })

  await t.test('hooks answer nobody without the token, and nothing comes of it', async (t) => {
    const url = `${sluice.hooks.url}/mlflowmodels/sync`
    const body = JSON.stringify({ controller: {}, parent: await read(), children: {} })
    const call = async (headers: Record<string, string>) => (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })).status
    t.strictSame([await call({}), await call({ authorization: 'Bearer forged' })], [401, 401])
    t.equal(await call({ authorization: `Bearer ${(await readFile(release.tokenFile, 'utf8')).trim()}` }), 200)
  })

  await t.test('without the policy, hooks that know the entries act upon no fact that goes beyond them, and status says why', async (t) => {
    await release.upgrade(CHART, { admissionPolicy: { enabled: false } })
    await sluice.poller.stop()
    await sluice.hooks.stop()
    const [, text = ''] = /REGISTRIES='(.*?)'/.exec(await renderNotes(programs.helm, { hooks: { url: 'http://h', v: '1' }, poller: { config: { registries } } })) ?? []
    const hooks = describeHooks(stage, release, { REGISTRIES: text })
    atEnd(() => hooks.stop())
    await hooks.start()
    await until('the policy is gone', async () => await annotate(ANN, `${FACTS.registry}=${forged('8', 's3://evil/8')}`).then(() => true, () => false))

    await until('the forged version is refused', async () => (await registryFound())?.reason === 'UriNotAllowed')
    t.match(await registryFound(), { status: 'False', message: /s3:\/\/evil\/8 lies outside of what the registry entry allows; .*registries\.default\.artifactRoots/ })
    t.equal(await served(), undefined, 'nothing is deployed')

    await annotate(ANN, `${FACTS.registry}=${forged('7', 's3://models/7')}`)
    await until('a version of the entry is deployed: that is what an editor can do', async () => (await served())?.[0] === 's3://models/7')
    for (const uri of ['s3://evil/8', 's3://models/../evil/8', 's3://models@evil/8', 'https://evil/s3://models/8']) {
      await annotate(ANN, `${FACTS.registry}=${forged('8', uri)}`)
      await until(`${uri} is refused`, async () => (await registryFound())?.reason === 'UriNotAllowed')
      t.strictSame(await served(), ['s3://models/7'], `${uri} changes nothing`)
      await annotate(ANN, `${FACTS.registry}=${forged('7', 's3://models/7')}`)
      await until('the fact is believed again', async () => (await registryFound())?.reason === 'Found')
    }
    await annotate(ANN, `${FACTS.clock}=9999-12-31T23:59:59Z`, `${FACTS.registry}=${forged('7', 's3://models/7').replace(/"observedAt":"[^"]*"/, '"observedAt":"9999-12-31T23:59:59Z"')}`)
    await until('a fact from the future is none', async () => (await registryFound())?.reason === 'NotYetObserved')
    t.notMatch(JSON.stringify((await read())?.status), /9999/, 'and its time is nowhere')
    t.strictSame(await served(), ['s3://models/7'])
  })
}
