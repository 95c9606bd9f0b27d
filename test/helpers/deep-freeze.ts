// Freezes test input to its depths, so that code which changes what it was given fails loudly.

/** The same value, frozen with everything in it. Values that are already frozen are taken as frozen to their depths. */
export function deepFreeze<T> (value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const field of Object.values(value)) deepFreeze(field)
  return value
}
