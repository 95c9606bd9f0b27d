// The house rules are enforced: a violation of each is refused, with the reason.
import { ESLint } from 'eslint'
import t from 'tap'

const eslint = new ESLint()

/** The messages of our own rules on this text, as if it stood in this file. */
async function complaints (filePath: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath })
  return (result?.messages ?? []).map(({ message }) => message)
}

const SYNC = 'hooks/mlflow-model/sync.ts'

const refused: Array<{ name: string, file: string, code: string, because: RegExp }> = [
  { name: 'core reads no file', file: 'hooks/core/pod.ts', code: "import { readFileSync } from 'node:fs'\nexport const text = readFileSync('x')\n", because: /must not import node:fs: hooks\/core is pure/ },
  { name: 'core hashes in names.ts only', file: 'hooks/core/pod.ts', code: "import { createHash } from 'node:crypto'\nexport const hash = createHash('sha256')\n", because: /must not import node:crypto/ },
  { name: 'names.ts uses no other module of Node', file: 'hooks/core/names.ts', code: "import os from 'node:os'\nexport const host = os.hostname()\n", because: /hashing only/ },
  { name: 'core knows no kind', file: 'hooks/core/pod.ts', code: "import type { Spec } from '../mlflow-model/schema.ts'\nexport type A = Spec\n", because: /at the bottom/ },
  { name: 'core knows no backend', file: 'hooks/core/pod.ts', code: "export { seldon } from '../serving/seldon.ts'\n", because: /at the bottom/ },
  { name: 'serving knows no kind', file: 'hooks/serving/seldon.ts', code: "import { Spec } from '../mlflow-model/schema.ts'\nexport const a = Spec\n", because: /knows no kind/ },
  { name: 'a kind imports no other kind', file: SYNC, code: "import { Spec } from '../ml-model/schema.ts'\nexport const a = Spec\n", because: /never imports another kind/ },
  { name: 'nor from a folder below, nor its types', file: 'hooks/mlflow-model/resources/secret.ts', code: "import type { Spec } from '../../ml-model/schema.ts'\nexport type A = Spec\n", because: /never imports another kind/ },
  { name: 'a kind does not log', file: SYNC, code: "import { pino } from 'pino'\nexport const log = pino()\n", because: /must not import pino: .*nothing but the request/ },
  { name: 'a kind does not serve', file: SYNC, code: "import { fastify } from 'fastify'\nexport const app = fastify()\n", because: /must not import fastify/ },
  { name: 'a kind calls nobody', file: SYNC, code: "import { request } from 'undici'\nexport const get = request\n", because: /must not import undici/ },
  { name: 'a kind does not know the poller', file: SYNC, code: "export * from '../../poller/loop.ts'\n", because: /must not import/ },
  { name: 'the process of the hooks does not know the poller', file: 'hooks/main.ts', code: "import { loop } from '../poller/loop.ts'\nexport const a = loop\n", because: /without poller, playground and tests/ },
  { name: 'nor the tests', file: 'hooks/app.ts', code: "export const kinds = import('../test/fixtures/kinds/greeting.ts')\n", because: /without poller, playground and tests/ },
  { name: 'the poller decides nothing', file: 'poller/loop.ts', code: "import { sync } from '../hooks/mlflow-model/sync.ts'\nexport const a = sync\n", because: /reports and never decides/ },
  { name: 'the playground is no test', file: 'playground/main.ts', code: "export * from '../test/fixtures/kinds/greeting.ts'\n", because: /tests are not/ },
  { name: 'no environment', file: SYNC, code: 'export const a = process.env.HOME\n', because: /touches nothing outside/ },
  { name: 'no fetch', file: SYNC, code: "export const a = fetch('http://x')\n", because: /touches nothing outside/ },
  { name: 'no console', file: SYNC, code: "export const a = () => console.log('x')\n", because: /touches nothing outside/ },
  { name: 'no way around by globalThis', file: SYNC, code: 'export const a = globalThis.fetch\n', because: /touches nothing outside/ },
  { name: 'no Date.now', file: 'hooks/serving/seldon.ts', code: 'export const a = Date.now()\n', because: /reads no clock.*newestInstant/ },
  { name: 'no new Date() of now', file: SYNC, code: 'export const a = new Date()\n', because: /reads no clock/ },
  { name: 'no Date() of now', file: SYNC, code: 'export const a = Date()\n', because: /reads no clock/ },
  { name: 'no timer', file: SYNC, code: 'export const a = () => setTimeout(a, 1)\n', because: /reads no clock/ },
  { name: 'no interval', file: SYNC, code: 'export const a = () => setInterval(a, 1)\n', because: /reads no clock/ },
  { name: 'no dice', file: SYNC, code: 'export const a = Math.random()\n', because: /throws no dice/ },
  { name: 'no random UUID', file: SYNC, code: 'export const a = crypto.randomUUID()\n', because: /throws no dice/ },
  { name: 'no locale', file: SYNC, code: "export const a = ['b'].sort((x, y) => x.localeCompare(y))\n", because: /locale of the machine/ },
  { name: 'no async function', file: SYNC, code: 'export async function sync () {}\n', because: /waits for nothing/ },
  { name: 'no async arrow', file: SYNC, code: 'export const sync = async () => {}\n', because: /waits for nothing/ },
  { name: 'no Promise', file: SYNC, code: 'export const a = Promise.resolve(1)\n', because: /waits for nothing/ },
  { name: 'no default export', file: 'poller/loop.ts', code: 'export default 1\n', because: /no default export/ },
  { name: 'nor in pure code', file: SYNC, code: 'export default 1\n', because: /no default export/ },
  { name: 'file names are kebab-case', file: 'poller/pollLoop.ts', code: 'export const a = 1\n', because: /kebab-case/ },
  { name: 'file names say something', file: 'poller/utils.ts', code: 'export const a = 1\n', because: /says nothing/ },
  { name: 'functions are declared', file: 'poller/loop.ts', code: 'export const a = function () {}\n', because: /function declaration/ },
  { name: 'four parameters at most', file: 'poller/loop.ts', code: 'export function f (a, b, c, d, e) { return [a, b, c, d, e] }\n', because: /too many parameters/ },
  { name: 'three levels at most', file: 'poller/loop.ts', code: 'export function f (a) {\n  if (a) {\n    if (a) {\n      if (a) {\n        if (a) a()\n      }\n    }\n  }\n}\n', because: /nested too deeply/ },
  { name: 'ten branches at most', file: 'poller/loop.ts', code: `export function f (a) {\n${'  if (a) a()\n'.repeat(11)}}\n`, because: /complexity/ },
  { name: '300 lines at most', file: 'poller/loop.ts', code: `${'// why\n'.repeat(300)}export const a = 1\n`, because: /too many lines/ },
  { name: '60 lines a function at most', file: 'poller/loop.ts', code: `export function f (a) {\n${'  a()\n'.repeat(60)}}\n`, because: /too many lines/ },
  { name: 'only settings.ts reads the environment', file: 'poller/loop.ts', code: 'export const a = process.env.HOME\n', because: /process\.env/ },
  { name: 'no semicolons', file: 'poller/loop.ts', code: 'export const a = 1;\n', because: /semicolon/ }
]

