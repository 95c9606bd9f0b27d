// Which URIs lie below a root: by whole segments, and only where there is one way to read them.
import t from 'tap'
import { ARTIFACT_ROOT, isBelow, isPlainUri } from '../../hooks/core/storage-uri.ts'

const BELOW: Array<[why: string, uri: string, root: string]> = [
  ['the root itself', 's3://models', 's3://models'],
  ['with a slash at its end', 's3://models/', 's3://models'],
  ['a slash at the end of the root means nothing', 's3://models/a', 's3://models/'],
  ['deep below', 's3://models/a/b/c', 's3://models/a'],
  ['scheme and bucket in another case', 'S3://Models/a', 's3://models/a'],
  ['a host with a port', 'https://Store.example:8443/m/1', 'https://store.example:8443/m'],
  ['an address of IPv6', 'https://[::1]:8443/m/1', 'https://[::1]:8443/m'],
  ['a container of Azure', 'abfss://models@account.dfs.example/7', 'abfss://models@account.dfs.example'],
  ['a claim', 'pvc://models/churn/7', 'pvc://models/churn'],
  ['names with blanks and other letters', 's3://models/größe 7/x', 's3://models/größe 7'],
  ['an empty segment deeper than the root', 's3://models/a//b', 's3://models/a']
]

for (const [why, uri, root] of BELOW) t.test(`below: ${why}`, async (t) => t.equal(isBelow(uri, ['gs://other', root]), true, `${uri} ${root}`))

const ROOT = 's3://models/team-a'
const NOT_BELOW: Array<[why: string, uri: string, root?: string]> = [
  ['another bucket', 's3://other/team-a'],
  ['another scheme', 'gs://models/team-a'],
  ['a scheme that means the same to some', 's3a://models/team-a'],
  ['the folder above', 's3://models'],
  ['a sibling whose name begins alike', 's3://models/team-ab/x'],
  ['a bucket whose name begins alike', 's3://models-old/x', 's3://models'],
  ['a path in another case', 's3://models/Team-A/x'],
  ['climbing', 's3://models/team-a/../team-b'],
  ['climbing at the end', 's3://models/team-a/..'],
  ['a dot', 's3://models/./team-a/x'],
  ['climbing in disguise', 's3://models/team-a/%2e%2E/team-b'],
  ['half in disguise', 's3://models/team-a/.%2e/team-b'],
  ['twice in disguise', 's3://models/team-a/%252e%252e/team-b'],
  ['a slash in disguise', 's3://models/team-a/..%2fteam-b'],
  ['climbing with a parameter', 's3://models/team-a/..;x/team-b'],
  ['a backslash', 's3://models/team-a\\..\\team-b'],
  ['a backslash as a slash', 's3:\\\\models/team-a'],
  ['a backslash that ends the host for browsers', 's3://evil\\@models/team-a'],
  ['a user name', 's3://models@evil/team-a'],
  ['the root as a user name', 's3://models%2fteam-a@evil/x'],
  ['the root as a user name and a password', 's3://models:team-a@evil/x'],
  ['a port', 's3://models:80/team-a'],
  ['a host with a dot at its end', 's3://models./team-a'],
  ['no host', 's3:///models/team-a'],
  ['one slash', 's3:/models/team-a'],
  ['no slash', 's3:models/team-a'],
  ['three slashes', 's3:///team-a', 's3://models'],
  ['an empty segment within the root', 's3://models//team-a/x'],
  ['a tab that parsers of URLs drop', 's3://models/team-a/.\t./team-b'],
  ['a line break', 's3://models/team-a\n/x'],
  ['a blank before it', ' s3://models/team-a'],
  ['letters that turn into others', 's3://mod\u212Als/team-a'],
  ['a mark of writing direction', 's3://models/team-a/\u202E/x'],
  ['a zero', 's3://models/team-a/\0'],
  ['a query', 's3://models/team-a/x?/../../team-b'],
  ['a fragment', 's3://models/team-a#/../team-b'],
  ['a remote of rclone with options', ':s3,endpoint=evil:models/team-a'],
  ['a scheme with options', 's3,endpoint=evil://models/team-a'],
  ['a URI in a URI', 'https://evil/s3://models/team-a'],
  ['nothing', '']
]

for (const [why, uri, root = ROOT] of NOT_BELOW) t.test(`not below: ${why}`, async (t) => t.equal(isBelow(uri, [root]), false, `${JSON.stringify(uri)} ${root}`))

t.test('without roots nothing is below, and a root that is not plain holds nothing', async (t) => {
  t.equal(isBelow('s3://models', []), false)
  t.equal(isBelow('s3://models/../a', ['s3://models/../a']), false)
})

t.test('what a chart takes for a root is no less than what the programs take', async (t) => {
  const pattern = new RegExp(ARTIFACT_ROOT)
  for (const [, , root] of BELOW) t.ok(pattern.test(root) && isPlainUri(root), root)
})
