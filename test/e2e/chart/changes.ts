// What values change: the objects that come and go against the defaults, and every field of the others that differs.
import { createPatch } from 'rfc6902'
import { nameOf, type Rendered } from './render.ts'

/** By object: the whole of one that is new, `gone`, or what became of its fields, as JSON patch. */
export function changesOf (before: Rendered[], after: Rendered[]): Record<string, unknown> {
  const [old, now] = [before, after].map((objects) => new Map(objects.map((object) => [nameOf(object), settle(object)] as const))) as [Map<string, Rendered>, Map<string, Rendered>]
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted()
  return Object.fromEntries(names.flatMap((name) => {
    const change = changeOf(old.get(name), now.get(name))
    return change === undefined ? [] : [[name, change]]
  }))
}

function changeOf (before: Rendered | undefined, after: Rendered | undefined): unknown {
  if (before === undefined) return after
  if (after === undefined) return 'gone'
  const patch = createPatch(before, after).map((operation) => ({ ...operation }))
  return patch.length === 0 ? undefined : patch
}

/** A generated token is another one each time. */
function settle (object: Rendered): Rendered {
  if (object.kind !== 'Secret') return object
  return { ...object, data: Object.fromEntries(Object.keys(object['data'] as object).map((key) => [key, '(random)'])) }
}
