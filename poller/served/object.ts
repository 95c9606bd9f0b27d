// What is kept of the objects whose stories are told from their status, and small things that their stories share.
import { API_GROUP } from '../../hooks/core/kind.ts'
import type { KubeObject, Metadata } from '../../hooks/core/request.ts'
import type { Condition } from '../../hooks/core/schema.ts'
import type { Slim } from '../model.ts'
import { pick } from '../pick.ts'
import { createShare } from '../sharing.ts'

const METADATA = ['name', 'namespace', 'uid', 'generation', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp'] as const satisfies Array<keyof Metadata>
const CONDITION = ['type', 'status', 'reason', 'lastTransitionTime'] as const satisfies Array<keyof Condition>

export type KeptConditions = { conditions?: Array<Pick<Condition, typeof CONDITION[number]> & Partial<Pick<Condition, 'message'>>> }

/** Names of what is kept of spec and status, and of which conditions; `messages`: of which of these the sentence, too. */
export type Kept = { spec: readonly string[], status: readonly string[], conditions: readonly string[], messages?: readonly string[] }

/** A function that keeps that much of an object. */
export function createSlimServed (kept: Kept): Slim {
  const share = createShare()
  return ({ apiVersion, kind, metadata, spec, status }) => ({
    apiVersion: share(apiVersion),
    kind: share(kind),
    metadata: slimMetadata(metadata),
    spec: pick(spec as Record<string, unknown>, kept.spec),
    ...(status !== undefined && { status: slimStatus(status as KeptConditions & Record<string, unknown>, kept) })
  })

  function slimStatus ({ conditions, ...status }: KeptConditions & Record<string, unknown>, { status: fields, conditions: told, messages = [] }: Kept): object {
    const some = conditions?.filter(({ type }) => told.includes(type)).map((condition) => ({ ...pick(condition, messages.includes(condition.type) ? [...CONDITION, 'message'] : CONDITION), type: share(condition.type), status: share(condition.status), reason: share(condition.reason) }))
    return { ...pick(status, ['nextDeadline', ...fields]), ...(some && { conditions: some }) }
  }
}

function slimMetadata (metadata: Metadata): KubeObject['metadata'] {
  const ours = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(`${API_GROUP}/`))
  return { ...pick(metadata, METADATA), ...(ours.length > 0 && { annotations: Object.fromEntries(ours) }) }
}

/** A condition of a status. */
export function findCondition (status: Partial<KeptConditions> | undefined, type: string): NonNullable<KeptConditions['conditions']>[number] | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.5 GiB`, for people. */
export function sizeOf (bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  return `${unit === 0 ? bytes : Number((bytes / 1024 ** unit).toPrecision(3))} ${UNITS[unit]}`
}
