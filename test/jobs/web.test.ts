// Downloads from web servers that do as they please: each row is what the server does, and what becomes of it.
import tls from 'node:tls'
import { generate } from 'selfsigned'
import t from 'tap'
import { trustAuthorities } from '../../jobs/download/authorities.ts'
import { readSettings } from '../../jobs/download/settings.ts'
import { startServer } from '../helpers/local-server.ts'
import { serveContent } from './content-server.ts'
import { openVolume, rangesAsked, sha256 } from './scene.ts'
import { CONTENT, rows } from './web-rows.ts'

for (const { name, answers, arrives = CONTENT, fails, ranges, settings = {} } of rows) {
  t.test(name, async (t) => {
    const volume = openVolume(t)
    const server = await serveContent(t, { content: CONTENT, arrived: volume.arrived }, ...answers)
    const uri = `${server.url}/m.bin`
    const outcome = await volume.download({ MODEL_URI: uri, ...settings })
    if (ranges) t.strictSame(rangesAsked(server), ranges)
    if (fails) {
      const [reason, permanent, message] = fails
      t.match(outcome, { failure: reason, permanent, message })
      t.equal(await volume.model(), undefined, 'there is no model')
      return
    }
    t.strictSame(outcome, { result: { uri, sha256: sha256(arrives), bytes: arrives.length, files: 1 } })
    t.strictSame(await volume.model(), { 'm.bin': arrives.toString('latin1') })
    t.strictSame(await volume.beside(), ['.sluice-download-m.json', 'm'], 'nothing is left beside it but the marker')
  })
}

t.test('a redirect to another host gets no credentials', async (t) => {
  const volume = openVolume(t)
  const other = await serveContent(t, { content: Buffer.from('x'), arrived: volume.arrived }, {})
  const first = await startServer(t, (response) => { response.writeHead(307, { location: `${other.url}/y` }).end() })
  const outcome = await volume.download({ MODEL_URI: `${first.url}/m.bin`, HTTP_USERNAME: 'u', HTTP_PASSWORD: 'p' })
  t.match(outcome, { result: { bytes: 1 } })
  t.equal(first.asked[0]?.headers.authorization, `Basic ${btoa('u:p')}`)
  t.equal(other.asked[0]?.headers.authorization, undefined)
})

t.test('a redirect from https to http is not followed', async (t) => {
  const volume = openVolume(t)
  const plain = await serveContent(t, { content: Buffer.from('x'), arrived: volume.arrived }, {})
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })
  const before = tls.getCACertificates('default')
  t.teardown(() => { tls.setDefaultCACertificates(before) })
  const secure = await startServer(t, (response) => { response.writeHead(302, { location: `${plain.url}/m.bin` }).end() }, { key, cert })
  const variables = { MODEL_URI: `${secure.url}/m.bin` }
  t.match(await volume.download(variables), { failure: 'Unreachable', permanent: true, message: /certificate of 127\.0\.0\.1:\d+ cannot be verified .*CA_CERTIFICATES/ })
  await trustAuthorities(readSettings({ MODEL_FOLDER: '/m', CA_CERTIFICATES: cert, ...variables }))
  t.match(await volume.download(variables), { failure: 'RedirectRefused', permanent: true, message: /from https to http/ })
  t.strictSame(plain.asked, [])
})
