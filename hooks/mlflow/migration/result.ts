// What the program leaves in its termination message: the databases' revisions before and after, and that of the image (head).
import { Type, type Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'

const revision = Type.Union([Type.String({ maxLength: 64 }), Type.Null()])

const Told = Type.Object({
  version: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()])),
  stores: Type.Array(Type.Object({
    store: Type.String({ minLength: 1, maxLength: 64 }),
    dialect: Type.Optional(Type.String({ maxLength: 64 })),
    /** Of the tables as they are now. */
    schema: Type.Optional(Type.String({ maxLength: 64 })),
    before: Type.Optional(revision),
    after: Type.Optional(revision),
    head: Type.Optional(revision)
  }), { maxItems: 4 })
})

/** One database: its revision, '' for one without tables. `schema`: a digest of its tables and columns; `undoes`: a step that fails leaves nothing behind. */
export const Revision = Type.Object({
  store: Type.String({ minLength: 1, maxLength: 64 }),
  revision: Type.String({ maxLength: 64 }),
  schema: Type.Optional(Type.String({ maxLength: 64 })),
  undoes: Type.Optional(Type.Boolean())
})
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
    now: isKnown ? stores.map(nowOf) : [],
    atHead: isKnown && stores.every(({ after, head }) => typeof head === 'string' && after === head),
    changes: stores.map(({ store, before, after }) => `${store} ${nameOf(before)} → ${nameOf(after)}`).join(', ')
  }
}

function nowOf ({ store, after, schema, dialect }: Static<typeof Told>['stores'][number]): Revision {
  return { store, revision: after ?? '', ...(schema !== undefined && { schema }), ...(dialect === 'postgresql' && { undoes: true }) }
}

function nameOf (revision: string | null | undefined): string {
  if (revision === undefined) return 'unknown'
  return revision || 'empty'
}

/** Whether all databases are known to be as they were. Neither SQLite nor MySQL takes back a step that fails, so that there the revision alone tells nothing. */
export function isUnchanged (before: Revision[] | undefined, now: Revision[] | undefined): boolean {
  if (!before?.length || before.length !== now?.length) return false
  return before.every((was) => now.some((is) => isAtSame(was, is) && hasSameTables(was, is) === true))
}

/** For people: which databases are at the revision of before, and are not known to have its tables. Empty where there are none. */
export function leftBehind (before: Revision[] = [], now: Revision[] = []): string {
  const texts = now.flatMap((is) => {
    const was = before.find((other) => isAtSame(other, is))
    const isSame = was ? hasSameTables(was, is) : true
    if (isSame === true) return []
    return isSame === false
      ? [`tables of the ${is.store} store have changed though its revision has not: a step failed in its middle, and another try would fail at what it has left`]
      : [`whether a step that failed has left tables in the ${is.store} store is not known`]
  })
  return texts.join('; ')
}

function isAtSame (was: Revision, is: Revision): boolean {
  return was.store === is.store && was.revision === is.revision
}

/** Undefined where nobody knows. */
function hasSameTables (was: Revision, is: Revision): boolean | undefined {
  if (was.schema !== undefined && is.schema !== undefined) return was.schema === is.schema
  return was.undoes && is.undoes ? true : undefined
}
