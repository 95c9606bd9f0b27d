// What a schema knows of a value.
import t from 'tap'
import { Type } from '@sinclair/typebox'
import { pruned } from '../../hooks/core/prune.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'

const schema = Type.Object({
  list: Type.Optional(Type.Array(Type.Object({ a: Type.Optional(Type.Number()) }))),
  map: Type.Optional(Type.Record(Type.String(), Type.Object({ a: Type.Optional(Type.Number()) }))),
  open: Type.Optional(Type.Object({ a: Type.Optional(Type.Number()) }, { 'x-kubernetes-preserve-unknown-fields': true })),
  text: Type.Optional(Type.String())
})

const rows: Array<{ name: string, given: string, want: string }> = [
  { name: 'unknown fields are left out, in lists and maps, too', given: '{"x":1,"list":[{"a":1,"b":2}],"map":{"k":{"a":1,"b":2}}}', want: '{"list":[{"a":1}],"map":{"k":{"a":1}}}' },
  { name: 'keys of a map are the user\'s, whatever they are', given: '{"map":{"__proto__":{"a":1},"constructor":{}}}', want: '{"map":{"__proto__":{"a":1},"constructor":{}}}' },
  { name: 'but for keys with a line end, which no check looks at', given: '{"map":{"a\\nb":null,"c":{"a":1}}}', want: '{"map":{"c":{"a":1}}}' },
  { name: 'where unknown fields are to be kept they are', given: '{"open":{"a":1,"b":{"c":2}}}', want: '{"open":{"a":1,"b":{"c":2}}}' },
  { name: 'what does not fit is left for a check to find', given: '{"list":{"x":1},"map":[1],"text":{"x":[]}}', want: '{"list":{"x":1},"map":[1],"text":{"x":[]}}' },
  { name: 'what is no object is as it is', given: '7', want: '7' }
]

for (const { name, given, want } of rows) {
  t.test(name, async (t) => {
    t.equal(JSON.stringify(pruned(schema, deepFreeze(JSON.parse(given) as unknown))), want)
  })
}
