// Requests to hooks and their answers: built and checked exactly as Metacontroller does. Pure.
import { isMap as isYamlMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Node } from 'yaml'
import { isMap } from '../api-server/kube-object.ts'
import type { KubeObject } from '../api-server/kube-object.ts'
import type { LabelSelector } from '../api-server/selectors.ts'
import { relativeMap, uniformMap } from './object-map.ts'
import type { ObjectMap } from './object-map.ts'
import { sortedJson } from './sorted-json.ts'

export type HookVersion = 'v1' | 'v2'
export type HookName = 'sync' | 'finalize' | 'customize'

export interface SyncRequest {
  controller: KubeObject
  parent: KubeObject
  children: ObjectMap
  related: ObjectMap
  finalizing: boolean
}

export interface SyncResponse {
  status: Record<string, unknown>
  children: KubeObject[]
  resyncAfterSeconds: number
  finalized: boolean
}

export interface RelatedRule {
  apiVersion: string
  resource: string
  labelSelector?: LabelSelector
  namespaceSelector?: LabelSelector
  namespace?: string
  names?: string[]
}

/** The body of a sync or finalize call; map keys are sorted. */
export function syncBody (request: SyncRequest, version: HookVersion): string {
  const keyed = (map: ObjectMap): object => (version === 'v2' ? uniformMap(map) : relativeMap(map, request.parent))
  const fields = { controller: request.controller, parent: request.parent, children: keyed(request.children), related: keyed(request.related), finalizing: request.finalizing }
  return `{${Object.entries(fields).map(([key, value]) => `${JSON.stringify(key)}:${sortedJson(value)}`).join(',')}}`
}

/** The body of a customize call. */
export function customizeBody (controller: KubeObject, parent: KubeObject): string {
  return `{"controller":${sortedJson(controller)},"parent":${sortedJson(parent)}}`
}

type Check = (value: unknown) => string | undefined

const isObject: Check = (value) => (isMap(value) ? undefined : 'must be an object')
const isNumber: Check = (value) => (typeof value === 'number' ? undefined : 'must be a number')
const isBoolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false')
const isString: Check = (value) => (typeof value === 'string' ? undefined : 'must be a string')

function listOf (check: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'must be a list'
    const wrong = value.map(check).find((problem) => problem !== undefined)
    return wrong && `items: ${wrong}`
  }
}

const isChild: Check = (value) => {
  // A null item makes the real process panic; here it is an error like any other.
  if (value === null) return 'null item (Metacontroller 4.17 panics on it)'
  if (!isMap(value)) return 'must be an object'
  return typeof value.kind === 'string' && value.kind !== '' ? undefined : "Object 'Kind' is missing"
}

const ruleFields: Record<string, Check> = { apiVersion: isString, resource: isString, labelSelector: isObject, namespaceSelector: isObject, namespace: isString, names: listOf(isString) }

const syncFields: Record<string, Check> = { status: isObject, children: listOf(isChild), resyncAfterSeconds: isNumber, finalized: isBoolean }
const customizeFields: Record<string, Check> = { relatedResources: listOf((value) => (value === null ? 'null item (Metacontroller 4.17 panics on it)' : fieldProblem(value, ruleFields))) }

function fieldProblem (value: unknown, fields: Record<string, Check>): string | undefined {
  if (!isMap(value)) return 'must be an object'
  for (const [key, check] of Object.entries(fields)) {
    const problem = value[key] === undefined || value[key] === null ? undefined : check(value[key])
    if (problem !== undefined) return `${key}: ${problem}`
  }
  return undefined
}

function unknownFields (value: unknown, fields: Record<string, Check>): string[] {
  return isMap(value) ? Object.keys(value).filter((key) => !Object.hasOwn(fields, key)).map((key) => `unknown field ${JSON.stringify(key)}`) : []
}

function repeatedKeys (node: Node | null | undefined, deep: (key: string) => boolean): string[] {
  if (isSeq(node)) return node.items.flatMap((item) => repeatedKeys(item as Node, deep))
  if (!isYamlMap(node)) return []
  const keys = node.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : ''))
  const repeated = keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `duplicate field ${JSON.stringify(key)}`)
  return [...repeated, ...node.items.flatMap((pair, index) => (deep(keys[index]!) ? repeatedKeys(pair.value as Node, () => true) : []))]
}

/** Keys that occur twice, at the top or below one field. JSON.parse hides them, so the text is read again if it is not canonical. */
function duplicateFields (text: string, value: unknown, below: string): string[] {
  if (JSON.stringify(value) === text.trim()) return []
  return repeatedKeys(parseDocument(text, { uniqueKeys: false }).contents, (key) => key === below)
}

function unknownRuleFields (value: unknown): string[] {
  const rules: unknown = isMap(value) ? value.relatedResources : undefined
  return Array.isArray(rules) ? rules.flatMap((rule) => unknownFields(rule, ruleFields)) : []
}

function parseJson (text: string): unknown {
  if (text.trim() === '') throw new Error("can't unmarshal response: empty body")
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new Error(`can't unmarshal response: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function decode (text: string, strict: boolean, fields: Record<string, Check>, below: string): Record<string, unknown> {
  const value = parseJson(text)
  const problem = value === null ? undefined : fieldProblem(value, fields)
  if (problem !== undefined) throw new Error(`can't unmarshal response: ${problem}`)
  const issues = strict ? [...unknownFields(value, fields), ...unknownRuleFields(value), ...duplicateFields(text, value, below)] : []
  if (issues.length > 0) throw new Error(`strict validation failed: ${issues.join(', ')}`)
  return isMap(value) ? value : {}
}

/**
 * Decodes the answer of sync or finalize. `{}` and `null` are valid and mean: no children, empty status.
 * Throws on a wrong type, a child without kind, and, if strict, on unknown or duplicate fields (not looking inside children).
 */
export function decodeSync (text: string, strict: boolean): SyncResponse {
  const value = decode(text, strict, syncFields, 'status')
  return {
    status: (value.status ?? {}) as Record<string, unknown>,
    children: (value.children ?? []) as KubeObject[],
    resyncAfterSeconds: (value.resyncAfterSeconds ?? 0) as number,
    finalized: (value.finalized ?? false) as boolean
  }
}

/** Decodes the answer of customize. */
export function decodeCustomize (text: string, strict: boolean): RelatedRule[] {
  return (decode(text, strict, customizeFields, 'relatedResources').relatedResources ?? []) as RelatedRule[]
}

/** Children without a namespace get the parent's, cluster-scoped kinds too (Metacontroller does not look). */
export function withNamespaces (children: readonly KubeObject[], parent: KubeObject): KubeObject[] {
  const namespace = parent.metadata.namespace
  return children.map((child) => {
    const metadata = child.metadata ?? {}
    return metadata.namespace || !namespace ? { ...child, metadata } : { ...child, metadata: { ...metadata, namespace } }
  })
}

/** Seconds to wait after a 429. Missing, unreadable, zero or past values give 0: an immediate retry. */
export function retryAfterSeconds (header: string | undefined, now: number): number {
  if (header === undefined) return 0
  if (/^[+-]?\d+$/.test(header)) return Math.max(Number(header), 0)
  // Only the RFC 1123 form counts, e.g. "Sat, 21 Nov 2026 04:00:00 GMT".
  if (!/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \w+$/.test(header)) return 0
  return Math.max(Math.ceil((Date.parse(header) - now) / 1000), 0) || 0
}
