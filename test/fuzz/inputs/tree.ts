// A JSON value as a tree of places, so that an edit can be told by a number. Texts that hold JSON are opened, and become texts again.

export type Json = Record<string, unknown>
export type Place = { holder: Json | unknown[], key: string }

export function isObject (value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** A text, or an empty one for anything else: not everything can be made into one. */
export function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Every place below a value, in order, at most `limit`. */
export function placesIn (root: unknown, limit = 4000): Place[] {
  const places: Place[] = []
  const open: unknown[] = [root]
  for (let at = 0; at < open.length && places.length < limit; at++) {
    const holder = open[at]
    if (holder === null || typeof holder !== 'object') continue
    for (const key of Object.keys(holder)) {
      places.push({ holder: holder as Json, key })
      open.push(valueAt({ holder: holder as Json, key }))
    }
  }
  return places
}

export function valueAt ({ holder, key }: Place): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value
}

/** Sets by definition, for an assignment to "__proto__" sets a prototype. */
export function setAt ({ holder, key }: Place, value: unknown): void {
  if (Array.isArray(holder) && key === 'length') return
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

export function removeAt ({ holder, key }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1)
  else delete holder[key]
}

/** Texts of annotations that hold JSON are replaced by what they hold. Changes the value. */
export function openTexts (root: unknown): void {
  for (const place of annotationsIn(root)) {
    const text = valueAt(place)
    if (typeof text !== 'string' || !/^[{[]/.test(text)) continue
    try {
      setAt(place, JSON.parse(text))
    } catch {
      // It stays what it is.
    }
  }
}

/** The other way round. */
export function closeTexts (root: unknown): void {
  for (const place of annotationsIn(root)) {
    const value = valueAt(place)
    if (typeof value === 'object' && value !== null) setAt(place, JSON.stringify(value))
  }
}

/** The annotations of the parent and of each child, where the request still has that shape. */
function annotationsIn (root: unknown): Place[] {
  return objectsIn(root).flatMap((object) => {
    const annotations = isObject(object.metadata) ? object.metadata.annotations : undefined
    return isObject(annotations) ? Object.keys(annotations).map((key) => ({ holder: annotations, key })) : []
  })
}

function objectsIn (root: unknown): Json[] {
  if (!isObject(root)) return []
  return [root.parent, ...childrenIn(root)].filter(isObject)
}

/** All observed children of a request. */
export function childrenIn (root: Json): Json[] {
  const kinds = isObject(root.children) ? Object.values(root.children) : []
  return kinds.filter(isObject).flatMap((objects) => Object.values(objects)).filter(isObject)
}
