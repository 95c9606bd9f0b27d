import t from 'tap'
import { kindOfStatus, parseRetryAfter } from '../../../poller/http/answer.ts'

t.test('the kind of an answer by its status', async (t) => {
  const kinds = (isJson: boolean, ...statuses: number[]) => statuses.map((status) => kindOfStatus(status, isJson))
  t.strictSame(new Set(kinds(true, 401, 403, 407)), new Set(['Refused']))
  t.strictSame(new Set(kinds(true, 408, 425, 429, 500, 501, 502, 503, 504, 599)), new Set(['Unreachable']))
  t.strictSame(new Set(kinds(true, 400, 405, 409, 422, 499)), new Set(['BadRequest']))
  t.strictSame(kinds(true, 404, 410), ['NotFound', 'NotFound'])
  t.strictSame(kinds(false, 404, 410, 301, 304, 101), ['BadAnswer', 'BadAnswer', 'BadAnswer', 'BadAnswer', 'BadAnswer'])
})

t.test('Retry-After in milliseconds', async (t) => {
  const date = 'Wed, 21 Oct 2026 07:28:00 GMT'
  const rows: Array<[string | undefined, string | undefined, number | undefined]> = [
    ['3', undefined, 3000],
    [undefined, date, undefined],
    ['Wed, 21 Oct 2026 07:28:10 GMT', date, 10_000],
    ['Wed, 21 Oct 2026 07:27:00 GMT', date, 0],
    ['Wed, 21 Oct 2026 07:28:10 GMT', undefined, undefined],
    ['soon', date, undefined]
  ]
  for (const [value, from, want] of rows) t.equal(parseRetryAfter(value, from), want, `${value} from ${from}`)
})
