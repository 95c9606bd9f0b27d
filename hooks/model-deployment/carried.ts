// What the Job and the Deployment of a version carry in an annotation: which version it is, and of a Deployment its pods' template, so that it is asked for
// again as it is after the spec has moved on, and after an upgrade of Sluice.
import { Type, type Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { STATE_ANNOTATION, VERSION_LABEL } from '../core/labels.ts'
import { contentHash } from '../core/names.ts'
import { isSendable } from '../core/plain-value.ts'
import type { Template } from '../core/pod-template.ts'
import type { KubeObject } from '../core/request.ts'
import { Version } from './schema/status.ts'

const Carried = Type.Object({
  version: Version,
  /** Of the template: one that somebody has changed is none. */
  hash: Type.Optional(Type.String({ maxLength: 16 })),
  template: Type.Optional(Type.Unsafe<Template>(Type.Object({ metadata: Type.Object({}), spec: Type.Object({ containers: Type.Array(Type.Object({}), { minItems: 1 }) }) })))
})
export type Carried = Static<typeof Carried>

const check = TypeCompiler.Compile(Carried)

export function formatCarried ({ version, template }: Omit<Carried, 'hash'>): string {
  const { id, attempt, content, tries, version: name, runtime, startedAt, found } = version
  return JSON.stringify({ version: { id, attempt, content, tries, version: name, runtime, startedAt, ...(found && { found }) }, ...(template && { hash: contentHash(template), template }) })
}

/** What an observed Job or Deployment carries; undefined where that cannot be read, or is another's. */
export function parseCarried ({ metadata }: KubeObject): Carried | undefined {
  const text = metadata.annotations?.[STATE_ANNOTATION]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (!check.Check(value) || !isSendable(value)) return undefined
    const isWhole = value.template === undefined || contentHash(value.template) === value.hash
    return isWhole && value.version.id === metadata.labels?.[VERSION_LABEL] ? value : undefined
  } catch {
    return undefined
  }
}
