import t from 'tap'
import { findRefusal, parsePrometheusConfig } from '../../../poller/analysis/config.ts'
import { ConfigError } from '../../../poller/http/config.ts'

t.test('an entry has its defaults', async (t) => {
  t.strictSame(parsePrometheusConfig({ url: 'http://prometheus:9090' }, 'prometheus.default'), {
    url: 'http://prometheus:9090',
    customQueries: false,
    timeout: '8s',
    source: { backend: 'SeldonExecutor', labels: { namespace: 'namespace', service: 'service' } }
  })
})

t.test('a wrong entry is refused with the name of the field', async (t) => {
  const rows: Array<{ name: string, entry: object, want: RegExp }> = [
    { name: 'without a url', entry: {}, want: /^prometheus\.default\.url: / },
    { name: 'with credentials in the url', entry: { url: 'http://a:b@p' }, want: /^prometheus\.default\.url: must not hold credentials/ },
    { name: 'with an unknown field', entry: { url: 'http://p', namspaces: [] }, want: /^prometheus\.default\.namspaces: / },
    { name: 'with an unknown field of the source', entry: { url: 'http://p', source: { labls: {} } }, want: /^prometheus\.default\.source\.labls: / },
    { name: 'with an unknown label', entry: { url: 'http://p', source: { labels: { servce: 'x' } } }, want: /^prometheus\.default\.source\.labels\.servce: / },
    { name: 'with an unknown backend', entry: { url: 'http://p', source: { backend: 'Nothing' } }, want: /^prometheus\.default\.source\.backend: / },
    { name: 'with a label that would break the query', entry: { url: 'http://p', source: { labels: { namespace: 'a"b' } } }, want: /^prometheus\.default\.source\.labels\.namespace: / },
    { name: 'with two tenants', entry: { url: 'http://p', tenant: 'a', headers: { 'x-scope-orgid': 'b' } }, want: /^prometheus\.default\.tenant: is also set in headers/ },
    { name: 'with no time at all', entry: { url: 'http://p', timeout: '0s' }, want: /^prometheus\.default\.timeout: / },
    { name: 'with customQueries as text', entry: { url: 'http://p', customQueries: 'yes' }, want: /^prometheus\.default\.customQueries: / }
  ]
  for (const { name, entry, want } of rows) {
    try {
      parsePrometheusConfig(entry, 'prometheus.default')
      t.fail(name)
    } catch (error) {
      t.ok(error instanceof ConfigError && want.test(error.message), `${name}: ${String(error)}`)
    }
  }
})

t.test('who may use an entry', async (t) => {
  const config = parsePrometheusConfig({ url: 'http://p', namespaces: ['models'] }, 'prometheus.default')
  t.equal(findRefusal(config, { provider: 'default', namespace: 'models' }), undefined)
  t.equal(findRefusal({ ...config, namespaces: undefined } as never, { provider: 'default', namespace: 'other' }), undefined, 'all, when none are listed')
  t.match(findRefusal(config, { provider: 'default', namespace: 'other' }), { outcome: 'Error', reason: 'ProviderRefused', detail: /namespace other .* prometheus\.default\.namespaces/ })
  t.match(findRefusal(undefined, { provider: 'nope', namespace: 'models' }), { outcome: 'Error', reason: 'ProviderUnknown' })
})
