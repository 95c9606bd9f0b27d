// The program as Kubernetes starts it: its exit code, what it leaves behind, its log, and signals.
import t from 'tap'
import { readSettings } from '../../jobs/download/settings.ts'
import { serveContent } from './content-server.ts'
import { startProgram } from './program.ts'
import { openVolume, sha256 } from './scene.ts'

t.test('a success leaves the result, and no credentials anywhere', async (t) => {
  const volume = openVolume(t)
  const content = Buffer.from('x'.repeat(1000))
  const server = await serveContent(t, { content, arrived: volume.arrived }, {})
  const address = server.url.replace('http://', '')
  const { code, message, log } = await startProgram(t, volume, { MODEL_URI: `http://user:hunter2-secret@${address}/m.bin?X-Amz-Signature=c0ffee-secret`, HTTP_BEARER_TOKEN: 'bearer-secret' }).ended
  t.equal(code, 0)
  t.strictSame(JSON.parse(message), { uri: `http://[redacted]@${address}/m.bin?X-Amz-Signature=[redacted]`, sha256: sha256(content), bytes: 1000, files: 1 })
  t.equal(server.asked[0]?.headers.authorization, 'Bearer bearer-secret')
  t.notMatch(log + message, /secret/)
  t.match(log, /"msg":"the model is in its place"/)
})

t.test('wrong settings are told by their names', async (t) => {
  t.throws(() => readSettings({ MODEL_SHA256: 'abc', MODEL_FOLDER: 'here' }), { reason: 'SettingsInvalid', permanent: true, message: /MODEL_URI is not set.*; MODEL_SHA256 is "abc", and must be 64 hexadecimal digits.*; MODEL_FOLDER is "here"/ })
})

t.test('told to end it ends at once, and the next one goes on where it was', async (t) => {
  const volume = openVolume(t)
  const content = Buffer.alloc(3 * 2 ** 20, 'sluice')
  const server = await serveContent(t, { content, arrived: volume.arrived }, { stallAfter: 2 * 2 ** 20 }, {})
  const variables = { MODEL_URI: `${server.url}/m.bin` }
  const first = startProgram(t, volume, variables)
  await volume.arrived(2 * 2 ** 20)
  first.child.kill('SIGTERM')
  t.match(await first.ended, { code: 1, message: /"reason":"Interrupted"/ })
  t.equal(await volume.model(), undefined, 'no half model')
  const second = await volume.download(variables)
  t.match(server.asked.map(({ headers }) => headers.range), [undefined, 'bytes=2097152-'])
  t.match(second, { result: { sha256: sha256(content), bytes: content.length } })
  t.strictSame([await volume.download(variables), server.asked.length], [second, 2], 'a third finds it there, and asks nobody')
})
