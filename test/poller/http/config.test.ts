import t from 'tap'
import { ConfigError, Endpoint, endpointProblems, parseConfig } from '../../../poller/http/config.ts'

const parse = (value: unknown) => parseConfig(Endpoint, value, 'registries.default', endpointProblems)

t.test('an endpoint that is right is taken as it is', async (t) => {
  const rows = [
    { url: 'http://mlflow:5000' },
    { url: 'https://mlflow.example/base', caFile: '/ca.pem', host: 'localhost:5000', headers: { 'X-Scope-OrgID': 'a|b' } },
    { url: 'http://mlflow', auth: {} },
    { url: 'http://mlflow', auth: { bearer: { tokenFile: '/token' } } },
    { url: 'http://mlflow', auth: { basic: { username: 'u', passwordFile: '/password' } } }
  ]
  for (const value of rows) t.strictSame(parse(value), value)
})

t.test('what is wrong is named by its field', async (t) => {
  const rows: Array<{ value: unknown, want: string | RegExp }> = [
    { value: {}, want: /^registries\.default\.url: / },
    { value: { url: 'mlflow:5000' }, want: 'registries.default.url: must begin with http:// or https://' },
    { value: { url: 'mlflow' }, want: 'registries.default.url: is not a URL; write it like http://mlflow.mlflow.svc:5000' },
    { value: { url: 'http://u:p@mlflow' }, want: 'registries.default.url: must not hold credentials; use auth.basic' },
    { value: { url: 'http://mlflow?a=b' }, want: 'registries.default.url: must not have a query or a fragment; it is the base of all requests' },
    { value: { url: 'http://mlflow', auth: { bearer: { token: 'a' }, basic: { username: 'u', password: 'p' } } }, want: 'registries.default.auth: has both bearer and basic; keep one' },
    { value: { url: 'http://mlflow', auth: { bearer: {} } }, want: 'registries.default.auth.bearer: needs exactly one of token and tokenFile' },
    { value: { url: 'http://mlflow', auth: { basic: { username: 'u' } } }, want: 'registries.default.auth.basic: needs exactly one of password and passwordFile' },
    { value: { url: 'http://mlflow', auth: { token: 'a' } }, want: 'registries.default.auth.token: Unexpected property' },
    { value: { url: 'http://mlflow', host: 'a b' }, want: /^registries\.default\.host: / },
    { value: { url: 'http://mlflow', headers: { Authorization: 'Bearer x' } }, want: 'registries.default.headers.Authorization: is set by the poller itself; use auth or host' }
  ]
  for (const { value, want } of rows) {
    t.throws(() => parse(value), { name: ConfigError.name, message: want }, JSON.stringify(value))
  }
})
