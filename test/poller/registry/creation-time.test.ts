// Creation times that no date can hold.
import t from 'tap'
import { createRegistryClient } from '../../../poller/registry/client.ts'
import { isRemoteError } from '../../../poller/http/errors.ts'
import { sendJson, startServer } from '../../helpers/local-server.ts'

t.test('a creation time beyond the year 9999 is an answer of an unexpected shape, and breaks no round off', async (t) => {
  const server = await startServer(t, (response) => sendJson(response, { model_version: { name: 'm', version: '1', creation_timestamp: 9007199254740991 } }))
  const client = createRegistryClient({ server: 'default', endpoint: { url: server.url } })
  t.teardown(() => client.close())
  const error = await client.getVersion('', 'm', '1').catch((error: unknown) => error)
  t.ok(isRemoteError(error, 'BadAnswer'))
})
