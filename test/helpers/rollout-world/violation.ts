// The error of a broken invariant.

/** Says which sentence of the design does not hold, and what was seen in its place. */
export class Violation extends Error {
  override name = 'Violation'
}

/** Throws unless the sentence holds; `seen` is only asked for then. */
export function insist (holds: boolean, sentence: string, seen: () => unknown = () => undefined): void {
  if (holds) return
  throw new Violation(`not true: ${sentence}\n${describe(seen())}`)
}

/** One line a field; conditions and managedFields are noise here. */
function describe (seen: unknown): string {
  if (seen === null || typeof seen !== 'object') return `seen: ${JSON.stringify(seen)}`
  const hide = (key: string, value: unknown) => key === 'conditions' || key === 'managedFields' ? undefined : value
  return Object.entries(seen).map(([field, value]) => `  ${field}: ${JSON.stringify(value, hide)}`).join('\n')
}
