// A part of an object.

/** A copy with these fields, as far as there are any. */
export function pick<T extends object, Key extends keyof T> (value: T, keys: readonly Key[]): Pick<T, Key> {
  const picked: Partial<Pick<T, Key>> = {}
  for (const key of keys) if (value[key] !== undefined) picked[key] = value[key]
  return picked as Pick<T, Key>
}