t.test('refused', async (t) => {
  for (const { name, file, code, because } of refused) {
    const messages = await complaints(file, code)
    t.ok(messages.some((message) => because.test(message)), name, { messages })
  }
})

const admitted: Array<{ name: string, file: string, code: string }> = [
  { name: 'a kind imports its own files, serving and core', file: 'hooks/mlflow-model/resources/secret.ts', code: "import { a } from '../schema.ts'\nimport { b } from '../../serving/seldon.ts'\nimport { c } from '../../core/names.ts'\nexport const d = [a, b, c]\n" },
  { name: 'pure packages', file: SYNC, code: "import { Type } from '@sinclair/typebox'\nimport { Value } from '@sinclair/typebox/value'\nexport const a = [Type, Value]\n" },
  { name: 'types of any package', file: 'hooks/serving/deployment.ts', code: "import type { Deployment } from 'kubernetes-types/apps/v1.d.ts'\nexport type A = Deployment\n" },
  { name: 'hashing in names.ts', file: 'hooks/core/names.ts', code: "import { createHash } from 'node:crypto'\nexport const hash = createHash('sha256')\n" },
  { name: 'an instant from data', file: SYNC, code: 'export const a = (ms: number) => new Date(ms)\n' },
  { name: 'the poller reads schemas', file: 'poller/registry/observer.ts', code: "import type { Spec } from '../../hooks/mlflow-model/schema.ts'\nimport { STAGES } from '../../hooks/mlflow-model/schema/status.ts'\nimport { parseFacts } from '../../hooks/core/facts.ts'\nexport type A = Spec\nexport const a = [STAGES, parseFacts]\n" },
  { name: 'settings.ts reads the environment', file: 'hooks/settings.ts', code: 'export const a = process.env.HOME\n' },
  { name: 'the process reads the clock', file: 'hooks/app.ts', code: 'export const a = Date.now()\n' },
  { name: 'a schema and its type share a name', file: SYNC, code: "import { Type, type Static } from '@sinclair/typebox'\nexport const A = Type.String()\nexport type A = Static<typeof A>\n" },
  { name: 'tools have default exports', file: 'eslint.config.js', code: 'export default []\n' }
]

t.test('admitted', async (t) => {
  for (const { name, file, code } of admitted) t.strictSame(await complaints(file, code), [], name)
})
