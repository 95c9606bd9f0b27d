// Feeds a kind its own answers, as Metacontroller would, until nothing changes any more. Nobody else does anything.
import { isDeepStrictEqual } from 'node:util'
import { answerSync } from '../../hooks/core/answer.ts'
import { UnprocessableError, type Kind } from '../../hooks/core/kind.ts'
import { isMap } from '../../hooks/core/plain-value.ts'
import { objectMapKey, type Child, type KubeObject, type ObjectMap, type SyncRequest, type SyncResponse } from '../../hooks/core/request.ts'
import { deepFreeze } from './deep-freeze.ts'
import { mergeApply } from './rollout-world/merge.ts'

/** More decisions than any state takes before it has to wait for somebody. */
const ROUNDS = 12

/** Whether the kind stops writing; a refusal writes nothing. */
export function comesToRest (kind: Kind, input: SyncRequest): boolean {
  let request = input
  for (let round = 0; round < ROUNDS; round++) {
    const answer = answerOrRefusal(kind, request)
    if (answer instanceof UnprocessableError) return true
    const next = feedBack(request, answer)
    if (isDeepStrictEqual(next, request)) return true
    request = deepFreeze(next)
  }
  return false
}

/** The answer, or the refusal of a spec that cannot be honoured; any other error is thrown. */
export function answerOrRefusal (kind: Kind, request: SyncRequest): SyncResponse | UnprocessableError {
  try {
    return answerSync(kind, request)
  } catch (error) {
    if (error instanceof UnprocessableError) return error
    throw error
  }
}

/** The next call, with the answer applied to status and children. */
export function feedBack (request: SyncRequest, { status, children }: SyncResponse): SyncRequest {
  const { parent } = request
  const reported = { ...status, observedGeneration: parent.metadata.generation }
  const kept: ObjectMap = Object.fromEntries(Object.keys(request.children).map((key) => [key, {}]))
  for (const child of children) {
    const key = objectMapKey(child.apiVersion, child.kind)
    const namespace = child.metadata.namespace ?? parent.metadata.namespace
    const name = namespace === undefined ? child.metadata.name : `${namespace}/${child.metadata.name}`
    kept[key] = { ...kept[key], [name]: applied(request, request.children[key]?.[name], child) }
  }
  return { ...request, parent: { ...parent, status: reported }, children: kept }
}

/** The observed object with what is wanted merged into it; what the server owns stays. Whatever was there before is taken as applied by us. */
function applied (request: SyncRequest, observed: KubeObject | undefined, child: Child): KubeObject {
  if (!observed) {
    return { ...child, metadata: { ...child.metadata, uid: `uid-${child.kind}-${child.metadata.name}`, ...request.parent.metadata.creationTimestamp && { creationTimestamp: request.parent.metadata.creationTimestamp } } }
  }
  const { status: _status, metadata: _metadata, ...owned } = observed
  const merged = mergeApply(observed, owned, child) as KubeObject
  return { ...merged, ...(observed.status !== undefined && { status: observed.status }), metadata: { ...observed.metadata, ...noted(observed, child), labels: { ...observed.metadata.labels, ...child.metadata.labels }, annotations: { ...observed.metadata.annotations, ...child.metadata.annotations } } }
}

/** Server-side apply notes which fields of the spec were sent, and hooks tell by it whose a field is. */
function noted ({ metadata: { managedFields } }: KubeObject, { spec }: Child): Pick<KubeObject['metadata'], 'managedFields'> {
  if (!managedFields?.some(({ operation }) => operation === 'Apply')) return {}
  const sent = Object.fromEntries(Object.keys(isMap(spec) ? spec : {}).map((field) => [`f:${field}`, {}]))
  return { managedFields: managedFields.map((write) => write.operation === 'Apply' && isMap(write.fieldsV1) ? { ...write, fieldsV1: { ...write.fieldsV1, 'f:spec': sent } } : write) }
}
