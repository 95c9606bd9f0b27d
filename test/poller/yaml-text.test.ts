// Files with credentials that are no YAML: what is said of them.
import t from 'tap'
import { writeFileSync } from 'node:fs'
import { connect } from '../../poller/cluster/connect.ts'
import { readSettings } from '../../poller/settings.ts'
import { parseYamlText } from '../../poller/yaml-text.ts'
import { rejection } from '../helpers/poller-cluster.ts'

t.test('YAML is read', async (t) => {
  t.strictSame(parseYamlText('a: &x [1, "*b"]\nc: *x\n'), { a: [1, '*b'], c: [1, '*b'] })
  t.equal(parseYamlText(''), null)
})

const rows = [
  { name: 'a colon too many', text: 'a:\n  token: x: hush\n', want: 'it is not valid YAML at line 2, column 10 (BLOCK_AS_IMPLICIT_KEY); look at indentation there, and quote values with special characters' },
  { name: 'a password that begins with *', text: 'password: *hush', want: 'it is not valid YAML: a value that begins with * is no text but an alias; quote it' },
  { name: 'a password that begins with !, of which the empty text would be made', text: 'password: !hush', want: /^it is not valid YAML at line 1, column 11 \(TAG_RESOLVE_FAILED\)/ },
  { name: 'a password that begins with @', text: 'password: @hush', want: /^it is not valid YAML at line 1, column 11 \(BAD_SCALAR_START\)/ },
  { name: 'an escape that is none', text: 'password: "\\hush"', want: /^it is not valid YAML at line 1, column 12 \(BAD_DQ_ESCAPE\)/ },
  { name: 'a list that does not end', text: 'password: [hush', want: /^it is not valid YAML at line 1, column 16 \(BAD_INDENT\)/ }
]

for (const { name, text, want } of rows) {
  t.test(`${name} is told by its place, and not quoted, whoever reads it`, async (t) => {
    t.throws(() => parseYamlText(text), { message: want })
    const folder = t.testdir({ file: text, good: '{}' })
    const messages = [
      await rejection(connect({ kubeconfig: `${folder}/file`, environment: {}, monotonic: () => 0 })),
      await rejection((async () => readSettings({ SLUICE_CONFIG: `${folder}/file` }))())
    ].map((error) => (error as Error).message)
    for (const message of messages) {
      t.match(message, /file.*it is not valid YAML/)
      t.notMatch(message, /hush/)
    }
  })
}

t.test('nothing is said of it by itself', async (t) => {
  const warnings: unknown[] = []
  const listen = (warning: unknown) => { warnings.push(warning) }
  process.on('warning', listen)
  t.teardown(() => { process.off('warning', listen) })
  const file = `${t.testdir({})}/file`
  writeFileSync(file, '? [hush]\n: 1\n')
  t.throws(() => readSettings({ SLUICE_CONFIG: file }))
  await new Promise(setImmediate)
  t.strictSame(warnings, [])
})
