// What was observed of a SeldonDeployment, read with our own eyes and not by the code under test.
import { Value } from '@sinclair/typebox/value'
import { STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import { Memory, Status } from '../../../hooks/mlflow-model/schema/status.ts'
import { isObject, textOf, type Json } from '../inputs/tree.ts'

export type Identity = { version: string, createdAt: string }
export type Pods = 'ready' | 'some' | 'none'
export type Predictor = { name: string, traffic: number, identity: Identity }

/** `memory` is the annotation's, `status` what the status remembers; undefined when that is none. */
export type Seen = { predictors: Predictor[], memory: Memory | undefined, status: Memory | undefined, pods: (version: Identity) => Pods }

const SELDON = 'SeldonDeployment.machinelearning.seldon.io/v1'

/** The SeldonDeployment of the parent's name, if the controller lists that kind. */
export function findObserved (request: Json): Json | undefined {
  const { parent, children, controller } = request as { parent: { metadata: { name: string, namespace: string } }, children: Json, controller: { spec?: { childResources?: unknown } } }
  const resources = controller.spec?.childResources
  const listed = Array.isArray(resources) && resources.some((entry) => isObject(entry) && entry.resource === 'seldondeployments' && entry.apiVersion === 'machinelearning.seldon.io/v1')
  const objects = mapOf(children[SELDON])
  const object = objects[`${parent.metadata.namespace}/${parent.metadata.name}`]
  return listed && isObject(object) ? object : undefined
}

export function see (request: Json, object: Json): Seen {
  const { name, annotations = {} } = object.metadata as { name: string, annotations?: Record<string, string> }
  const { status } = request.parent as Json
  const deployments = mapOf(mapOf(object.status).deploymentStatus)
  return {
    predictors: predictorsOf(object),
    memory: remembered(parsed(annotations[STATE_ANNOTATION])),
    status: Value.Check(Status, status) && isStorable(status) ? remembered(status) : undefined,
    pods: (version) => podsOf(deployments[`${name}-${nameOf(version)}-0-model`])
  }
}

/** An API server keeps no whole number beyond 64 bits, and nobody else one beyond 53: a status with one is as if it were lost. */
function isStorable (value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  return typeof value !== 'object' || value === null || Object.values(value).every(isStorable)
}

/** JSON, or undefined for what is none. */
export function parsed (text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

/** Memory that fits its published schema, counts in numbers that a number can hold, adds up, and serves something or is to end. */
function remembered (value: unknown): Memory | undefined {
  if (!isObject(value) || !Value.Check(Memory, value)) return undefined
  const { stable, canary, deleting } = value
  const serves = (stable ?? canary) !== undefined || deleting === true
  return serves && canCount(value) && addsUp(value) && areDistinct(value) && isWhereItSays(value) ? value : undefined
}

function canCount ({ sequence, counter, rollout }: Memory): boolean {
  const { losses = 0, step = 0, deadlineLeft = 0 } = rollout ?? {}
  return [sequence + 1, counter + 1, losses, step, deadlineLeft].every(Number.isSafeInteger)
}

/** Memory that wants shares of versions that it does not name is none. */
function addsUp ({ stable, canary, rollout, traffic, previous }: Memory): boolean {
  if ((canary === undefined) !== (rollout === undefined)) return false
  const isPresent = rollout?.present === true
  const shares = traffic ?? { stable: 100, canary: 0 }
  if (shares.stable + shares.canary !== 100 || (shares.canary > 0 && !isPresent)) return false
  if (stable) return true
  return isPresent ? shares.canary === 100 : !previous
}

function areDistinct ({ stable, canary, previous, rollout }: Memory): boolean {
  const all = [stable, canary, previous].filter((version) => version !== undefined)
  const isLoadable = all.every((version) => version.uri !== '' || (version === canary && !rollout?.present))
  return isLoadable && all.every((version, index) => all.findIndex((other) => same(other, version)) === index)
}

/** Beside a stable version the canary has everything while it is promoted, and nothing before its first step or on its way out. */
function isWhereItSays ({ stable, rollout, traffic }: Memory): boolean {
  const canary = traffic?.canary ?? 0
  const wanted: Record<string, boolean> = { Loading: canary === 0, Promoting: canary === 100, Unwinding: canary === 0, Draining: canary === 0 }
  if (!stable) return rollout === undefined || rollout.present
  return wanted[rollout?.stage ?? ''] ?? true
}

/** Predictors as maps, whatever is in them. */
export function rawPredictors (object: unknown): Json[] {
  const { predictors } = mapOf(mapOf(object).spec)
  return Array.isArray(predictors) ? predictors.filter(isObject) : []
}

/** Predictors that say which version they serve. */
export function predictorsOf (object: unknown): Predictor[] {
  const all = rawPredictors(object)
  return all.flatMap(({ name, traffic, annotations, graph }) => {
    const { version, 'sluice.dev/created-at': createdAt } = mapOf(annotations)
    const isKnown = isText(version, 64) && isText(createdAt, 40) && !Number.isNaN(Date.parse(createdAt)) && isText(mapOf(graph).modelUri, 2048)
    if (!isKnown) return []
    return [{ name: textOf(name), traffic: typeof traffic === 'number' ? traffic : all.length === 1 ? 100 : 0, identity: { version, createdAt } }]
  })
}

function isText (value: unknown, longest: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longest
}

/** The name that a version's predictor has. */
function nameOf ({ version, createdAt }: Identity): string {
  const mark = Date.parse(createdAt) % 36 ** 6
  return `v${version}-${(mark < 0 ? mark + 36 ** 6 : mark).toString(36).padStart(6, '0')}`
}

/** Only what is surely so counts as ready. */
function podsOf (entry: unknown): Pods {
  const { replicas = 0, availableReplicas = 0 } = mapOf(entry)
  if (!Number.isSafeInteger(replicas) || !Number.isSafeInteger(availableReplicas) || Number(availableReplicas) <= 0 || Number(replicas) < 0) return 'none'
  return Number(availableReplicas) >= Number(replicas) ? 'ready' : 'some'
}

export function find (predictors: Predictor[], identity: Identity): Predictor | undefined {
  return predictors.find((predictor) => same(predictor.identity, identity))
}

export function same (a: Identity, b: Identity | undefined): boolean {
  return b !== undefined && a.version === b.version && Date.parse(a.createdAt) === Date.parse(b.createdAt)
}

function mapOf (value: unknown): Json {
  return isObject(value) ? value : {}
}
