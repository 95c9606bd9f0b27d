// Who may use an entry, and from where its versions may be loaded.
import t from 'tap'
import { accessProblems, findDisbelief, findOutside, findRefusal, type Registries } from '../../hooks/core/registry-access.ts'

const asker = { registry: 'a', namespace: 'bank', workspace: '' }

t.test('who may use an entry', async (t) => {
  const rows: Array<{ name: string, access: object, workspace?: string, want: string | undefined }> = [
    { name: 'everyone, unless it says who', access: {}, workspace: 'any', want: undefined },
    { name: 'a namespace in the list', access: { namespaces: ['bank'] }, want: undefined },
    { name: 'no other', access: { namespaces: ['shop'] }, want: 'NamespaceNotAllowed' },
    { name: 'nobody, when the list is empty', access: { namespaces: [] }, want: 'NamespaceNotAllowed' },
    { name: 'a workspace in the list', access: { workspaces: ['w'] }, workspace: 'w', want: undefined },
    { name: 'not the default one when only others are listed', access: { workspaces: ['w'] }, want: 'WorkspaceNotAllowed' },
    { name: 'the default one when it is listed', access: { workspaces: [''] }, want: undefined },
    { name: 'the workspace named like the namespace', access: { workspaces: ['{namespace}'] }, workspace: 'bank', want: undefined },
    { name: 'not that of another namespace', access: { workspaces: ['{namespace}'] }, workspace: 'shop', want: 'WorkspaceNotAllowed' },
    { name: 'nor one that is called so literally', access: { workspaces: ['{namespace}'] }, workspace: '{namespace}', want: 'WorkspaceNotAllowed' }
  ]
  for (const { name, access, workspace = '', want } of rows) t.equal(findRefusal(access, { ...asker, workspace })?.reason, want, name)
  t.match(findRefusal(undefined, asker), { reason: 'UnknownRegistry', message: /there is no registry a/ })
})

t.test('from where a version may be loaded, and what is said otherwise', async (t) => {
  const access = { artifactRoots: ['s3://models'] }
  const remedy = "log the model to a place that is allowed, or ask the registry's owner to add its place to registries.a.artifactRoots"
  const notPlain = `the URI is not plain, so nobody can tell whether it lies where the registry entry allows (no .., %2e, \\, ? or #); ${remedy}`
  t.equal(findOutside({}, 'registries.a', 's3://anywhere'), undefined, 'without roots from anywhere')
  t.equal(findOutside(access, 'registries.a', 's3://models/7'), undefined)
  t.equal(findOutside(access, 'registries.a', 's3://other/7'), `s3://other/7 lies outside of what the registry entry allows; ${remedy}`)
  t.equal(findOutside(access, 'registries.a', 's3://models/../other'), notPlain)
  t.equal(findOutside(access, 'registries.a', 'https://user:hunter2@host/x'), notPlain)
  t.notMatch(findOutside(access, 'registries.a', 'https://hunter2@host/x'), /hunter2/, 'what may be a secret is not repeated')
  t.ok((findOutside(access, 'registries.a', `s3://other/${'x'.repeat(2000)}`) ?? '').length <= 300, 'it fits into a fact')
})

t.test('what is not believed', async (t) => {
  const registries: Registries = { a: { namespaces: ['bank'], workspaces: [''], artifactRoots: ['s3://models'] } }
  const rows: Array<{ name: string, given?: Registries, asks?: object, uri?: string, want: string | undefined }> = [
    { name: 'a version from where it may come', uri: 's3://models/7', want: undefined },
    { name: 'an answer without a version', want: undefined },
    { name: 'a version from elsewhere', uri: 's3://evil/7', want: 'UriNotAllowed' },
    { name: 'another namespace', asks: { namespace: 'shop' }, uri: 's3://models/7', want: 'NamespaceNotAllowed' },
    { name: 'another workspace', asks: { workspace: 'w' }, want: 'WorkspaceNotAllowed' },
    { name: 'another entry', asks: { registry: 'b' }, want: 'UnknownRegistry' },
    { name: 'an entry that every object of JavaScript seems to have', asks: { registry: 'constructor' }, want: 'UnknownRegistry' },
    { name: 'any, where there are no entries', given: {}, want: 'UnknownRegistry' },
    { name: 'an MLflow object, where they may be used', given: { ...registries, '*': { workspaces: ['', '{namespace}'] } }, asks: { registry: 'b', workspace: 'bank' }, uri: 's3://anywhere/7', want: undefined },
    { name: 'its workspace of another namespace', given: { '*': { workspaces: ['', '{namespace}'] } }, asks: { registry: 'b', workspace: 'shop' }, want: 'WorkspaceNotAllowed' },
    { name: 'a version from elsewhere of an entry that may be used by all', given: { ...registries, '*': {} }, uri: 's3://evil/7', want: 'UriNotAllowed' }
  ]
  for (const { name, given = registries, asks, uri, want } of rows) t.equal(findDisbelief(given, { ...asker, ...asks }, uri)?.reason, want, name)
  t.match(findDisbelief({ '*': { artifactRoots: ['s3://models'] } }, asker, 's3://evil/7')?.message, /to mlflowServers\.artifactRoots$/, 'who is asked is told')
  t.equal(findDisbelief(undefined, { ...asker, registry: 'b' }, 's3://evil'), undefined, 'where nothing is known of entries, everything is believed')
})

t.test('roots that cannot be', async (t) => {
  t.strictSame(accessProblems({ artifactRoots: ['s3://models', 's3://a/../b'] }), ['artifactRoots[1]: must be a plain URI such as s3://bucket or s3://bucket/path, without .., %2e, \\, ? and #'])
  t.strictSame(accessProblems({}), [])
})
