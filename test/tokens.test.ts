// Bearer tokens: who passes, and what happens when the file changes.
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { createTokenCheck } from '../hooks/tokens.ts'

/** Replaces the file as Kubernetes does: another file of the same name, in one step. */
function replace (file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

t.test('every token of the file passes, and nothing else', async (t) => {
  const file = path.join(t.testdir({ tokens: 'first-token\n\n  second-token  \r\n' }), 'tokens')
  const check = createTokenCheck(file, t.error)
  for (const header of ['Bearer first-token', 'Bearer second-token', 'bearer first-token', 'Bearer   first-token']) t.equal(check(header), true, header)
  for (const header of [undefined, '', 'Bearer', 'Bearer ', 'first-token', 'Basic first-token', 'Bearer first-toke', 'Bearer first-token2', 'Bearer first-token second-token', 'Bearer first-token\n']) {
    t.equal(check(header), false, JSON.stringify(header))
  }
})

t.test('a token is rotated without a gap', async (t) => {
  const file = path.join(t.testdir({ tokens: 'old' }), 'tokens')
  const check = createTokenCheck(file, t.error)
  replace(file, 'old\nnew')
  t.strictSame([check('Bearer old'), check('Bearer new')], [true, true])
  replace(file, 'new')
  t.strictSame([check('Bearer old'), check('Bearer new')], [false, true])
})

t.test('a mounted Secret changes by way of symbolic links', async (t) => {
  const folder = t.testdir({ one: { tokens: 'old' }, two: { tokens: 'new' }, data: t.fixture('symlink', 'one'), tokens: t.fixture('symlink', 'data/tokens') })
  const check = createTokenCheck(path.join(folder, 'tokens'), t.error)
  t.equal(check('Bearer old'), true)
  symlinkSync('two', path.join(folder, 'data.new'))
  renameSync(path.join(folder, 'data.new'), path.join(folder, 'data'))
  t.strictSame([check('Bearer old'), check('Bearer new')], [false, true])
})

t.test('a file that is emptied or gone leaves the last tokens in force, and is told of once', async (t) => {
  const file = path.join(t.testdir({ tokens: 'old' }), 'tokens')
  const problems: string[] = []
  const check = createTokenCheck(file, ({ message }) => problems.push(message))
  replace(file, '\n')
  t.strictSame([check('Bearer old'), check('Bearer old'), check('Bearer ')], [true, true, false])
  rmSync(file)
  t.strictSame([check('Bearer old'), check('Bearer old')], [true, true])
  t.strictSame(problems, [
    `HOOK_TOKEN_FILE ${file} holds no token: write one a line, or unset it to ask for none`,
    `HOOK_TOKEN_FILE ${file} cannot be read: mount it, or unset it to ask for no token`
  ])
})

t.test('at the start a file without tokens is refused', async (t) => {
  const folder = t.testdir({ empty: '\n \n' })
  t.throws(() => createTokenCheck(path.join(folder, 'empty'), t.error), /holds no token/)
  t.throws(() => createTokenCheck(path.join(folder, 'none'), t.error), /cannot be read: mount it, or unset it/)
})
