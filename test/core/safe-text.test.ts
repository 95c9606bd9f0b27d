// What strangers wrote, before people see it.
import fc from 'fast-check'
import t from 'tap'
import { escapeInvisible, forPeople, hideCredentials, plainText } from '../../hooks/core/safe-text.ts'

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'

const hidden: Array<{ name: string, text: string, want: string }> = [
  { name: 'a bearer token', text: 'got Authorization: Bearer abc-123.def', want: 'got Authorization: Bearer [redacted]' },
  { name: 'a bearer token in the quotes of a JSON text in a JSON text', text: '\\"authorization\\":\\"Bearer abc-123.def\\"', want: '\\"authorization\\":\\"Bearer [redacted]\\"' },
  { name: 'name and password in base64', text: 'basic dXNlcjpodW50ZXIy was refused', want: 'basic [redacted] was refused' },
  { name: 'a token in three parts, wherever it stands', text: `you sent ${JWT}!`, want: 'you sent [redacted]!' },
  { name: 'name and password in an address', text: 'postgresql://mlflow:hun:ter2@db:5432/mlflow', want: 'postgresql://[redacted]@db:5432/mlflow' },
  { name: 'a token in place of the name', text: 'https://glpat123@git.example/x', want: 'https://[redacted]@git.example/x' },
  { name: 'the signature of a signed address', text: 'https://a.blob.core.windows.net/c?sv=2024&sig=aB%2Fc%3D&se=9', want: 'https://a.blob.core.windows.net/c?sv=2024&sig=[redacted]&se=9' },
  { name: 'the same within an HTML page', text: '?a=1&amp;X-Amz-Signature=0a1b&amp;X-Amz-Security-Token=zz9', want: '?a=1&amp;X-Amz-Signature=[redacted]&amp;X-Amz-Security-Token=[redacted]' },
  { name: 'the same within another address', text: '?next=https%3A%2F%2Fs%3Fsig%3DaBc', want: '?next=https%3A%2F%2Fs%3Fsig%3D[redacted]' },
  { name: 'a variable of the environment', text: 'AWS_SECRET_ACCESS_KEY=wJalr/K7 MLFLOW_TRACKING_PASSWORD=x', want: 'AWS_SECRET_ACCESS_KEY=[redacted] MLFLOW_TRACKING_PASSWORD=[redacted]' },
  { name: 'a field of JSON', text: '{"api_key": "sk-12345678"}', want: '{"api_key": "[redacted]"}' },
  { name: 'a private key', text: 'read -----BEGIN EC PRIVATE KEY----- MHcCAQEE= -----END EC PRIVATE KEY----- of it', want: 'read [redacted] of it' },
  { name: 'half a private key', text: '-----BEGIN PRIVATE KEY----- MHcCAQEE', want: '[redacted]' }
]

for (const { name, text, want } of hidden) t.test(`${name} is hidden`, async (t) => { t.equal(hideCredentials(text), want) })

const shown = [
  'Basic authentication is needed; a bearer token must be sent.',
  'the token could not be read from /secrets/mlflow/token',
  'auth.bearer.tokenFile: /secrets/mlflow/token1 is empty',
  'Approve it with: kubectl annotate mfm bank-churn -n models --overwrite sluice.dev/promote=v8-x3k9a0-12',
  'the secret: minio-rclone of this namespace',
  's3://mlflow/1/models/m-1/artifacts',
  'abfss://container@account.dfs.core.windows.net/path',
  'http://[::1]:8080/a of team@example.com',
  'latency-p95 239 ms against 150 ms of stable (limit +5%)',
  'design=a'
]

for (const text of shown) t.test(`nothing is hidden of: ${text}`, async (t) => { t.equal(forPeople(text), text) })

t.test('line ends become spaces, and what cannot be seen is marked', async (t) => {
  t.equal(plainText('a\r\nb\u2028c\td'), 'a b c d')
  t.equal(plainText('\u001b[31mred\u009b0m \u202egnp.exe \u0000 \ud800 x\u{e0041}'), '\ufffd[31mred\ufffd0m \ufffdgnp.exe \ufffd \ufffd x\ufffd')
  t.equal(plainText('Größe 模型 🚀 naïve'), 'Größe 模型 🚀 naïve')
})

t.test('a text for people is cut last, so that no part of a credential is left over', async (t) => {
  t.equal(forPeople(`${'x'.repeat(20)} Bearer abc-123.def`, 30), 'xxxxxxxxxxxxxxxxxxxx Bearer [r')
})

t.test('JSON with its invisible characters escaped is the same JSON, and has none', async () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), fc.string({ unit: fc.constantFrom('\u202e', '\u009b', '\ufeff', '\u2028', '"', '\\', '\n', '\u{e0041}') }), (list, odd) => {
    const value = [...list, odd]
    const text = escapeInvisible(JSON.stringify(value))
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value) && !/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\ufeff]/.test(text)
  }), { numRuns: 100 })
})

t.test('whatever a text is, it becomes one visible line, and the same once more', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    const once = forPeople(text)
    return plainText(once) === once && forPeople(once) === once && !/[\p{Cc}]/u.test(once)
  }), { numRuns: 200 })
})
