// A spec is read as the API server would, and mended where that is safe.
import t from 'tap'
import { Type } from '@sinclair/typebox'
import { readSpec } from '../../hooks/core/spec.ts'
import { section } from '../../hooks/core/schema.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { greeting } from '../fixtures/kinds/greeting.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'

const defaults = { name: 'Ada', language: 'English', copies: [1], timing: { every: '1h', tags: {} } }

type Row = { name: string, given: unknown, want: object, problems?: string[] }

const rows: Row[] = [
  { name: 'defaults are filled in, through sections', given: { name: 'Ada' }, want: defaults },
  { name: 'what is given stays, and its section is completed', given: { name: 'Ada', language: 'Dutch', timing: { every: '5m' } }, want: { ...defaults, language: 'Dutch', timing: { every: '5m', tags: {} } } },
  { name: 'an empty list is a value', given: { name: 'Ada', copies: [] }, want: { ...defaults, copies: [] } },
  { name: 'unknown fields are left out, as the API server does it', given: { name: 'Ada', later: 1, timing: { soon: { a: null } } }, want: defaults },
  { name: 'a wrong enum is defaulted', given: { name: 'Ada', language: 'Latin' }, want: defaults, problems: ['spec.language must be one of English, Dutch; correct it. Until then "English" holds.'] },
  { name: 'a wrong pattern is defaulted', given: { name: 'Ada', timing: { every: 'soon' } }, want: defaults, problems: ['spec.timing.every must match ^([0-9]{1,7}(ms|s|m|h))+$; correct it. Until then "1h" holds.'] },
  { name: 'a span beyond the calendar is defaulted', given: { name: 'Ada', timing: { every: '99999999h' } }, want: defaults, problems: ['spec.timing.every must match ^([0-9]{1,7}(ms|s|m|h))+$; correct it. Until then "1h" holds.'] },
  { name: 'a wrong type is defaulted', given: { name: 'Ada', timing: 'x' }, want: defaults, problems: ['spec.timing must be an object; correct it. Until then the defaults hold.'] },
  { name: 'null is a wrong type', given: { name: 'Ada', copies: null }, want: defaults, problems: ['spec.copies must be an array; correct it. Until then [1] holds.'] },
  { name: 'a wrong item defaults the whole list', given: { name: 'Ada', copies: [2, 0] }, want: defaults, problems: ['spec.copies[1] must be an integer greater or equal to 1; correct it. Until then [1] holds.'] },
  { name: 'a wrong entry defaults the whole map', given: { name: 'Ada', timing: { tags: { a: 'b', 'c/d': 1 } } }, want: defaults, problems: ['spec.timing.tags.c/d must be a string; correct it. Until then the defaults hold.'] },
  { name: 'a wrong optional field is left out', given: { name: 'Ada', note: 'too long' }, want: defaults, problems: ['spec.note must be a string length less or equal to 5; correct it. Until then it is ignored.'] },
  { name: 'every problem is told', given: { name: 'Ada', language: 1, note: 2 }, want: defaults, problems: ['spec.language must be one of English, Dutch; correct it. Until then "English" holds.', 'spec.note must be a string; correct it. Until then it is ignored.'] }
]

for (const { name, given, want, problems = [] } of rows) {
  t.test(name, async (t) => {
    const read = readSpec(greeting, deepFreeze(given))
    t.strictSame(read.spec, want)
    t.strictSame(read.problems.map(({ message }) => message), problems)
  })
}

t.test('an empty map in place of an empty list is a wrong type, too', async (t) => {
  const names = { spec: Type.Object({ section: section({ names: Type.Array(Type.String(), { default: [] }) }) }) }
  const { spec, problems } = readSpec(names, { section: { names: {} } })
  t.strictSame(spec, { section: { names: [] } })
  t.strictSame(problems, [{ field: 'spec.section.names', message: 'spec.section.names must be an array; correct it. Until then [] holds.' }])
})

t.test('a required field that is missing is fatal', async (t) => {
  t.strictSame(readSpec(greeting, {}).problems, [{ field: 'spec.name', message: 'spec.name is missing; correct it', fatal: true }])
})

t.test('a required field that is wrong is fatal', async (t) => {
  t.strictSame(readSpec(greeting, { name: 5 }).problems, [{ field: 'spec.name', message: 'spec.name must be a string; correct it', fatal: true }])
})

t.test('a required field that is wrong is then missing: it is put into sentences, and not everything can be made a text', async (t) => {
  t.strictSame(Object.keys(readSpec(greeting, { name: { toString: 5 } }).spec).includes('name'), false)
})

t.test('beside a fatal mistake the others are mended all the same', async (t) => {
  const { spec, problems } = readSpec(mlflowModel, { modelAlias: 'champion', rollout: { steps: 'x' } })
  t.strictSame(problems.map(({ field, fatal = false }) => ({ field, fatal })), [{ field: 'spec.modelName', fatal: true }, { field: 'spec.rollout.steps', fatal: false }])
  t.strictSame((spec['rollout'] as { steps: number[] }).steps, [10, 20, 30, 40, 50, 60, 70, 80, 90])
})

t.test('no spec is fatal, and has the defaults all the same: a rollout under way goes back by them', async (t) => {
  for (const given of [undefined, null, 'x', []]) t.match(readSpec(greeting, given), { spec: { language: 'English', timing: { every: '1h' } }, problems: [{ field: 'spec', fatal: true }] })
})

t.test('of a list with a million mistakes only the first is looked for, and unknown fields may be of any depth', async (t) => {
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown
  const { spec, problems } = readSpec(mlflowModel, { modelName: 'm', modelAlias: 'a', deep, rollout: { steps: Array.from({ length: 1_000_000 }, () => 'x'), approval: deep } })
  t.strictSame(problems.map(({ field }) => field), ['spec.rollout.steps', 'spec.rollout.approval'])
  t.strictSame(Object.keys(spec).includes('deep'), false)
})

t.test('a quantity is a number that can be sent', async (t) => {
  const { problems } = readSpec(mlflowModel, { modelName: 'm', modelAlias: 'a', serving: { resources: { limits: { cpu: 1e308 } } } })
  t.strictSame(problems.map(({ field }) => field), ['spec.serving.resources.limits.cpu'])
})

t.test('defaults are not shared between two readings', async (t) => {
  const first = readSpec(greeting, { name: 'Ada' }).spec as { copies: number[] }
  first.copies.push(2)
  t.strictSame(readSpec(greeting, { name: 'Ada' }).spec, defaults)
})

t.test('a key "__proto__" or "constructor" is a key like any other', async (t) => {
  const given: unknown = JSON.parse('{"name":"Ada","__proto__":{"note":"x"},"timing":{"tags":{"__proto__":"a","constructor":"b"}}}')
  const { spec, problems } = readSpec(greeting, given)
  t.strictSame(problems, [])
  t.equal(spec.note, undefined)
  t.strictSame(Object.keys((spec.timing as { tags: object }).tags), ['__proto__', 'constructor'])
  t.equal(({} as { note?: string }).note, undefined, 'no prototype was changed')
})
