// The chart of an MLflow server: the same objects as the hook asks for, the same refusals as the API has, and an installation that keeps to its namespace.
import t from 'tap'
import { defined } from '../../hooks/core/plain-value.ts'
import { findHelm, type Rendered } from './chart/render.ts'
import { chartObjects, comparable, hookObjects } from './mlflow-chart/compare.ts'
import { settledChildren } from './mlflow-chart/hook.ts'
import { NAMESPACE, renderMlflow } from './mlflow-chart/render.ts'
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
}
