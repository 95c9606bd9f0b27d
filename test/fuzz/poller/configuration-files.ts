// Files that people write: the poller's configuration and kubeconfig. A mistake is told with its place; nothing else is ever thrown.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { SettingsError } from '../../../hooks/core/environment.ts'
import { PrometheusConfig } from '../../../poller/analysis/config.ts'
import { readKubeconfig } from '../../../poller/cluster/kubeconfig.ts'
import { RegistryConfig } from '../../../poller/registry/config.ts'
import { readSettings } from '../../../poller/settings.ts'
import { valuesOf } from '../inputs/from-schema.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'

const ConfigFile = Type.Object({ registries: Type.Record(Type.String(), RegistryConfig), prometheus: Type.Record(Type.String(), PrometheusConfig) })

const text = Type.Optional(Type.String())
const named = (key: string, value: ReturnType<typeof Type.Object>) => Type.Optional(Type.Array(Type.Object({ name: Type.Union([Type.Literal('a'), Type.Literal('b')]), [key]: value }), { minItems: 1 }))
const Kubeconfig = Type.Object({
  'current-context': Type.Union([Type.Literal('a'), Type.Literal('b'), Type.Literal('')]),
  clusters: named('cluster', Type.Object({ server: Type.Union([Type.Literal('https://a:6443/'), Type.String()]), 'certificate-authority-data': text, 'proxy-url': text })),
  contexts: named('context', Type.Object({ cluster: Type.Union([Type.Literal('a'), Type.Literal('b')]), user: Type.Union([Type.Literal('a'), Type.Literal('b')]), namespace: text })),
  users: named('user', Type.Object({ token: text, username: text, as: text, exec: Type.Optional(Type.Object({ command: Type.String(), apiVersion: Type.String() })) }))
})

const SPOILT = ['', '\u0000', '[', '{', '- a: [', '&a [*a, *a]', 'a: &a {b: *a}', '!!js/function x', '? ', '---\n---\n', '\t', 'registries: {default: {url: "http://user:hunter2@a"}}', '__proto__: {registries: 1}', 'registries: {__proto__: {}}', 'registries: {constructor: {}}', `${'[ '.repeat(5000)}`, `registries: {default: {minInterval: ${'1s'.repeat(50_000)}}}`]

const yaml = (schema: Parameters<typeof valuesOf>[0]) => fc.oneof(
  { weight: 6, arbitrary: valuesOf(schema, { wild: 20 }).map((value) => stringify(value)) },
  { weight: 1, arbitrary: fc.tuple(valuesOf(schema, { wild: 20 }), fc.nat({ max: 300 })).map(([value, at]) => stringify(value).slice(0, at)) },
  { weight: 2, arbitrary: fc.constantFrom(...SPOILT) }
)

export const configurationFiles: Target = {
  name: 'configuration-files',
  what: 'configuration and kubeconfig files with mistakes, cut and hostile: told in words, by the type of a mistake',
  share: 3_000,
  quick: 0,
  async open (tally) {
    const folder = mkdtempSync(path.join(tmpdir(), 'sluice-fuzz-'))
    const file = path.join(folder, 'file.yaml')
    const property = fc.asyncProperty(yaml(ConfigFile), yaml(Kubeconfig), async (config, kubeconfig) => {
      writeFileSync(file, config)
      tally.count(await outcomeOf('configuration', () => readSettings({ SLUICE_CONFIG: file, KUBECONFIG: file })))
      writeFileSync(file, kubeconfig)
      tally.count(await outcomeOf('kubeconfig', async () => await readKubeconfig(file, { environment: {}, monotonic: () => 0 })))
      demand(!('registries' in {}), () => 'Object.prototype was changed')
    })
    return session(property, async () => rmSync(folder, { recursive: true }))
  }
}

/** What a person may be told of: the error of settings, or a plain error with a sentence; nothing that the language itself throws. */
async function outcomeOf (what: string, read: () => unknown): Promise<string> {
  try {
    await read()
    return `${what} read`
  } catch (error) {
    const typed = error instanceof SettingsError || (error instanceof Error && error.constructor === Error)
    demand(typed, () => `${what}: an error of no type: ${error instanceof Error ? error.stack : String(error)}`)
    demand(!(error as Error).message.includes('hunter2'), () => `${what}: a credential is told`)
    return `${what} refused`
  }
}
