// The plain manifests: what is written by hand fits what is generated.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'

const root = path.join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

type Named = { kind: string, metadata: { name: string, namespace: string }, spec: Record<string, unknown> }
const objects = parseAllDocuments(read('manifests/base/hooks.yaml')).map((document) => document.toJSON() as Named)
const find = (kind: string) => objects.find((object) => object.kind === kind) as Named

t.test('Metacontroller calls the Service that there is', async (t) => {
  const { metadata: { name, namespace }, spec } = find('Service')
  const [port] = spec.ports as [{ port: number }]
  const { spec: { hooks } } = parse(read('metacontroller/mlflowmodels.yaml')) as { spec: { hooks: { sync: { webhook: { url: string } } } } }
  const url = new URL(hooks.sync.webhook.url)
  t.strictSame([url.hostname, Number(url.port)], [`${name}.${namespace}.svc`, port.port])
})

t.test('Service, disruption budget and Deployment select the same pods', async (t) => {
  const labels = { 'app.kubernetes.io/name': 'sluice-hooks' }
  t.match(find('Deployment'), { spec: { selector: { matchLabels: labels }, template: { metadata: { labels } } } })
  t.match(find('Service'), { spec: { selector: labels } })
  t.match(find('PodDisruptionBudget'), { spec: { selector: { matchLabels: labels } } })
})

t.test('the hooks have time to leave', async (t) => {
  t.ok(Number((find('Deployment').spec.template as { spec: { terminationGracePeriodSeconds: number } }).spec.terminationGracePeriodSeconds) > 5 + 15 + 10)
})
