// Types of spdx-satisfies, which brings none.
declare module 'spdx-satisfies' {
  /** Whether an SPDX expression is satisfied by having these licences. Throws on what is no SPDX. */
  function satisfies (expression: string, approved: string[]): boolean
  export = satisfies
}
