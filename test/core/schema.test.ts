// The building blocks check in TypeBox what they check in the API server.
import { Value } from '@sinclair/typebox/value'
import type { TSchema } from '@sinclair/typebox'
import t from 'tap'
import { Conditions, duration, EnvVar, instant, objectName, oneOf, Quantity, Resources, section } from '../../hooks/core/schema.ts'

const condition = { type: 'Ready', status: 'True', reason: 'Answers', message: '', lastTransitionTime: '2026-01-05T10:00:00Z' }

const rows: Array<{ name: string, schema: TSchema, good: unknown[], bad: unknown[] }> = [
  { name: 'oneOf', schema: oneOf(['A', 'B']), good: ['A', 'B'], bad: ['C', 'a', '', 1, null, undefined] },
  { name: 'duration', schema: duration(), good: ['30s', '1h30m', '500ms', '0s'], bad: ['', '5', 'm', '1d', '-1s', '1.5h', '1 s', `${'1s'.repeat(17)}`] },
  { name: 'instant', schema: instant(), good: ['2026-01-05T10:00:00Z', '2026-01-05T10:00:00.123Z'], bad: ['', 'yesterday', 5] },
  { name: 'objectName', schema: objectName(), good: ['', 'a', 'a-b.c'], bad: ['A', '-a', 'a-', 'a'.repeat(254)] },
  { name: 'Quantity', schema: Quantity, good: ['500m', '2Gi', '1', 1, 0, '1e3', '0.5', '.5'], bad: ['', 'x', '1 Gi', '1gi', 1.5, null] },
  { name: 'Resources', schema: Resources, good: [{}, { requests: { cpu: '500m', memory: '1Gi' }, limits: { 'nvidia.com/gpu': 1 } }], bad: [{ requests: { cpu: 'lots' } }, []] },
  { name: 'EnvVar', schema: EnvVar, good: [{ name: 'A' }, { name: 'A', value: '' }, { name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }], bad: [{}, { name: '' }, { name: 'A', value: 1 }, { name: 'A', valueFrom: { secretKeyRef: { name: 'a' } } }] },
  { name: 'Conditions', schema: Conditions, good: [[], [condition]], bad: [[{ ...condition, status: 'Maybe' }], [{ ...condition, lastTransitionTime: 'now' }]] }
]

for (const { name, schema, good, bad } of rows) {
  t.test(name, async (t) => {
    for (const value of good) t.ok(Value.Check(schema, value), `${JSON.stringify(value)} passes`)
    for (const value of bad) t.notOk(Value.Check(schema, value), `${JSON.stringify(value)} does not`)
  })
}

t.test('a section is there without being written', async (t) => {
  t.strictSame(section({ a: oneOf(['A'], { default: 'A' }) }).default, {})
})
