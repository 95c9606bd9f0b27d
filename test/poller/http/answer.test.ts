import t from 'tap'
import { kindOfStatus } from '../../../poller/http/answer.ts'

t.test('the kind of an answer by its status', async (t) => {
  const kinds = (isJson: boolean, ...statuses: number[]) => statuses.map((status) => kindOfStatus(status, isJson))
  t.strictSame(new Set(kinds(true, 401, 403, 407)), new Set(['Refused']))
  t.strictSame(new Set(kinds(true, 408, 425, 429, 500, 501, 502, 503, 504, 599)), new Set(['Unreachable']))
  t.strictSame(new Set(kinds(true, 400, 405, 409, 422, 499)), new Set(['BadRequest']))
  t.strictSame(kinds(true, 404, 410), ['NotFound', 'NotFound'])
  t.strictSame(kinds(false, 404, 410, 301, 304, 101), ['BadAnswer', 'BadAnswer', 'BadAnswer', 'BadAnswer', 'BadAnswer'])
})
