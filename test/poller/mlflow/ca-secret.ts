// The authority that the Secret with a server's certificate names.
import t from 'tap'
import { ApiError, apiErrorOf } from '../../../poller/cluster/api-error.ts'
import type { RemoteError } from '../../../poller/http/errors.ts'
import { createCaSecrets } from '../../../poller/mlflow/ca-secret.ts'
import { rejection } from '../../helpers/poller-cluster.ts'

const secret = { namespace: 'opendatahub', name: 'mlflow-tls' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

t.test('it is read again after half a minute, and a refusal at once', async (t) => {
  let ms = 0
  let answer: object | Error = { data: { 'ca.crt': base64('PEM 1'), 'tls.key': base64('secret') } }
  const asked: string[] = []
  const read = createCaSecrets({
    async get (path) {
      asked.push(path)
      if (answer instanceof Error) throw answer
      return answer as never
    }
  }, () => ms)
  t.equal(await read(secret), 'PEM 1')
  answer = { data: { 'ca.crt': base64('PEM 2') } }
  t.equal(await read(secret), 'PEM 1')
  ms += 30_000
  t.equal(await read(secret), 'PEM 2')
  t.strictSame(asked, Array(2).fill('/api/v1/namespaces/opendatahub/secrets/mlflow-tls'))

  const rows: Array<{ error: Error, kind: string, advice: unknown }> = [
    { error: apiErrorOf('GET', 403, undefined), kind: 'Refused', advice: { cause: 'the poller may not get Secret opendatahub/mlflow-tls, which says whom to trust', remedy: 'give it get on that Secret, or turn mlflowServers.caSecrets off and set caFile' } },
    { error: apiErrorOf('GET', 404, undefined), kind: 'Unreachable', advice: { cause: 'Secret opendatahub/mlflow-tls with the certificate of the server does not exist', remedy: 'make it, or look at who should' } },
    { error: new ApiError('x', { kind: 'Unavailable', status: 0 }), kind: 'Unreachable', advice: undefined }
  ]
  for (const row of rows) {
    ms += 30_000
    answer = row.error
    const { kind, advice } = await rejection(read(secret)) as RemoteError
    t.strictSame({ kind, advice }, { kind: row.kind, advice: row.advice })
  }
  answer = { data: {} }
  t.equal(await read(secret), undefined, 'a certificate that others know names nobody')
  t.equal(await read({ ...secret, name: '../x' }), undefined)
})
