import { readFileSync } from 'node:fs'
import t from 'tap'
import { PrometheusConfig } from '../../poller/analysis/config.ts'
import { createMetrics } from '../../poller/metrics.ts'
import { MlflowServersConfig } from '../../poller/mlflow/config.ts'
import { RegistryConfig } from '../../poller/registry/config.ts'
import { Environment } from '../../poller/settings.ts'

const root = new URL('../../poller/', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')

t.test('every variable is described', (t) => {
  for (const name of Object.keys(Environment.properties)) t.ok(readme.includes(`\`${name}\``), name)
  t.end()
})

t.test('every field of the configuration file is described', (t) => {
  const yaml = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? ''
  for (const field of [...Object.keys(RegistryConfig.properties), ...Object.keys(PrometheusConfig.properties), ...Object.keys(MlflowServersConfig.properties)]) t.match(yaml, new RegExp(`\\b${field}\\b`), field)
  t.end()
})

t.test('every metric is described, and none that is not there', async (t) => {
  const text = await createMetrics({ monotonic: () => 0, objects: () => ({}), processMetrics: false }).render()
  const registered = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  const described = [...readme.matchAll(/`((?:sluice|model|mlflow)_\w+)`/g)].map(([, name]) => name)
  t.same([...new Set(described)].sort(), registered.sort())
})

t.test('every reason of an Event is described', (t) => {
  const sources = ['events.ts', 'event-notes.ts', 'registry-events.ts', 'served/ml-model.ts', 'served/model-deployment.ts', 'served/mlflow.ts', 'mlflow/forbidden.ts'].map((file) => readFileSync(new URL(file, root), 'utf8')).join('\n')
  const reasons = [...sources.matchAll(/reason: '(\w+)',|make\(fact, '(\w+)'/g)].map((match) => match[1] ?? match[2] ?? '')
  t.ok(reasons.length > 10)
  for (const reason of new Set(reasons)) t.ok(readme.includes(`\`${reason}\``), reason)
  t.end()
})
