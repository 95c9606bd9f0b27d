import fc from 'fast-check'
import t from 'tap'
import { parseItems } from '../../../poller/http/json-items.ts'

const all = (item: unknown) => item

t.test('each item is replaced by what is kept of it', async (t) => {
  const answer = { items: [{ name: 'a', bulk: 'x' }, { name: 'b', bulk: { deep: ['"}]', '\\'] } }], next: 'token' }
  const keep = (item: unknown) => (item as { name: string }).name
  for (const text of [JSON.stringify(answer), JSON.stringify(answer, null, 2)]) t.strictSame(parseItems(text, { key: 'items', keep }), { items: ['a', 'b'], next: 'token' })
})

t.test('an answer without such a list is parsed as it is', async (t) => {
  for (const text of ['{}', '[]', '7', '"items"', '{"items":{"a":1}}', '{"other":[1],"items":null}', '{"nested":{"items":[1]}}']) {
    t.strictSame(parseItems(text, { key: 'items', keep: () => 'kept' }), JSON.parse(text), text)
  }
})

t.test('of a list that is there twice the first counts', async (t) => {
  t.strictSame(parseItems('{"items":[1],"items":[2],"other":1,"other":2}', { key: 'items', keep: all }), { items: [1], other: 2 })
})

t.test('what is no JSON is refused', async (t) => {
  const texts = ['{"items":[1', '{"items":[1,', '{"items":[1,]}', '{"items":[,1]}', '{"items":[1 2]}', '{"items":[{]}]}', '{"items":["a]}', '{"items":[1]', '{"items":[1]}}', '{"items" [1]}', '{"items":[{"a":1]]}', '{"items":[01]}', '<html>', '', '{"a":"\\', '{"items":[[}]}']
  for (const text of texts) t.throws(() => parseItems(text, { key: 'items', keep: all }), SyntaxError, text)
})

t.test('any JSON is what JSON.parse makes of it, and any text is refused that JSON.parse refuses', async (t) => {
  fc.assert(fc.property(fc.record({ items: fc.array(fc.jsonValue()), other: fc.jsonValue() }), fc.constantFrom(0, 2), fc.nat(), (answer, indent, cut) => {
    const text = JSON.stringify(answer, null, indent)
    t.strictSame(parseItems(text, { key: 'items', keep: all }), JSON.parse(text))
    const broken = text.slice(0, cut % text.length)
    t.throws(() => parseItems(broken, { key: 'items', keep: all }))
  }), { numRuns: 200 })
})
