// From a parsed request to an answer: each verb of the API over the operations.
import { parse as parseYaml } from 'yaml'
import { apiError, badRequest, invalid, noSuchResource, unsupportedMediaType } from './api-error.ts'
import { isMap } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'
import type { DeleteOptions, ListOptions, Operations, Target, WriteOptions } from './operations.ts'
import type { Propagation } from './object-write.ts'
import { rendererFor } from './render.ts'
import type { Renderer } from './render.ts'
import type { RequestInfo } from './request-info.ts'
import type { Resource } from './resource.ts'
import { parseSelectors } from './selectors.ts'
import { parseVersion } from './watch-stream.ts'

export interface Answer { code: number, text: string }

/** Reads a body by its content type. Throws 400 or 415. */
export function parseBody (text: string, contentType: string | undefined): unknown {
  if (text === '') return undefined
  const type = (contentType ?? 'application/json').split(';')[0]!.trim()
  try {
    if (type.endsWith('json')) return JSON.parse(text) as unknown
    if (type.endsWith('yaml')) return parseYaml(text) as unknown
  } catch (error) {
    throw badRequest(`error decoding the body: ${error instanceof Error ? error.message : String(error)}`)
  }
  throw unsupportedMediaType(['application/json', 'application/yaml'])
}

/** The manager of a write: fieldManager, else the program's name in User-Agent. */
export function managerOf (request: RequestInfo): string {
  return request.query.get('fieldManager') ?? (request.headers['user-agent'] ?? 'unknown').split('/')[0]!.slice(0, 128)
}

function writeOptions (request: RequestInfo): WriteOptions {
  return {
    manager: managerOf(request),
    dryRun: request.query.get('dryRun') === 'All',
    strict: request.query.get('fieldValidation') === 'Strict',
    force: request.query.get('force') === 'true',
    ...(request.subresource === 'status' ? { subresource: 'status' as const } : {})
  }
}

function deleteOptions (request: RequestInfo): DeleteOptions {
  const body = isMap(request.body) ? request.body : {}
  const orphan = body.orphanDependents === undefined ? undefined : body.orphanDependents ? 'Orphan' : 'Background'
  const policy = request.query.get('propagationPolicy') ?? body.propagationPolicy ?? orphan
  return {
    ...(policy ? { propagation: policy as Propagation } : {}),
    preconditions: isMap(body.preconditions) ? body.preconditions : {},
    dryRun: request.query.get('dryRun') === 'All' || (body.dryRun ?? []).includes('All')
  }
}

/** The selectors of a list, watch or deletecollection as one predicate. */
export function matcherOf (request: RequestInfo, resource: Resource): (object: KubeObject) => boolean {
  return parseSelectors(request.query.get('labelSelector'), request.query.get('fieldSelector'), resource.selectableFields)
}

function listOptions (request: RequestInfo, resource: Resource, newest: number): ListOptions {
  const token = request.query.get('continue')
  const version = parseVersion(request.query.get('resourceVersion'), newest)
  const exact = request.query.get('resourceVersionMatch') === 'Exact' && version !== undefined
  return {
    namespace: request.namespace,
    matches: matcherOf(request, resource),
    limit: Number(request.query.get('limit') ?? 0),
    ...(token ? { continueToken: token } : exact ? { continueToken: Buffer.from(JSON.stringify({ version, after: '' })).toString('base64url') } : {})
  }
}

function targetOf (request: RequestInfo, resource: Resource): Target {
  return { resource, namespace: resource.namespaced ? request.namespace : undefined, name: request.name ?? '' }
}

function deletedStatus (resource: Resource, object: KubeObject): string {
  const { name, uid } = object.metadata
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name, group: resource.group, kind: resource.plural, uid } })
}

function checkSubresource (request: RequestInfo, resource: Resource): void {
  if (request.subresource === undefined) return
  if (request.subresource !== 'status' || !resource.hasStatus) throw noSuchResource()
}

function deleteAll (operations: Operations, request: RequestInfo, resource: Resource): KubeObject[] {
  const { items } = operations.list(resource, { namespace: request.namespace, matches: matcherOf(request, resource) })
  return items.map((item) => operations.delete({ resource, namespace: item.metadata.namespace, name: item.metadata.name }, deleteOptions(request)).object)
}

function patch (operations: Operations, request: RequestInfo, target: Target, renderer: Renderer): Answer {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim()
  if (type === 'application/apply-patch+yaml' && !request.query.get('fieldManager')) {
    throw invalid({ group: 'meta.k8s.io', plural: 'patchoptions', kind: 'PatchOptions' }, '', [{ reason: 'FieldValueRequired', message: 'Required value: is required for apply patch', field: 'fieldManager' }])
  }
  const { object, created } = operations.patch(target, type, request.body, writeOptions(request))
  return { code: created ? 201 : 200, text: renderer.object(object) }
}

function checkNamed (request: RequestInfo): void {
  if (['update', 'patch'].includes(request.verb) && request.name === undefined) throw badRequest('name must be provided')
}

/** Answers every verb but watch. Throws ApiErrors. */
export function handle (operations: Operations, request: RequestInfo, resource: Resource, context: { newest: () => number, clock: () => number }): Answer {
  checkSubresource(request, resource)
  checkNamed(request)
  const renderer = rendererFor(resource, request.headers.accept, request.query.get('includeObject'), context.clock)
  const target = targetOf(request, resource)
  const body = request.body as KubeObject
  switch (request.verb) {
    case 'get': return { code: 200, text: renderer.object(operations.get(target)) }
    case 'list': {
      const page = operations.list(resource, listOptions(request, resource, context.newest()))
      const metadata = { resourceVersion: String(page.version), ...(page.continueToken ? { continue: page.continueToken, remainingItemCount: page.remaining! } : resource.custom ? { continue: '' } : {}) }
      return { code: 200, text: renderer.list(page.items, metadata) }
    }
    case 'create': return { code: 201, text: renderer.object(operations.create(resource, target.namespace, body, writeOptions(request))) }
    case 'update': return { code: 200, text: renderer.object(operations.update(target, body, writeOptions(request))) }
    case 'patch': return patch(operations, request, target, renderer)
    case 'delete': {
      const { object, gone } = operations.delete(target, deleteOptions(request))
      return { code: 200, text: gone ? deletedStatus(resource, object) : renderer.object(object) }
    }
    case 'deletecollection': return { code: 200, text: renderer.list(deleteAll(operations, request, resource), { resourceVersion: String(context.newest()) }) }
    default: throw apiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
  }
}
