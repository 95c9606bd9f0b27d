// What an MLModel remembers, and where: in an annotation of the Deployment, written by the same PUT as the template it explains, and in brief on the
// Service, for the time before there is a Deployment and after it was deleted. Of a memory that is lost, what runs is made out from the Deployment itself.
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler'
import { DownloadResult } from '../core/download.ts'
import { STATE_ANNOTATION } from '../core/labels.ts'
import { defined, isSendable } from '../core/plain-value.ts'
import type { Template } from '../core/pod-template.ts'
import { findChild, type KubeObject, type SyncRequest } from '../core/request.ts'
import { instant, oneOf } from '../core/schema.ts'
import { runningVersion } from './restore.ts'
import { DEPLOYMENT, SERVICE, serverName } from './resources/names.ts'
import { isImpossible, wantedOf } from './wanted.ts'
import type { Spec, Status } from './schema.ts'

const hash = Type.String({ maxLength: 16 })
const name = Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' })

/** A volume as it was asked for. `uid`: of the claim that the model was downloaded to; empty where that is not known. */
export const Volume = Type.Object({
  name,
  uid: Type.String({ maxLength: 64 }),
  size: Type.String({ maxLength: 32 }),
  storageClassName: Type.String({ maxLength: 253 }),
  accessMode: oneOf(['ReadWriteOnce', 'ReadWriteMany'])
})
export type Volume = Static<typeof Volume>

/** A model that lies whole on a volume. `key` and `content` are those of the spec that wanted it (wanted.ts). `found`: what the download said, once the poller told. */
export const Model = Type.Object({
  key: hash,
  content: hash,
  uri: Type.String({ maxLength: 1024 }),
  folder: Type.String({ maxLength: 512 }),
  fileName: Type.String({ maxLength: 1024 }),
  /** Path of predictions. */
  predict: Type.String({ maxLength: 256 }),
  volume: Volume,
  downloadedAt: Type.Optional(instant()),
  found: Type.Optional(DownloadResult)
})
export type Model = Static<typeof Model>

const version = { model: Model, recipe: hash }

/** A model with the pods that serve it. */
export const Version = Type.Object({ ...version, template: Type.Unsafe<Template>(Type.Object({ metadata: Type.Object({}), spec: Type.Object({ containers: Type.Array(Type.Object({}), { minItems: 1 }) }) })) })
export type Version = Static<typeof Version>

/** What failed for good; `key` is that of a download or of a start. */
export const Failure = Type.Object({ key: hash, reason: Type.String({ maxLength: 128 }), message: Type.String({ maxLength: 1024 }) })
export type Failure = Static<typeof Failure>

/** Failures remembered, newest first. */
export const FAILURES_KEPT = 5

const attempt = Type.Integer({ minimum: 1, maximum: 1_000_000 })

const rest = {
  attempt,
  /** The attempt in which the source was looked up, where those after it have only started pods again. */
  lookedUpIn: Type.Optional(attempt),
  /** Downloaded for the spec, and not served by the accepted version. */
  fetched: Type.Optional(Model),
  /** Volumes of versions whose pods may still be there. */
  leaving: Type.Optional(Type.Array(Volume, { maxItems: 16 })),
  failed: Type.Optional(Type.Array(Failure, { maxItems: FAILURES_KEPT }))
}

/** `accepted`: all its pods once answered, or of the very first version one of them. `candidate`: its template is in the Deployment, and it is to become the accepted one. */
export const Memory = Type.Object({ ...rest, accepted: Type.Optional(Version), candidate: Type.Optional(Version) })
export type Memory = Static<typeof Memory>

/** Without templates: whoever may write Services must not be able to choose what pods run. */
const BriefMemory = Type.Object({ ...rest, accepted: Type.Optional(Type.Object(version)), candidate: Type.Optional(Type.Object(version)) })
export type BriefMemory = Static<typeof BriefMemory>

const checks = { full: TypeCompiler.Compile(Memory), brief: TypeCompiler.Compile(BriefMemory) }

/** The annotation's text. Throws where it could not be read back: that would lose the memory with the next sync, so rather no answer at all. */
export function formatMemory ({ attempt, lookedUpIn, accepted, candidate, fetched, leaving, failed }: Memory): string {
  const memory = { attempt, lookedUpIn, accepted, candidate, fetched, leaving: someOf(leaving), failed: someOf(failed) }
  if (!checks.full.Check(defined(memory))) throw new Error('the memory of the model does not fit its own schema')
  return JSON.stringify(memory)
}

export function formatBriefMemory ({ attempt, lookedUpIn, accepted, candidate, fetched, leaving, failed }: Memory): string {
  return JSON.stringify({ attempt, lookedUpIn, accepted: accepted && brief(accepted), candidate: candidate && brief(candidate), fetched, leaving: someOf(leaving), failed: someOf(failed) })
}

function someOf<T> (list: T[] | undefined): T[] | undefined {
  return list?.length ? list : undefined
}

function brief ({ model, recipe }: Version): BriefMemory['accepted'] {
  return { model, recipe }
}

/** The attempt that identities of downloads hold. */
export function lookupOf ({ attempt, lookedUpIn = attempt }: Pick<Memory, 'attempt' | 'lookedUpIn'>): number {
  return lookedUpIn
}

/** `written`: the memory is that of the Deployment, so its template is the candidate's, or the accepted one's. */
export type Recalled = { memory: Memory, written: boolean }

/** The memory of the object; the attempt of the status counts only where there is none. */
export function recall (request: SyncRequest<Spec, Status>): Recalled {
  const name = serverName(request.parent.metadata.name)
  const deployment = findChild(request, DEPLOYMENT, name)
  const full = parse(checks.full, deployment)
  // There is a Deployment for a version only: one that remembers none has lost its memory, and what it runs is not to go.
  if (full?.accepted ?? full?.candidate) return { memory: full as Memory, written: true }
  const noted = parse(checks.brief, findChild(request, SERVICE, name)) ?? { attempt: request.parent.status?.attempt ?? 1 }
  return { memory: deployment ? runningVersion(request, deployment, noted) : remade(request, noted), written: false }
}

/** The memory in brief, with the templates that the spec still gives: without a Deployment, nothing else is known of them. */
function remade (request: SyncRequest<Spec, Status>, { accepted, candidate, ...memory }: BriefMemory): Memory {
  const wanted = wantedOf(request, lookupOf(memory))
  const again = isImpossible(wanted) ? undefined : [accepted, candidate].find((version) => version && version.recipe === wanted.recipe && version.model.content === wanted.content)
  if (!again || isImpossible(wanted)) return memory
  const version = { ...again, template: wanted.template(again.model) }
  return again === accepted ? { ...memory, accepted: version } : { ...memory, candidate: version }
}

function parse<T extends TSchema> (check: TypeCheck<T>, object: KubeObject | undefined): Static<T> | undefined {
  const text = object?.metadata.annotations?.[STATE_ANNOTATION]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return check.Check(value) && isSendable(value) ? value : undefined
  } catch {
    return undefined
  }
}
