import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { SettingsError } from '../../hooks/core/environment.ts'
import { readSettings } from '../../poller/settings.ts'

const CONFIG = 'registries: {default: {url: "http://mlflow:5000"}}\nprometheus: {default: {url: "http://prometheus:9090"}}\n'

function file (t: Test, text: string): string {
  const path = `${t.testdir()}/sluice.yaml`
  writeFileSync(path, text)
  return path
}

function messageOf (run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof SettingsError) return error.message
    throw error
  }
  return ''
}

t.test('defaults are filled in', (t) => {
  const settings = readSettings({ SLUICE_CONFIG: file(t, CONFIG), KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_NAME: 'poller-0', KUBECONFIG: '' })
  t.match(settings, {
    kubeconfig: undefined,
    service: { host: '10.0.0.1', port: '443' },
    namespace: '',
    host: '0.0.0.0',
    metricsPort: 9090,
    webhook: undefined,
    podName: 'poller-0',
    podNamespace: undefined,
    logLevel: 'info',
    registries: { default: { url: 'http://mlflow:5000', minInterval: '30s', staleAfter: '5m', replicaLag: '30s', pageSize: 500 } },
    prometheus: { default: { url: 'http://prometheus:9090', timeout: '8s' } }
  })
  t.end()
})

t.test('all of it can be set', (t) => {
  const settings = readSettings({
    SLUICE_CONFIG: file(t, ''), KUBECONFIG: '/k', NAMESPACE: 'models', HOST: '127.0.0.1', METRICS_PORT: '0', WEBHOOK_PORT: '8443', WEBHOOK_TLS_CERT_FILE: '/c', WEBHOOK_TLS_KEY_FILE: '/key', WEBHOOK_SECRET_FILE: '/s', POD_NAMESPACE: 'sluice', LOG_LEVEL: 'debug'
  })
  t.match(settings, {
    kubeconfig: '/k', service: undefined, namespace: 'models', host: '127.0.0.1', metricsPort: 0, podNamespace: 'sluice', logLevel: 'debug', registries: {}, prometheus: {},
    webhook: { port: 8443, host: '127.0.0.1', certFile: '/c', keyFile: '/key', secretFile: '/s' }
  })
  t.end()
})

t.test('a mistake is named with its place and the remedy', (t) => {
  const rows = [
    { name: 'no configuration file', env: {}, want: /^SLUICE_CONFIG is not set: set it to the YAML file/ },
    { name: 'a file that is not there', env: { SLUICE_CONFIG: '/nowhere.yaml' }, want: /^SLUICE_CONFIG names \/nowhere\.yaml, which cannot be read/ },
    { name: 'what is not YAML', text: 'a: [', want: /cannot be read/ },
    { name: 'a list', text: '- a', want: /the file: Expected object/ },
    { name: 'an unknown section', text: 'registry: {}', want: /registry: Unexpected property; known are mlflowServers, registries\.<name> and prometheus\.<name>/ },
    { name: 'a name that no object can name', text: 'registries: {"Not A Name": {url: "http://a"}}', want: /registries\.Not A Name/ },
    { name: 'a port that is none', text: CONFIG, env: { METRICS_PORT: 'http' }, want: /^METRICS_PORT is "http", and must be a port from 0 \(any free one\) to 65535; correct it, or unset it for 9090$/ },
    { name: 'half a port', text: CONFIG, env: { METRICS_PORT: '80.5' }, want: /^METRICS_PORT is "80\.5"/ },
    { name: 'a log level that is none', text: CONFIG, env: { LOG_LEVEL: 'loud' }, want: /^LOG_LEVEL is "loud"/ },
    { name: 'a namespace that is none', text: CONFIG, env: { NAMESPACE: 'a,b' }, want: /^NAMESPACE is "a,b"/ },
    { name: 'half a webhook', text: CONFIG, env: { WEBHOOK_TLS_CERT_FILE: '/c' }, want: /^WEBHOOK_TLS_KEY_FILE and WEBHOOK_SECRET_FILE must be set for the webhook/ }
  ]
  for (const { name, text, env, want } of rows) {
    const path = text === undefined ? {} : { SLUICE_CONFIG: file(t, text) }
    t.match(messageOf(() => readSettings({ ...path, ...env })), want, name)
  }
  t.end()
})

t.test('all mistakes of the file are shown at once', (t) => {
  const path = file(t, 'registries: {default: {url: ftp://a}, other: {}}\nprometheus: {default: {url: "http://a", tenat: x}}\n')
  const lines = messageOf(() => readSettings({ SLUICE_CONFIG: path })).split('\n')
  for (const place of ['registries.default.url', 'registries.other.url', 'prometheus.default.tenat']) {
    t.ok(lines.some((line) => line.startsWith(`${path}: ${place}`)), place)
  }
  t.end()
})

t.test('all mistakes of the environment are shown at once', (t) => {
  t.same(messageOf(() => readSettings({ METRICS_PORT: '-1', LOG_LEVEL: 'loud' })).split('\n').map((line) => line.split(' ')[0]).sort(), ['LOG_LEVEL', 'METRICS_PORT', 'SLUICE_CONFIG'])
  t.end()
})
