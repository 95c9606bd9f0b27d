// The settings of the hooks: what the environment may say, and how it is told that it is wrong.
import t from 'tap'
import { readSettings, RELEASE } from '../hooks/settings.ts'

const defaults = { HOST: '0.0.0.0', PORT: 8080, LOG_LEVEL: 'info', HOOKS_V: RELEASE, DRAIN_SECONDS: 5, ANSWER_CACHE_MIB: 16, own: {} }

const REGISTRIES = '{"default": {"namespaces": ["bank"], "workspaces": [""], "artifactRoots": ["s3://mlflow"]}, "open": {}}'

const good: Array<{ name: string, env: Record<string, string>, want: object }> = [
  { name: 'nothing has to be set', env: { UNRELATED: 'x' }, want: defaults },
  { name: 'what is empty is not set', env: { PORT: '', HOOK_TOKEN_FILE: '', TLS_CERT_FILE: '', LOG_LEVEL: '' }, want: defaults },
  { name: 'numbers are read from text', env: { PORT: '0', DRAIN_SECONDS: '0.5' }, want: { ...defaults, PORT: 0, DRAIN_SECONDS: 0.5 } },
  { name: 'a release of digits is a text', env: { HOOKS_V: '12345' }, want: { ...defaults, HOOKS_V: '12345' } },
  { name: 'files are named', env: { HOOK_TOKEN_FILE: '/t', TLS_CERT_FILE: '/c', TLS_KEY_FILE: '/k' }, want: { ...defaults, HOOK_TOKEN_FILE: '/t', TLS_CERT_FILE: '/c', TLS_KEY_FILE: '/k' } },
  { name: 'registries are JSON', env: { REGISTRIES }, want: { ...defaults, REGISTRIES, own: { registries: { default: { namespaces: ['bank'], workspaces: [''], artifactRoots: ['s3://mlflow'] }, open: {} } } } },
  { name: 'no entry is another thing than no setting', env: { REGISTRIES: '{}' }, want: { ...defaults, REGISTRIES: '{}', own: { registries: {} } } },
  { name: 'images are JSON', env: { IMAGES: '{"jobs":"r/sluice:1","runtimes":{"triton":"r/triton:1"}}' }, want: { ...defaults, IMAGES: '{"jobs":"r/sluice:1","runtimes":{"triton":"r/triton:1"}}', own: { images: { jobs: 'r/sluice:1', runtimes: { triton: 'r/triton:1' } } } } }
]

for (const { name, env, want } of good) {
  t.test(name, async (t) => {
    t.strictSame(readSettings(env), want)
  })
}

const bad: Array<{ name: string, env: Record<string, string>, message: string }> = [
  { name: 'a port that is no number', env: { PORT: 'http' }, message: 'PORT is "http", and must be a port from 0 (any free one) to 65535; correct it, or unset it for 8080' },
  { name: 'a port out of range', env: { PORT: '65536' }, message: 'PORT is "65536", and must be a port from 0 (any free one) to 65535; correct it, or unset it for 8080' },
  { name: 'a port with a fraction', env: { PORT: '80.5' }, message: 'PORT is "80.5", and must be a port from 0 (any free one) to 65535; correct it, or unset it for 8080' },
  { name: 'an unknown level', env: { LOG_LEVEL: 'verbose' }, message: 'LOG_LEVEL is "verbose", and must be one of trace, debug, info, warn, error, fatal, silent; correct it, or unset it for "info"' },
  { name: 'a drain longer than Kubernetes waits', env: { DRAIN_SECONDS: '60' }, message: 'DRAIN_SECONDS is "60", and must be a number of seconds from 0 to 25; correct it, or unset it for 5' },
  { name: 'a certificate without key', env: { TLS_CERT_FILE: '/c' }, message: 'TLS_KEY_FILE is not set but TLS_CERT_FILE is: set both, or neither for plain HTTP' },
  { name: 'a key without certificate', env: { TLS_KEY_FILE: '/k' }, message: 'TLS_CERT_FILE is not set but TLS_KEY_FILE is: set both, or neither for plain HTTP' },
  { name: 'registries that are no JSON', env: { REGISTRIES: 'default' }, message: 'REGISTRIES is no JSON: set it to a JSON object such as {"default": {"artifactRoots": ["s3://mlflow"]}}, with the fields namespaces, workspaces and artifactRoots of the entries in the poller\'s configuration' },
  { name: 'a registry with a field that hooks do not know', env: { REGISTRIES: '{"default": {"url": "http://x"}}' }, message: 'REGISTRIES: /default/url: Unexpected property; correct it' },
  { name: 'an image with a blank', env: { IMAGES: '{"jobs":"a b"}' }, message: 'IMAGES: /jobs: Expected string to match \'^[^\\s]+$\'; correct it' },
  { name: 'registries that are a list', env: { REGISTRIES: '[]' }, message: 'REGISTRIES: /: Expected object; correct it' },
  { name: 'a root that can be read in two ways', env: { REGISTRIES: '{"default": {"artifactRoots": ["s3://a/../b"]}}' }, message: 'REGISTRIES: default.artifactRoots[0]: must be a plain URI such as s3://bucket or s3://bucket/path, without .., %2e, \\, ? and #' },
  {
    name: 'all that is wrong is told at once',
    env: { PORT: '-1', LOG_LEVEL: 'x' },
    message: 'PORT is "-1", and must be a port from 0 (any free one) to 65535; correct it, or unset it for 8080\nLOG_LEVEL is "x", and must be one of trace, debug, info, warn, error, fatal, silent; correct it, or unset it for "info"'
  }
]

for (const { name, env, message } of bad) {
  t.test(`refused: ${name}`, async (t) => {
    t.throws(() => readSettings(env), { name: 'SettingsError', message })
  })
}
