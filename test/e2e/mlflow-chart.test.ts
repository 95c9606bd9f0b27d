// The chart of an MLflow server: the same objects as the hook asks for, and the same refusals as the API has.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { defined } from '../../hooks/core/plain-value.ts'
import { findHelm, type Rendered } from './chart/render.ts'
import { ROOT } from './commands.ts'
import { chartObjects, comparable, hookObjects } from './mlflow-chart/compare.ts'
import { settledChildren } from './mlflow-chart/hook.ts'
import { MLFLOW_CHART, NAMESPACE, renderMlflow } from './mlflow-chart/render.ts'
import { messagesOfRules, NOT_FOR_CHARTS, REFUSALS } from './mlflow-chart/refusals.ts'
import { ROWS } from './mlflow-chart/specs.ts'

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

  await t.test('chart and hook make the same objects', async (t) => {
    for (const { name, release = 'mlflow', spec: given, platform = {}, has = [], version } of ROWS) {
      const spec = defined(given)
      const children = settledChildren({ name: release, namespace: NAMESPACE, spec, platform, has, ...(version !== undefined && { version }) }) as Rendered[]
      const values = { ...spec, platform, ...Object.fromEntries(has.map((capability) => [capability, { enabled: true }])) }
      const wanted = comparable(hookObjects(release, children))
      const found = comparable(chartObjects(await renderMlflow(helm, values, release)))
      t.strictSame(Object.keys(found), Object.keys(wanted), `${name}: which objects`)
      for (const [object, content] of Object.entries(wanted)) t.strictSame(found[object], content, `${name}: ${object}`)
    }
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
