// Time as data.
import t from 'tap'
import { formatInstant, parseInstant, parseMilliseconds, secondsOf } from '../../hooks/core/time.ts'

const spans: Array<[string, number]> = [['0s', 0], ['30s', 30], ['10m', 600], ['1h30m', 5400], ['1h1m1s', 3661], ['500ms', 0.5], ['90m', 5400]]
for (const [span, want] of spans) {
  t.test(`${span} is ${want} seconds`, async (t) => {
    t.equal(secondsOf(span), want)
  })
}

for (const span of ['', 'soon', '-5m']) {
  t.test(`${JSON.stringify(span)} is no span`, async (t) => {
    t.throws(() => secondsOf(span), { name: 'RangeError' })
  })
}

t.test('instants are whole seconds, UTC', async (t) => {
  t.equal(formatInstant(0), '1970-01-01T00:00:00Z')
  t.equal(formatInstant(1767607200.999), '2026-01-05T10:00:00Z')
  t.equal(parseInstant('2026-01-05T10:00:00Z'), 1767607200)
  t.equal(parseInstant('2026-01-05T10:00:00.999Z'), 1767607200)
  t.equal(parseInstant('2026-01-05T12:00:00+02:00'), 1767607200)
  t.equal(parseInstant(formatInstant(1767607201)), 1767607201)
})

t.test('what is no instant is undefined', async (t) => {
  for (const given of [undefined, null, 5, '', 'yesterday', {}, '1', '2026-09-21', '+275760-09-13T00:00:00Z', '-000001-01-01T00:00:00Z', `2026-01-05T10:00:00.${'0'.repeat(100)}Z`]) t.equal(parseInstant(given), undefined, JSON.stringify(given))
})

t.test('an instant that is put together from its digits is what Date.parse makes of it, at every edge', async (t) => {
  const numbers = (...found: number[]): string[] => found.map((number) => String(number).padStart(2, '0'))
  const years = ['0000', '0050', '0100', '1969', '2026', '9999']
  const months = numbers(0, 1, 2, 12, 13)
  const days = numbers(0, 1, 28, 29, 30, 31, 32)
  const times = numbers(0, 23, 24).flatMap((hour) => numbers(0, 59, 60).flatMap((minute) => numbers(0, 59, 60).map((second) => `${hour}:${minute}:${second}`)))
  const texts = years.flatMap((year) => months.flatMap((month) => days.flatMap((day) => times.map((time) => `${year}-${month}-${day}T${time}Z`))))
  t.strictSame(texts.filter((text) => (parseInstant(text) ?? NaN) * 1000 !== Date.parse(text) && !(parseInstant(text) === undefined && Number.isNaN(Date.parse(text)))), [])
})

t.test('milliseconds are what Date.parse makes of an instant, however it is written', async (t) => {
  const texts = ['2026-01-05T10:00:00Z', '2026-01-05T10:00:00.007Z', '1969-12-31T23:59:59.999Z', '2026-02-30T10:00:00.120Z', '2026-01-05T24:00:00.000Z', '2026-01-05T10:00:00.12xZ', '2026-01-05T10:00:00,123Z', '2026-01-05T10:00:00.1234Z', '2026-01-05T12:00:00+02:00', '2026-01-05T10:00:00.5+02:0', 'soon']
  t.strictSame(texts.map(parseMilliseconds), texts.map((text) => Date.parse(text)))
})
