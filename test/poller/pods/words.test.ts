import t from 'tap'
import { findResult, lastWords, ownWords, wordsOf } from '../../../poller/pods/words.ts'
import { RESULT } from './statuses.ts'

t.test('a message is one line without credentials, at most 300 characters, and keeps its beginning and its end', async (t) => {
  t.strictSame(wordsOf('  two\n lines\r\n'), { message: 'two  lines' })
  t.strictSame(wordsOf(' \n'), {})
  t.strictSame(wordsOf(undefined), {})
  t.strictSame(wordsOf('cannot read s3://minio:hunter22@host/models'), { message: 'cannot read s3://[redacted]@host/models' })
  t.strictSame(wordsOf('colour \u001b[31mred'), { message: 'colour \ufffd[31mred' })
  const { message = '' } = wordsOf(`first ${'x'.repeat(400)} last`)
  t.equal(message.length, 299)
  t.match(message, /^first x+…x+ last$/)
  t.equal(wordsOf('\ud83d\ude00'.repeat(200)).message?.isWellFormed(), true, 'no character is cut in half')
})

t.test('of a log the last lines are told', async (t) => {
  t.equal(lastWords('one\ntwo\n\n  three \n'), 'one\ntwo\nthree')
  t.equal(lastWords(`${'old\n'.repeat(500)}${'y'.repeat(295)}\nwhy`), `${'y'.repeat(295)}\nwhy`)
  t.equal(lastWords(`old\n${'z'.repeat(500)}`), 'z'.repeat(500), 'one line that is too long is cut where messages are')
  t.notMatch(lastWords(`-----BEGIN PRIVATE KEY-----\n${'MIIabc123\n'.repeat(20)}-----END PRIVATE KEY-----\nbad key`), /MII/, 'a secret of many lines is not told in part')
  t.equal(lastWords(undefined), undefined)
})

t.test('programs of ours say it in JSON', async (t) => {
  t.strictSame(ownWords('{"reason":"NoSpace","message":"Full; set storage.size."}\n'), { reason: 'NoSpace', message: 'Full; set storage.size.' })
  t.strictSame(ownWords('{"reason":"NoSpace"}'), { reason: 'NoSpace' })
  for (const text of [undefined, '', 'x', '{', '[]', '{"reason":7}', '{"reason":"a b"}', '{"reason":"Completed"}', '["reason"]']) t.equal(ownWords(text), undefined, String(text))
})

t.test('a result is told if it is one', async (t) => {
  t.equal(findResult([undefined, 'log', JSON.stringify(RESULT, undefined, 2)]), JSON.stringify(RESULT))
  t.equal(findResult([JSON.stringify({ ...RESULT, uri: 'https://u:secret99@host/m.zip' })]), JSON.stringify({ ...RESULT, uri: 'https://[redacted]@host/m.zip' }))
  t.equal(findResult([JSON.stringify({ ...RESULT, uri: '"'.repeat(1000) })]), undefined, 'longer than a fact takes')
  t.equal(findResult([]), undefined)
})
