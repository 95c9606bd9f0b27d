// OpenAPI v3 documents by group and version: enough for kubectl apply, kubectl explain and client-side checks.
import { joinApiVersion } from './kube-object.ts'
import { apiVersionOf } from './resource.ts'
import type { Registry, Resource } from './resource.ts'

function schemaName (resource: Resource): string {
  return `${resource.group.split('.').reverse().join('.') || 'io.k8s.api.core'}.${resource.version}.${resource.kind}`
}

function kindOf (resource: Resource): object {
  return { group: resource.group, version: resource.version, kind: resource.kind }
}

function schemaOf (resource: Resource): object {
  const meta = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object', description: 'Standard object metadata.' } }
  const node = resource.schema?.node ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return { ...node, properties: { ...meta, ...node.properties as object }, 'x-kubernetes-group-version-kind': [kindOf(resource)] }
}

function operation (resource: Resource, action: string, bodies: string[]): object {
  const content = { schema: { $ref: `#/components/schemas/${schemaName(resource)}` } }
  return {
    operationId: `${action}${resource.kind}`,
    parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
    ...(bodies.length > 0 ? { requestBody: { content: Object.fromEntries(bodies.map((type) => [type, content])) } } : {}),
    responses: { 200: { description: 'OK', content: { 'application/json': content } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kindOf(resource)
  }
}

function pathsOf (resource: Resource): Record<string, object> {
  const prefix = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`
  const collection = `${prefix}/${resource.namespaced ? 'namespaces/{namespace}/' : ''}${resource.plural}`
  const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml', ...(resource.custom ? [] : ['application/strategic-merge-patch+json'])]
  return {
    [collection]: { get: operation(resource, 'list', []), post: operation(resource, 'post', ['application/json']) },
    [`${collection}/{name}`]: { get: operation(resource, 'get', []), put: operation(resource, 'put', ['application/json']), patch: operation(resource, 'patch', patches), delete: operation(resource, 'delete', []) }
  }
}

/** The document at /openapi/v3 or /openapi/v3/<api path>; undefined if there is none. */
export function openapiAt (registry: Registry, path: string): object | undefined {
  const place = path.replace(/^\/openapi\/v3\/?/, '')
  const resources = registry.all()
  const placeOf = (resource: Resource): string => (resource.group ? `apis/${apiVersionOf(resource)}` : `api/${joinApiVersion('', resource.version)}`)
  if (place === '') return { paths: Object.fromEntries(resources.map((resource) => [placeOf(resource), { serverRelativeURL: `/openapi/v3/${placeOf(resource)}` }])) }
  const found = resources.filter((resource) => placeOf(resource) === place)
  if (found.length === 0) return undefined
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.32.0' },
    paths: Object.assign({}, ...found.map(pathsOf)),
    components: { schemas: Object.fromEntries(found.map((resource) => [schemaName(resource), schemaOf(resource)])) }
  }
}
