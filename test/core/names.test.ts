// Names from identities.
import fc from 'fast-check'
import t from 'tap'
import { contentHash, md5, predictorName, rolloutId, sameVersion, suffixedName } from '../../hooks/core/names.ts'

const v7 = { version: '7', createdAt: '2026-01-05T10:00:00.123Z' }

t.test('a predictor is named after number and creation time', async (t) => {
  t.equal(predictorName(v7), 'v7-0zosjf')
  t.equal(predictorName({ ...v7, createdAt: '2026-01-05T10:00:00.124Z' }), 'v7-0zosjg')
  t.equal(predictorName({ ...v7, createdAt: '2026-01-05T11:00:00.123+01:00' }), 'v7-0zosjf', 'however the time is written')
  t.match(predictorName({ ...v7, createdAt: '1969-07-20T20:17:40.000Z' }), /^v7-[0-9a-z]{6}$/, 'before 1970, too')
})

t.test('a rollout is named after its version and number', async (t) => {
  t.equal(rolloutId(v7, 12), 'v7-0zosjf-12')
})

t.test('every name is a DNS label of 35 characters at most, for numbers of up to 19 digits', async (t) => {
  const versions = fc.record({ version: fc.bigInt({ min: 1n, max: 10n ** 18n }).map(String), createdAt: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()) })
  fc.assert(fc.property(versions, (version) => /^v[0-9]+-[0-9a-z]{6}$/.test(predictorName(version)) && predictorName(version).length <= 35), { seed: 1 })
  t.pass()
})

const pairs: Array<{ name: string, a: Parameters<typeof sameVersion>[0], b: Parameters<typeof sameVersion>[1], want: boolean }> = [
  { name: 'number and time are equal', a: v7, b: { ...v7 }, want: true },
  { name: 'the time is written otherwise', a: v7, b: { ...v7, createdAt: '2026-01-05T10:00:00.123+00:00' }, want: true },
  { name: 'another number', a: v7, b: { ...v7, version: '8' }, want: false },
  { name: 'the number was used again', a: v7, b: { ...v7, createdAt: '2026-02-05T10:00:00.123Z' }, want: false },
  { name: 'nothing is no version', a: undefined, b: undefined, want: false },
  { name: 'nothing equals no version', a: v7, b: undefined, want: false }
]

for (const { name, a, b, want } of pairs) {
  t.test(`${want ? 'the same' : 'not the same'}: ${name}`, async (t) => {
    t.equal(sameVersion(a, b), want)
  })
}

t.test('MD5 is that of RFC 1321', async (t) => {
  t.equal(md5('abc'), '900150983cd24fb0d6963f7d28e17f72')
})

t.test('a content hash is the same whatever the order of keys, and another for another content', async (t) => {
  t.equal(contentHash({ a: 1, b: { c: [1, 2], d: 'x' } }), contentHash({ b: { d: 'x', c: [1, 2] }, a: 1 }))
  t.match(contentHash({}), /^[0-9a-f]{10}$/)
  t.not(contentHash({ a: [1, 2] }), contentHash({ a: [2, 1] }))
})

t.test('a name with a suffix has at most 63 characters, and another for another name', async (t) => {
  t.equal(suffixedName('churn', 'download-0123456789'), 'churn-download-0123456789')
  const [long, other] = [`${'a'.repeat(60)}.b`, `${'a'.repeat(60)}.c`]
  t.equal(suffixedName(long, 'service').length, 63)
  t.match(suffixedName(`${'a'.repeat(41)}.${'b'.repeat(60)}`, '0123456789012'), /^a{41}-[0-9a-f]{6}-0123456789012$/)
  t.not(suffixedName(long, 'service'), suffixedName(other, 'service'))
})
