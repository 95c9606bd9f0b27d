// From what has arrived to the folder in its place: archives, layouts, names, room, and what earlier runs have left.
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findRoot } from '../../jobs/download/layout.ts'
import { safePath } from '../../jobs/download/safe-path.ts'
import { failureLine, resultLine } from '../../jobs/program/termination.ts'
import { DownloadError } from '../../jobs/download/failure.ts'
import { tarGz, zip } from './archives.ts'
import { serveContent } from './content-server.ts'
import { openVolume, sha256 } from './scene.ts'

t.test('which folder is the model', async (t) => {
  const rows: Array<[name: string, paths: string[], mustHold: string, root: string | RegExp]> = [
    ['nothing is demanded: the top', ['a/b'], '', ''],
    ['a file at the top', ['saved_model.pb', 'variables/x'], 'saved_model.pb', ''],
    ['the only folder that has it', ['m/saved_model.pb', 'README'], 'saved_model.pb', 'm'],
    ['the shallowest of several', ['m/x/y/MLmodel', 'm/MLmodel'], 'MLmodel', 'm'],
    ['one of the alternatives', ['m/model-settings.json'], 'MLmodel|model-settings.json', 'm'],
    ['a folder, too', ['m/1/model.onnx'], 'config.pbtxt|1', 'm'],
    ['any part of a name', ['m/a.mar'], '*.mar', 'm'],
    ['a dot is a dot', ['m/aXmar'], '*.mar', /no \*\.mar, which its runtime looks for; it holds m\/aXmar/],
    ['two of them are one too many', ['a/MLmodel', 'b/MLmodel'], 'MLmodel', /2 folders hold MLmodel: a, b; give one/],
    ['none, and what there is', ['c', 'b', 'a', 'd', 'e', 'f'], 'x|y', /no x or y.*it holds a, b, c, d, e and 1 more/]
  ]
  for (const [name, paths, mustHold, root] of rows) {
    if (typeof root === 'string') t.equal(findRoot(paths, mustHold), root, name)
    else t.throws(() => findRoot(paths, mustHold), { reason: 'LayoutInvalid', message: root }, name)
  }
})

t.test('names of others', async (t) => {
  const safe = (name: string): string => safePath(name, { reason: 'LayoutInvalid', where: 'the source' })
  t.strictSame(['a//b/./c/', './', 'ä b'].map(safe), ['a/b/c', '', 'ä b'])
  for (const name of ['../a', 'a/..', '/a', 'c:\\a', 'a\\b', 'a\0b', 'a\nb', 'x'.repeat(256), 'ab/'.repeat(400)]) t.throws(() => safe(name), { reason: 'LayoutInvalid', message: /^the source holds the name .*plain relative names$/ }, JSON.stringify(name))
})

t.test('the last line fits, and is JSON', async (t) => {
  for (const text of ['"'.repeat(5000), '語'.repeat(5000), '\n'.repeat(5000)]) {
    const line = failureLine(new DownloadError('Cut', text))
    t.ok(Buffer.byteLength(line) <= 4096)
    t.equal((JSON.parse(line) as { reason: string }).reason, 'Cut')
  }
  t.match(resultLine({ uri: 'https://h/m?token=c0ffee42', sha256: '0'.repeat(64), bytes: 0, files: 1 }), /token=\[redacted\]/)
})

t.test('an archive becomes the folder that the runtime looks for, and its hash is that of the archive', async (t) => {
  const archive = tarGz([{ path: 'README', content: 'r' }, { path: 'm/saved_model.pb', content: 'pb' }, { path: 'm/variables/v', content: 'vv' }])
  const volume = openVolume(t)
  const server = await serveContent(t, { content: archive, arrived: volume.arrived }, {})
  const uri = `${server.url}/m.tar.gz`
  const outcome = await volume.download({ MODEL_URI: uri, MODEL_UNPACK: 'true', MODEL_MUST_HOLD: 'saved_model.pb', MODEL_SHA256: sha256(archive) })
  t.strictSame(outcome, { result: { uri, sha256: sha256(archive), bytes: 4, files: 2 } })
  t.strictSame(await volume.model(), { 'saved_model.pb': 'pb', 'variables/v': 'vv' })
  t.strictSame(await volume.beside(), ['.sluice-download-m.json', 'm'])
  const modes = await Promise.all(['m', 'm/variables', 'm/variables/v'].map(async (path) => (await stat(join(volume.root, 'models', path))).mode & 0o7777))
  t.strictSame(modes, [0o755, 0o755, 0o644], 'whoever serves it may read it')
})

