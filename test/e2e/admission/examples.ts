// What the test of admission needs to know of a kind.

export interface Examples {
  /** File of the CRD. */
  crd: string
  /** Has a value wherever the schema constrains one. */
  complete: object
  /** For each rule in CEL, by the beginning of its message: objects that break it. */
  rules: Record<string, unknown[]>
  /** Rules that nothing can break yet, and why. */
  unbreakable: Record<string, string>
  /** Objects with values that `complete` cannot have, for they exclude others; by their path. */
  elsewhere: Record<string, unknown>
}
