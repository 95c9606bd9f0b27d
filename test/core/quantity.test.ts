// Quantities as an API server of Kubernetes 1.35 stores them.
import t from 'tap'
import { canonicalQuantities, canonicalQuantity, quantityBytes } from '../../hooks/core/quantity.ts'

t.test('canonical quantities', (t) => {
  const rows: [string | number, string][] = [
    ['1000m', '1'], ['1500m', '1500m'], ['0.5', '500m'], ['.25', '250m'], [2, '2'], ['1024Mi', '1Gi'], ['2048Mi', '2Gi'], ['1.5Gi', '1536Mi'],
    ['100M', '100M'], ['1000M', '1G'], ['1e9', '1G'], ['1000000', '1M'], ['0', '0'], ['-1000m', '-1'], ['100Ki', '100Ki'], ['1e21', '1e21'], ['x', 'x'], ['', '']
  ]
  for (const [given, want] of rows) t.equal(canonicalQuantity(given), want, `${given} → ${want}`)
  t.end()
})

t.test('a map of resources has its quantities made canonical, and nothing else', async (t) => {
  t.same(canonicalQuantities({ cpu: '1000m', memory: '1024Mi', pods: 3 }), { cpu: '1', memory: '1Gi', pods: '3' })
  t.equal(canonicalQuantities(undefined), undefined)
  t.same(canonicalQuantities({ cpu: null }), { cpu: null })
})

t.test('bytes of a quantity', async (t) => {
  const rows: Array<[string | number, number | undefined]> = [['10Gi', 10 * 1024 ** 3], ['1.5Gi', 1.5 * 1024 ** 3], ['2k', 2000], [7, 7], ['1e3', 1000], ['1500m', 1], ['-1Ki', -1024], ['x', undefined], ['', undefined], ['Gi', undefined]]
  for (const [given, want] of rows) t.equal(quantityBytes(given), want, String(given))
})
