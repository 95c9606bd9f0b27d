// The chart of an MLflow server: the same objects as the hook asks for, and the same refusals as the API has.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { defined } from '../../hooks/core/plain-value.ts'
import { findHelm, type Rendered } from './chart/render.ts'
import { commandOf, ROOT } from './commands.ts'
import { chartObjects, comparable, comparableJob, hookObjects, hookOfHelm } from './mlflow-chart/compare.ts'
import { migrationJob, settledChildren } from './mlflow-chart/hook.ts'
import { MLFLOW_CHART, NAMESPACE, renderMlflow, renderMlflowNotes } from './mlflow-chart/render.ts'
import { messagesOfRules, NOT_FOR_CHARTS, REFUSALS } from './mlflow-chart/refusals.ts'
import { capabilities, ROWS } from './mlflow-chart/specs.ts'

const helm = findHelm(t)
if (helm !== undefined) {
  await t.test('what the API refuses the chart refuses, with the same words', async (t) => {
    for (const { says, values, release } of REFUSALS) {
      const refusal = await renderMlflow(helm, values, release).then(() => 'not refused', (error: Error) => error.message)
      t.ok(refusal.includes(says), says, { refusal })
    }
    const said = new Set([...REFUSALS.map((refusal) => refusal.says), ...NOT_FOR_CHARTS])
    t.strictSame(messagesOfRules().filter((message) => !said.has(message)), [], 'every rule of the API has a line above')
  })

  await t.test('chart and hook make the same objects, and migrate by the same Job', async (t) => {
    for (const { name, release = 'mlflow', spec: given, platform = {}, has = [], version } of ROWS) {
      const spec = defined(given)
      const wish = { name: release, namespace: NAMESPACE, spec, platform, has, ...(version !== undefined && { version }) }
      const children = settledChildren(wish) as Rendered[]
      // Else the Job only looks, by a script of the chart's own.
      const migration = { ...spec['migration'] as object, live: true }
      const objects = await renderMlflow(helm, { ...spec, migration, platform, ...capabilities(has) }, release)
      const [wanted, found] = [comparable(hookObjects(release, children)), comparable(chartObjects(objects))]
      t.strictSame(Object.keys(found), Object.keys(wanted), `${name}: which objects`)
      for (const [object, content] of Object.entries(wanted)) t.strictSame(found[object], content, `${name}: ${object}`)
      t.strictSame(comparableJob(hookOfHelm(objects)), comparableJob(migrationJob(wish) as Rendered), `${name}: the Job of a migration`)
    }
  })

  await t.test('helm finds nothing to mend', async (t) => {
    t.match(await commandOf(helm, {})(['lint', '--strict', MLFLOW_CHART]), /0 chart\(s\) failed/)
  })

  await t.test('what only the chart has: parts of the image, a name, labels, a stop', async (t) => {
    const DIGEST = `sha256:${'0'.repeat(64)}`
    const images: Array<[object, string]> = [
      [{}, 'ghcr.io/kubeflow/mlflow-integration:v2.1.0'],
      [{ image: { tag: 'v2.0.0' } }, 'ghcr.io/kubeflow/mlflow-integration:v2.0.0'],
      [{ image: { registry: 'localhost:5000' } }, 'localhost:5000/kubeflow/mlflow-integration:v2.1.0'],
      [{ image: { repository: 'team/mlflow', tag: 'a', digest: DIGEST } }, `ghcr.io/team/mlflow@${DIGEST}`],
      [{ image: { image: 'mine' } }, 'mine'],
      [{ image: { tag: 'b' }, platform: { image: `mlflow:a@${DIGEST}` } }, 'mlflow:b'],
      [{ image: { registry: 'r.io' }, platform: { image: `mlflow@${DIGEST}` } }, `r.io/mlflow@${DIGEST}`],
      [{ platform: { mode: 'rhoai' } }, 'quay.io/opendatahub/mlflow:odh-stable']
    ]
    for (const [values, image] of images) t.equal(deploymentOf(await renderMlflow(helm, values))?.spec.template.spec.containers[0]?.image, image, JSON.stringify(values))
    const named = await renderMlflow(helm, { nameOverride: 'dev', commonLabels: { team: 'ml' }, stopped: true, garbageCollection: { schedule: '@daily' } })
    for (const { metadata } of chartObjects(named)) t.match([metadata.name, metadata.labels], [/^mlflow(-[a-z]+)*-dev(-migration)?$/, { team: 'ml' }])
    t.equal(deploymentOf(named)?.spec.replicas, 0)
    t.match(named.find(({ kind }) => kind === 'CronJob'), { spec: { suspend: true } })
    t.equal(hookOfHelm(await renderMlflow(helm, { migration: { enabled: false } })), undefined)
  })

  await t.test('what is said after an installation', async (t) => {
    const plain = await renderMlflowNotes(helm)
    for (const line of [/https:\/\/mlflow\.opendatahub\.svc:8443\/mlflow\n/, /port-forward service\/mlflow 8443:8443/, /curl --insecure https:\/\/localhost:8443\/mlflow\/health/, /MLFLOW_WORKSPACE=default/, /create secret tls mlflow-tls/, /SQLite file/, /mlflow-pvc stays/, /nothing leads to it/]) t.match(plain, line)
    const open = await renderMlflowNotes(helm, { tls: { mode: 'Off' }, auth: { mode: 'None' }, stopped: true, ingress: { mode: 'Ingress', host: 'mlflow.example.com' } })
    for (const line of [/curl http:\/\/localhost:8443/, /everybody|whoever reaches the server/, /travel as they are/, /stopped is true/, /From outside it is http:\/\/mlflow\.example\.com\/mlflow\n/]) t.match(open, line)
    const careful = await renderMlflowNotes(helm, { ...ROWS[0]?.spec, platform: { openshift: true } })
    t.notMatch(careful, /Please note/)
  })

  await t.test('what is looked at before an upgrade, and what it means', async (t) => {
    const store = (before: string | null, head = 'new') => ({ store: 'backend', dialect: 'sqlite', before, after: before, head })
    const rows: Array<[string, { told: object, exit?: number }, number, RegExp]> = [
      ['databases that are where the image wants them', { told: { version: '3.17.0', stores: [store('new')] } }, 0, /"version"/],
      ['a database without tables, which the server makes', { told: { version: '3.17.0', stores: [store(null)] } }, 0, /"version"/],
      ['one of two that must be migrated', { told: { version: '3.17.0', stores: [store('new'), { ...store('old'), store: 'registry' }] } }, 16, /MLflow 3\.17\.0 \(registry old -> new\).*stopped=true/],
      ['a look that fails', { told: { reason: 'UnknownRevision', message: 'no' }, exit: 10 }, 10, /UnknownRevision/]
    ]
    for (const [name, { told, exit = 0 }, code, message] of rows) {
      const folder = mkdtempSync(join(tmpdir(), 'look-'))
      const script = readFileSync(join(ROOT, MLFLOW_CHART, 'scripts/look-before-upgrade.sh'), 'utf8').replaceAll('/tmp/told.json', join(folder, 'told.json'))
      const env = { PATH: process.env['PATH'] ?? '', TERMINATION_LOG: join(folder, 'log'), TOLD: JSON.stringify(told), MIGRATION_LAUNCHER: `echo "$TOLD" > "$TERMINATION_LOG"; exit ${exit}` }
      t.equal(spawnSync('/bin/sh', ['-ec', script], { env }).status, code, name)
      t.match(readFileSync(join(folder, 'log'), 'utf8'), message, name)
      rmSync(folder, { recursive: true })
    }
  })
}

type Deployment = { spec: { replicas?: number, template: { spec: { containers: Array<{ image: string }> } } } }

function deploymentOf (objects: Rendered[]): Deployment | undefined {
  return objects.find(({ kind }) => kind === 'Deployment') as unknown as Deployment | undefined
}
