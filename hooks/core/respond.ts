// The one exit point of every answer to Metacontroller. A wrong answer deletes children, panics Metacontroller or loops;
// so what is not plainly right throws, which becomes a 500: everything in the cluster then stays as it is.
import type { ChildResource, Kind } from './kind.ts'
import { isAnnotationKey } from './labels.ts'
import { checkValue, isMap, WrongAnswerError } from './plain-value.ts'
import { mayReturn, type Child, type RelatedRule, type SyncRequest, type SyncResponse } from './request.ts'

/** What we own of a child's metadata. All else belongs to the API server or to Metacontroller. */
const OUR_METADATA = ['name', 'namespace', 'labels', 'annotations']

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/

/**
 * Checks the answer to a sync or finalize call and gives it back. Throws WrongAnswerError on null, undefined, empty maps and lists, numbers
 * that JSON cannot carry, a child that is not declared or comes twice, a wrong namespace, name, label or metadata field, a status on a child.
 */
export function respond (kind: Kind, request: SyncRequest, response: SyncResponse): SyncResponse {
  const { status, children, finalized, ...rest } = response
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new WrongAnswerError(`${unknown}: no field of an answer`)
  if (finalized !== undefined && !request.finalizing) throw new WrongAnswerError('finalized: only an answer to finalize may say it')
  if (!isMap(status)) throw new WrongAnswerError('status: must be an object')
  if (!Array.isArray(children)) throw new WrongAnswerError('children: must be a list')
  Object.entries(status).forEach(([field, value]) => checkValue(value, `status.${field}`))

  const seen = new Set<string>()
  // Spread, for forEach skips the holes of a sparse list, and JSON makes nulls of them.
  ;[...children].forEach((child: Child, index) => {
    const identity = checkChild(kind, request, child, `children[${index}]`)
    if (seen.has(identity)) throw new WrongAnswerError(`children: ${identity} comes twice, and the last one would win`)
    seen.add(identity)
  })
  return response
}

/** Checks the answer to a customize call and gives it back. Throws WrongAnswerError on rules that Metacontroller would refuse or crash on. */
export function respondRelated (response: { relatedResources: RelatedRule[] }): { relatedResources: RelatedRule[] } {
  if (!Array.isArray(response.relatedResources)) throw new WrongAnswerError('relatedResources: must be a list')
  response.relatedResources.forEach((rule, index) => {
    const path = `relatedResources[${index}]`
    checkValue(rule, path)
    if (!rule.apiVersion || !rule.resource) throw new WrongAnswerError(`${path}: apiVersion and resource are needed`)
    if (rule.names && (rule.labelSelector || rule.namespaceSelector)) throw new WrongAnswerError(`${path}: names exclude selectors`)
    if (rule.namespace !== undefined && rule.namespaceSelector) throw new WrongAnswerError(`${path}: namespace excludes namespaceSelector`)
  })
  return response
}

/** Returns who the child is, for the search for duplicates: the API version does not tell two objects apart. */
function checkChild (kind: Kind, request: SyncRequest, child: Child, path: string): string {
  if (!isMap(child) || !isMap(child.metadata)) throw new WrongAnswerError(`${path}: must be an object with metadata`)
  const { apiVersion, metadata } = child
  const at = `${path} (${child.kind} ${metadata.name})`
  const declared = kind.children.find((entry) => entry.apiVersion === apiVersion && entry.kind === child.kind)
  if (!declared) throw new WrongAnswerError(`${at}: ${kind.resource.kind} declares no child of ${apiVersion} ${child.kind}`)
  if (!mayReturn(request, declared)) throw new WrongAnswerError(`${at}: the controller does not list ${apiVersion} ${declared.resource}, so it would be created and never seen again`)
  if ('status' in child) throw new WrongAnswerError(`${at}: a status on a child is never applied`)
  checkMetadata(child, at)
  checkNamespace(kind, request, { child, declared, at })
  Object.entries(child).forEach(([field, value]) => checkValue(value, `${at}.${field}`))
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : ['']
  return [group, child.kind, metadata.namespace, metadata.name].filter(Boolean).join('/')
}

function checkMetadata ({ metadata }: Child, at: string): void {
  const foreign = Object.keys(metadata).find((field) => !OUR_METADATA.includes(field))
  if (foreign !== undefined) throw new WrongAnswerError(`${at}: metadata.${foreign} is not ours to set`)
  const { name, labels, annotations } = metadata
  const key = [labels, annotations].flatMap((map) => Object.keys(map ?? {})).find((key) => !isAnnotationKey(key))
  if (key !== undefined) throw new WrongAnswerError(`${at}: ${JSON.stringify(key.slice(0, 80))} is no key of a label or annotation`)
  if (!isText(name, DNS_NAME)) throw new WrongAnswerError(`${at}: a name has at most 63 characters of a-z, 0-9, - and .`)
  const label = Object.entries(labels ?? {}).find(([, value]) => !isText(value, LABEL_VALUE))
  if (label) throw new WrongAnswerError(`${at}: label ${label[0]} must be a string of at most 63 characters of A-Z, a-z, 0-9, -, _ and .`)
  const annotation = Object.entries(annotations ?? {}).find(([, value]) => typeof value !== 'string')
  if (annotation) throw new WrongAnswerError(`${at}: annotation ${annotation[0]} must be a string`)
}

function isText (value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && value.length <= 63 && pattern.test(value)
}

/** Metacontroller creates and forgets, or deletes and creates for ever, what stands in a wrong namespace. */
function checkNamespace (kind: Kind, request: SyncRequest, { child, declared, at }: { child: Child, declared: ChildResource, at: string }): void {
  const { namespace } = child.metadata
  const home = request.parent.metadata.namespace
  if (declared.scope === 'Cluster') {
    if (namespace !== undefined) throw new WrongAnswerError(`${at}: a cluster-scoped child has no namespace`)
    if (kind.resource.scope !== 'Cluster') throw new WrongAnswerError(`${at}: a namespaced parent cannot own a cluster-scoped child`)
    return
  }
  if (!namespace) throw new WrongAnswerError(`${at}: a namespaced child names its namespace`)
  if (kind.resource.scope === 'Namespaced' && namespace !== home) throw new WrongAnswerError(`${at}: a child must stand in the namespace of its parent, ${home}`)
}
