// What may be in an answer. Each row is one value that Metacontroller or the API server would make a crash, a loop or another value of.
import fc from 'fast-check'
import t from 'tap'
import { checkValue, defined, isMap, withoutEmpty, WrongAnswerError } from '../../hooks/core/plain-value.ts'

class Point { x = 1 }

const without = Object.assign(Object.create(null) as object, { a: 1 })

const fine: Array<{ name: string, value: unknown, path?: string }> = [
  { name: 'text, even empty, may be sent', value: ['', 'text'] },
  { name: 'true and false may be sent', value: [true, false] },
  { name: 'whole and broken numbers may be sent', value: [0, -1, 0.5, 1e300 / 1e290, Number.MAX_SAFE_INTEGER] },
  { name: 'maps in lists in maps may be sent', value: { a: [{ b: [1] }] } },
  { name: 'a map without a prototype may be sent', value: without },
  { name: 'an empty emptyDir says which kind of volume', value: { volumes: [{ name: 'tmp', emptyDir: {} }] } },
  { name: 'an empty podSelector says every pod', value: { spec: { podSelector: {} } } },
  { name: 'an empty namespaceSelector says every namespace', value: { from: [{ namespaceSelector: {} }] } },
  { name: 'an empty map that is an item of a list counts', value: { ingress: [{}] } },
  { name: 'a meaningful empty map counts at the top too', value: {}, path: 'children[0].spec.emptyDir' }
]

for (const { name, value, path = 'at' } of fine) {
  t.test(name, async (t) => {
    t.doesNotThrow(() => checkValue(value, path))
  })
}

// eslint-disable-next-line no-sparse-arrays
const holed = [1, , 3]

const wrong: Array<{ name: string, value: unknown, message: string }> = [
  { name: 'null is refused', value: { a: { b: null } }, message: 'at.a.b: is null; leave the field out' },
  { name: 'undefined is refused', value: { a: undefined }, message: 'at.a: is undefined; leave the field out' },
  { name: 'a hole in a list is refused, for JSON makes null of it', value: holed, message: 'at[1]: is undefined; leave the field out' },
  { name: 'an empty list is refused', value: { a: [] }, message: 'at.a: is an empty list; leave the field out' },
  { name: 'an empty list in a list is refused', value: [[]], message: 'at[0]: is an empty list; leave the field out' },
  { name: 'an empty map is refused', value: { a: { labels: {} } }, message: 'at.a.labels: is an empty map; leave the field out' },
  { name: 'a field whose name only ends like a meaningful one is refused', value: { notemptyDir: {} }, message: 'at.notemptyDir: is an empty map; leave the field out' },
  { name: 'NaN is refused', value: [NaN], message: 'at[0]: NaN is no plain JSON' },
  { name: 'infinity is refused', value: -Infinity, message: 'at: -Infinity is no plain JSON' },
  { name: 'a whole number that JSON readers round is refused', value: 2 ** 53, message: 'at: 9007199254740992 is beyond what a number holds exactly' },
  { name: 'a bigint is refused', value: 1n, message: 'at: a bigint is no plain JSON' },
  { name: 'a function is refused', value: { toJSON: () => 'x' }, message: 'at.toJSON: a function is no plain JSON' },
  { name: 'a symbol is refused', value: Symbol('x'), message: 'at: a symbol is no plain JSON' },
  { name: 'a date is refused', value: { when: new Date(0) }, message: 'at.when: a object is no plain JSON' },
  { name: 'an instance of a class is refused', value: new Point(), message: 'at: a object is no plain JSON' }
]

for (const { name, value, message } of wrong) {
  t.test(name, async (t) => {
    t.throws(() => checkValue(value, 'at'), new WrongAnswerError(message))
  })
}

t.test('a refusal names the place and never the value', async (t) => {
  t.throws(() => checkValue({ password: { hunter2: undefined } }, 'data'), { name: 'WrongAnswerError', message: 'data.password.hunter2: is undefined; leave the field out' })
})

const maps: Array<{ name: string, value: unknown, want: boolean }> = [
  { name: 'a literal is a map', value: {}, want: true },
  { name: 'an object without a prototype is a map', value: without, want: true },
  { name: 'a list is none', value: [], want: false },
  { name: 'null is none', value: null, want: false },
  { name: 'text is none', value: 'text', want: false },
  { name: 'a Map is none', value: new Map(), want: false },
  { name: 'an instance of a class is none', value: new Point(), want: false }
]

for (const { name, value, want } of maps) {
  t.test(name, async (t) => {
    t.equal(isMap(value), want)
  })
}

t.test('what holds nothing is left out of what a user gave, to any depth; items of lists stay', async (t) => {
  const given = { requests: {}, limits: { cpu: 0 }, list: [], items: [{ a: {} }, { b: [], c: 1 }, []], deep: { er: { est: {} } }, text: '', no: false }
  t.strictSame(withoutEmpty(given), { limits: { cpu: 0 }, items: [{}, { c: 1 }], text: '', no: false })
  t.strictSame(withoutEmpty({}), {})
})

t.test('an empty map that says something stays', async (t) => {
  const given = { volumes: [{ name: 'tmp', emptyDir: {} }], from: [{ namespaceSelector: {} }], podSelector: {} }
  t.strictSame(withoutEmpty(given), given)
})

t.test('whatever a user gave may be sent after that', async () => {
  const key = fc.constantFrom('a', 'b', 'emptyDir', 'labelSelector')
  const { value } = fc.letrec<{ value: unknown, map: Record<string, unknown> }>((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, fc.string(), fc.integer(), fc.boolean(), fc.array(tie('value'), { maxLength: 3 }), tie('map')),
    map: fc.dictionary(key, tie('value'), { maxKeys: 3 })
  }))
  fc.assert(fc.property(fc.dictionary(key, value), (given) => {
    const cleaned = withoutEmpty(given)
    if (Object.keys(cleaned).length > 0) checkValue(cleaned, 'at')
  }), { numRuns: 500 })
})

t.test('fields that are undefined are none', async (t) => {
  t.strictSame(defined({ a: undefined, b: null, c: 0 }), { b: null, c: 0 })
})
