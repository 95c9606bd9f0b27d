// Names from identities.
import fc from 'fast-check'
import t from 'tap'
import { md5, predictorName, rolloutId, sameVersion } from '../../hooks/core/names.ts'

const v7 = { version: '7', createdAt: '2026-01-05T10:00:00.123Z' }

t.test('a predictor is named after number and creation time', async (t) => {
  t.equal(predictorName(v7), 'v7-0zosjf')
  t.equal(predictorName({ ...v7, createdAt: '2026-01-05T10:00:00.124Z' }), 'v7-0zosjg')
  t.equal(predictorName({ ...v7, createdAt: '2026-01-05T11:00:00.123+01:00' }), 'v7-0zosjf', 'however the time is written')
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