t.test('what is wrong with an archive leaves nothing, and the old model where it is', async (t) => {
  const volume = openVolume(t)
  const server = await serveContent(t, { content: zip([{ name: 'a', content: 'x' }]), arrived: volume.arrived }, {})
  await mkdir(join(volume.root, 'models/m'), { recursive: true })
  await writeFile(join(volume.root, 'models/m/old'), 'old')
  const outcome = await volume.download({ MODEL_URI: `${server.url}/m.zip`, MODEL_UNPACK: 'true', MODEL_MUST_HOLD: 'MLmodel' })
  t.match(outcome, { failure: 'LayoutInvalid', permanent: true, message: /no MLmodel.*it holds a; give/ })
  t.strictSame([await volume.model(), await volume.beside()], [{ old: 'old' }, ['m']])
})

t.test('an archive is a file where nobody wants it unpacked', async (t) => {
  const content = zip([{ name: 'a', content: 'x' }])
  const volume = openVolume(t)
  const server = await serveContent(t, { content, arrived: volume.arrived }, {})
  await volume.download({ MODEL_URI: `${server.url}/m.mar.zip`, MODEL_FILE_NAME: 'm.mar' })
  t.strictSame(await volume.model(), { 'm.mar': content.toString('latin1') })
})

t.test('another source takes the place of the old one, whatever is left of others', async (t) => {
  const volume = openVolume(t)
  const parent = join(volume.root, 'models')
  await mkdir(join(parent, '.partial-0123456789abcdef/content'), { recursive: true })
  await mkdir(join(parent, 'm/sub'), { recursive: true })
  await writeFile(join(parent, '.sluice-download-m.json'), 'no JSON')
  const server = await serveContent(t, { content: Buffer.from('new'), arrived: volume.arrived }, {})
  t.match(await volume.download({ MODEL_URI: `${server.url}/a%20b.bin` }), { result: { bytes: 3 } })
  t.strictSame(await volume.model(), { 'a b.bin': 'new' })
  t.strictSame(await volume.beside(), ['.sluice-download-m.json', 'm'])
  t.match(await volume.download({ MODEL_URI: `${server.url}/a%20b.bin`, MODEL_FILE_NAME: 'c' }), { result: { bytes: 3 } }, 'another name is another folder')
  t.strictSame(await volume.model(), { c: 'new' })
})

t.test('a run that ended between the folder and its marker has finished', async (t) => {
  const volume = openVolume(t)
  const server = await serveContent(t, { content: Buffer.from('new'), arrived: volume.arrived }, {})
  const variables = { MODEL_URI: `${server.url}/m.bin` }
  const first = await volume.download(variables)
  const marker = join(volume.root, 'models/.sluice-download-m.json')
  const { key } = JSON.parse(await readFile(marker, 'utf8')) as { key: string }
  const partial = join(volume.root, `models/.partial-${key}`)
  await mkdir(partial)
  await rename(marker, join(partial, 'result.json'))
  t.strictSame(await volume.download(variables), first)
  t.equal(server.asked.length, 1)
})

t.test('room', async (t) => {
  const volume = openVolume(t)
  const server = await serveContent(t, { content: Buffer.alloc(1000), arrived: volume.arrived }, {})
  const variables = { MODEL_URI: `${server.url}/m.bin` }
  t.match(await volume.download(variables, { free: async () => 999 }), { failure: 'NoSpace', permanent: true, message: 'the model takes 1000 bytes more, and the volume has 999 bytes left; raise spec.storage.size, or, where that is enough, make room on the node\'s disk' })
  t.match(await volume.download(variables, { free: async () => 1000 }), { result: { bytes: 1000 } })
})

t.test('sources that nobody can read', async (t) => {
  const volume = openVolume(t)
  for (const [uri, failure, message] of [
    ['ftp://host/x', 'SourceUnsupported', /ftp: is no source/],
    ['/some/where', 'SourceUnsupported', /no scheme/],
    ['s3:///key', 'SourceUnsupported', /names no bucket/],
    ['models:/a/1', 'SettingsInvalid', /MLFLOW_TRACKING_URI/]
  ] as const) t.match(await volume.download({ MODEL_URI: uri }), { failure, permanent: true, message }, uri)
})
