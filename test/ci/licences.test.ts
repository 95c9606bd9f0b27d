// Which licences are refused, and what is written of the others.
import t from 'tap'
import { findProblems, readPackages, renderPage, type Locked } from '../../.ci/licences.ts'

const problemsOf = (locked: Locked) => findProblems(readPackages({ packages: { '': {}, 'node_modules/@a/b': { version: '1.0.0', ...locked } } }, () => true))

const rows: Array<{ name: string, locked: Locked, want: RegExp | undefined }> = [
  { name: 'a permissive licence is taken', locked: { license: 'MIT' }, want: undefined },
  { name: 'one of two is enough, if we may choose', locked: { license: '(GPL-3.0-only OR MIT)' }, want: undefined },
  { name: 'both are needed, if both hold', locked: { license: 'MIT AND GPL-3.0-only' }, want: /^@a\/b 1\.0\.0 is under MIT AND GPL-3\.0-only, which is not on the list of what goes into the image/ },
  { name: 'copyleft does not go into the image', locked: { license: 'AGPL-3.0-or-later' }, want: /not on the list of what goes into the image/ },
  { name: 'nor does copyleft of single files', locked: { license: 'MPL-2.0' }, want: /not on the list of what goes into the image/ },
  { name: 'that may be used for development', locked: { license: 'MPL-2.0', dev: true }, want: undefined },
  { name: 'but copyleft of all may not', locked: { license: 'GPL-2.0', dev: true }, want: /not on the list for development/ },
  { name: 'a licence with an exception is another licence', locked: { license: 'GPL-2.0-only WITH Classpath-exception-2.0' }, want: /not on the list/ },
  { name: 'what is no SPDX expression is on no list', locked: { license: 'SEE LICENSE IN licence.txt' }, want: /not on the list/ },
  { name: 'nor is what is not licensed', locked: { license: 'UNLICENSED' }, want: /not on the list/ },
  { name: 'a package must name its licence', locked: {}, want: /^@a\/b 1\.0\.0 names no licence/ }
]

for (const { name, locked, want } of rows) {
  t.test(name, async (t) => {
    const problems = problemsOf(locked)
    if (want === undefined) t.strictSame(problems, [])
    else t.match(problems, [want])
  })
}

t.test('a package that is needed for both goes into the image', async (t) => {
  const both = readPackages({ packages: { '': {}, 'node_modules/a': { version: '1.0.0', license: 'MIT' }, 'node_modules/b/node_modules/a': { version: '1.0.0', license: 'MIT', dev: true } } }, () => true)
  t.strictSame(both, [{ name: 'a', version: '1.0.0', licence: 'MIT', dev: false, hasText: true }])
})

t.test('the page lists what goes into the image, and who brings no text', async (t) => {
  const page = renderPage(readPackages({ packages: { '': {}, 'node_modules/a': { version: '1.0.0', license: 'MIT' }, 'node_modules/d': { version: '2.0.0', license: 'ISC', dev: true } } }, () => false))
  t.match(page, /^\| a \| 1\.0\.0 \| MIT \|$/m)
  t.match(page, /\(a has none/)
  t.notMatch(page, /\| d \|/)
})
