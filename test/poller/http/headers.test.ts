import t from 'tap'
import { headerOf, retryAfterOf } from '../../../poller/http/headers.ts'

t.test('of a header that came twice the first counts', async (t) => {
  t.equal(headerOf({ via: ['a', 'b'] }, 'via'), 'a')
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
  for (const [value, from, want] of rows) t.equal(retryAfterOf({ 'retry-after': value, date: from }), want, `${value} from ${from}`)
})
