// What an answer must not be. The message is what a person reads beside the counterexample.

export class Violation extends Error {
  override name = 'Violation'
}

export function demand (holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new Violation(message())
}
