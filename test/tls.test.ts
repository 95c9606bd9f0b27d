// Which certificates and keys the hooks take.
import { generate } from 'selfsigned'
import t from 'tap'
import { readTls } from '../hooks/tls.ts'

t.test('certificate and key are taken only together', async (t) => {
  const [one, two] = await Promise.all([generate([]), generate([])])
  const rows = [
    { name: 'a pair', cert: one.cert, key: one.private, taken: true },
    { name: 'a chain, of which the first is ours', cert: `${one.cert}\n${two.cert}`, key: one.private, taken: true },
    { name: 'the key of another certificate', cert: one.cert, key: two.private, taken: false },
    { name: 'a key that is just being written', cert: one.cert, key: '', taken: false },
    { name: 'a certificate that is just being written', cert: '', key: one.private, taken: false }
  ]
  for (const { name, cert, key, taken } of rows) {
    const dir = t.testdir({ 'tls.crt': cert, 'tls.key': key })
    const files = { certFile: `${dir}/tls.crt`, keyFile: `${dir}/tls.key` }
    if (taken) t.strictSame(readTls(files), { cert, key, minVersion: 'TLSv1.2' }, name)
    else t.throws(() => readTls(files), { message: `cannot use TLS_CERT_FILE ${files.certFile} with TLS_KEY_FILE ${files.keyFile}: both must be PEM and belong together` }, name)
  }
})
