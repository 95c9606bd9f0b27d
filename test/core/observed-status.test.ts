// The status of a call, as far as it is one.
import t from 'tap'
import { readStatus } from '../../hooks/core/observed-status.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'

const condition = { type: 'Ready', status: 'True', reason: 'Said', message: '', lastTransitionTime: '2026-01-05T10:00:00Z' }

const rows: Array<{ name: string, raw: unknown, want: object }> = [
  { name: 'what fits is kept', raw: { phase: 'Healthy', sequence: 7, conditions: [condition] }, want: { phase: 'Healthy', sequence: 7, conditions: [condition] } },
  { name: 'what is no status is none', raw: 'x', want: {} },
  { name: 'one with a field of a wrong type is none: the others alone may say something else', raw: { phase: 'Healthy', canaryModelVersion: '2', stable: { version: '1', createdAt: null, uri: 's3://a' } }, want: {} },
  { name: 'a field that nobody knows is left out', raw: { phase: 'Healthy', later: 1, constructor: 1 }, want: { phase: 'Healthy' } },
  { name: 'so is one that comes as a prototype', raw: JSON.parse('{"__proto__":{"deleting":true},"phase":"Healthy"}'), want: { phase: 'Healthy' } },
  { name: 'one with a number that no answer could hold is none', raw: { sequence: 1e308, counter: 3 }, want: {} },
  { name: 'what is empty is left out', raw: { failedVersions: [], lastCommands: {}, sequence: 1 }, want: { sequence: 1 } }
]

for (const { name, raw, want } of rows) {
  t.test(name, async (t) => {
    t.strictSame(readStatus(mlflowModel, raw), want)
  })
}
