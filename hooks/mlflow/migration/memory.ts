// What a migration remembers, and its text. It travels in the annotation of the server's Deployment, written by the same PUT as the replicas and the template
// that it explains; Jobs carry the one by which they were ordered (recall.ts).
import { Type, type Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { defined, isMap, isSendable } from '../../core/plain-value.ts'
import type { Template } from '../../core/pod-template.ts'
import { instant, oneOf } from '../../core/schema.ts'
import { Revision } from './result.ts'

export const STAGES = ['Preflight', 'ScalingDown', 'Migrating', 'RollingOut', 'Settled', 'Failed', 'Restoring'] as const
const Stage = oneOf(STAGES)
export type Stage = Static<typeof Stage>

/** Why an attempt was begun. */
const Trigger = oneOf(['bootstrap', 'version-upgrade', 'stores', 'desired-generation', 'force-rerun'])
export type Trigger = Static<typeof Trigger>

const count = Type.Integer({ minimum: 1, maximum: 1_000_000_000 })

/** What an attempt is for. */
const Target = Type.Object({ image: Type.String({ maxLength: 1024 }), storesKey: Type.String({ maxLength: 64 }), generation: Type.Integer({ minimum: 0 }) })
export type Target = Static<typeof Target>

/** `restored`: nothing was touched, and what ran before was brought back. `stage`: in which it failed. */
const Problem = Type.Object({
  stage: oneOf(['Preflight', 'Migrating']),
  message: Type.String({ maxLength: 1024 }),
  terminal: Type.Boolean(),
  restored: Type.Optional(Type.Boolean()),
  /** For people: what became of the databases. */
  changes: Type.Optional(Type.String({ maxLength: 512 }))
})
export type Problem = Static<typeof Problem>

/**
 * What is waited for, and until when at most: the next try; that a Job which is gone has left no pod behind; what the poller has to tell of a Job that is over;
 * pods that are ending.
 */
const Wait = Type.Object({ for: oneOf(['retry', 'gone', 'result', 'pods']), until: instant() })
export type Wait = Static<typeof Wait>

const AnyTemplate = Type.Unsafe<Template>(Type.Object({ metadata: Type.Object({}), spec: Type.Object({ containers: Type.Array(Type.Object({}), { minItems: 1 }) }) }))

export const MigrationMemory = Type.Object({
  /** Grows with each change: of several memories the newest counts. */
  sequence: count,
  /** Number of the newest attempt. */
  attempt: count,
  stage: Stage,
  trigger: Trigger,
  target: Target,
  /** Tries of this attempt, begun, by the kind of Job; they are part of the Jobs' names. */
  preflights: count,
  migrations: count,
  /** Jobs of this stage that were deleted while they ran. */
  lost: Type.Optional(count),
  /** The Job of this try has been seen. */
  seen: Type.Optional(Type.Boolean()),
  wait: Type.Optional(Wait),
  /** What served when the attempt was begun. `revisions`: where the databases were while it did, as a preflight has read them. */
  before: Type.Optional(Type.Object({ template: AnyTemplate, replicas: count, revisions: Type.Optional(Type.Array(Revision, { minItems: 1, maxItems: 4 })) })),
  /** No pods may be there: nothing has ever run, or what ran may not fit the databases any more. */
  down: Type.Optional(Type.Boolean()),
  /** The preflight of this attempt has found that there is something to migrate. */
  needed: Type.Optional(Type.Boolean()),
  /** Version of MLflow that the image of the target has told. */
  version: Type.Optional(Type.String({ maxLength: 64 })),
  /** Where the databases are now, for people. */
  changes: Type.Optional(Type.String({ maxLength: 512 })),
  /** The newest failure of this attempt. */
  problem: Type.Optional(Problem),
  /** What was completed last. */
  settled: Type.Optional(Type.Object({ image: Type.String({ maxLength: 1024 }), version: Type.Optional(Type.String({ maxLength: 64 })) }))
})
export type MigrationMemory = Static<typeof MigrationMemory>

const check = TypeCompiler.Compile(MigrationMemory)

/** The annotation's text: keys in the order of the alphabet, so that equal memories are equal texts. */
export function formatMemory (memory: MigrationMemory): string {
  return JSON.stringify(defined(memory), sortedKeys)
}

/** Memory in an annotation's text; undefined when it is none of ours. */
export function parseMemory (text: string | undefined): MigrationMemory | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return check.Check(value) && isSendable(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The same memory with these fields; undefined ones are taken out. */
export function withFields (memory: MigrationMemory, fields: { [K in keyof MigrationMemory]?: MigrationMemory[K] | undefined }): MigrationMemory {
  return defined({ ...memory, ...fields }) as MigrationMemory
}

/** In another stage: nothing of it has been waited for, seen or lost yet. */
export function inStage (memory: MigrationMemory, stage: Stage, fields: Parameters<typeof withFields>[1] = {}): MigrationMemory {
  return withFields(memory, { stage, lost: undefined, seen: undefined, wait: undefined, ...fields })
}

function sortedKeys (_key: string, value: unknown): unknown {
  return isMap(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1)) : value
}
