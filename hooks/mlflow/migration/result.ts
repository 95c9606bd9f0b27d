// What the program leaves in its termination message: the databases' revisions before and after, and that of the image (head).
import { Type, type Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'

const revision = Type.Union([Type.String({ maxLength: 64 }), Type.Null()])

const Told = Type.Object({
  version: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()])),
  stores: Type.Array(Type.Object({
    store: Type.String({ minLength: 1, maxLength: 64 }),
    before: Type.Optional(revision),
    after: Type.Optional(revision),
    head: Type.Optional(revision)
  }), { maxItems: 4 })
})

/** One database: its revision, '' for one without tables; undefined where nobody knows. */
export const Revision = Type.Object({ store: Type.String({ minLength: 1, maxLength: 64 }), revision: Type.String({ maxLength: 64 }) })
export type Revision = Static<typeof Revision>

export type Result = {
  version?: string
  /** Where the databases are now. Empty where that is not known of all of them. */
  now: Revision[]
  /** Each of them is where the image wants it. */
  atHead: boolean
  /** For people: `backend abc → def`. */
  changes: string
}

const check = TypeCompiler.Compile(Told)

/** The result in a pod's fact; undefined when there is none that can be read. */
export function parseResult (text: string | undefined): Result | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return check.Check(value) ? resultOf(value) : undefined
  } catch {
    return undefined
  }
}

function resultOf ({ version, stores }: Static<typeof Told>): Result {
  const isKnown = stores.length > 0 && stores.every(({ after }) => after !== undefined)
  return {
    ...(version && { version }),
    now: isKnown ? stores.map(({ store, after }) => ({ store, revision: after ?? '' })) : [],
    atHead: isKnown && stores.every(({ after, head }) => typeof head === 'string' && after === head),
    changes: stores.map(({ store, before, after }) => `${store} ${nameOf(before)} → ${nameOf(after)}`).join(', ')
  }
}

function nameOf (revision: string | null | undefined): string {
  if (revision === undefined) return 'unknown'
  return revision || 'empty'
}

/** Whether all databases are known to be where they were. */
export function isUnchanged (before: Revision[] | undefined, now: Revision[] | undefined): boolean {
  if (!before?.length || before.length !== now?.length) return false
  return before.every(({ store, revision }) => now.some((found) => found.store === store && found.revision === revision))
}
