// The body of a hook call as HTTP sees it: what is checked before a kind is asked, and what the OpenAPI page shows.
import { Type, type SchemaOptions, type Static, type TSchema } from '@sinclair/typebox'
import type { Hook } from './core/answer.ts'
import { API_VERSION, type Kind } from './core/kind.ts'
import { objectMapKey, type OwnSettings, type SyncRequest } from './core/request.ts'

/** A map whose values have a schema, whatever their keys are: Type.Record would not look at keys with a line end. */
function mapOf<T extends TSchema> (values: T, options: SchemaOptions = {}): TSchema {
  return Type.Unsafe<Record<string, Static<T>>>({ type: 'object', additionalProperties: values, ...options })
}

const strings = mapOf(Type.String())

const metadata = {
  name: Type.String({ minLength: 1 }),
  uid: Type.Optional(Type.String()),
  generation: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  creationTimestamp: Type.Optional(Type.String()),
  labels: Type.Optional(strings),
  annotations: Type.Optional(strings),
  managedFields: Type.Optional(Type.Array(Type.Object({ time: Type.Optional(Type.String()) })))
}

const Observed = Type.Object({ apiVersion: Type.String(), kind: Type.String(), metadata: Type.Object({ ...metadata, namespace: Type.Optional(Type.String()) }) })
const Objects = mapOf(mapOf(Observed), { description: 'Objects by Kind.group/version, then by namespace/name.' })

/** As the API server has let them in: names and namespaces of objects. */
const DNS_NAME = '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$'

const Controller = Type.Object({
  spec: Type.Optional(Type.Object({
    childResources: Type.Optional(Type.Array(Type.Object({ apiVersion: Type.String(), resource: Type.String() })))
  }))
}, { description: 'The CompositeController. Only its childResources are looked at: what is not listed there is not returned.' })

function parentOf ({ resource }: Kind, fields: Record<string, TSchema>): TSchema {
  const namespace = Type.String({ minLength: 1, maxLength: 63, pattern: DNS_NAME })
  return Type.Object({
    apiVersion: Type.Literal(API_VERSION),
    kind: Type.Literal(resource.kind),
    metadata: Type.Object({ ...metadata, name: Type.String({ minLength: 1, maxLength: 253, pattern: DNS_NAME }), namespace: resource.scope === 'Namespaced' ? namespace : Type.Optional(namespace) }),
    ...fields
  })
}

function envelopeOf (parent: TSchema, hook: Hook): TSchema {
  if (hook === 'customize') return Type.Object({ controller: Controller, parent })
  return Type.Object({
    controller: Controller,
    parent,
    children: Objects,
    related: Type.Optional(Type.Union([Objects, Type.Null()])),
    finalizing: Type.Optional(Type.Boolean())
  })
}

/** What is checked of a call: all that code relies on, but not the spec, whose errors are the user's and are answered on status. */
export function envelopeSchema (kind: Kind, hook: Hook): TSchema {
  return envelopeOf(parentOf(kind, { status: Type.Optional(Type.Object({})) }), hook)
}

/** The same with spec and status in full, and the answer: for reading only. */
export function documentedSchemas (kind: Kind, hook: Hook): { body: TSchema, answer: TSchema } {
  const body = envelopeOf(parentOf(kind, { spec: kind.spec, status: Type.Optional(kind.status) }), hook)
  if (hook === 'customize') return { body, answer: Type.Object({ relatedResources: Type.Array(Type.Object({ apiVersion: Type.String(), resource: Type.String() })) }) }
  const child = Type.Object({ apiVersion: Type.String(), kind: Type.String(), metadata: Type.Object({ name: Type.String() }) })
  return { body, answer: Type.Object({ status: kind.status, children: Type.Array(child), finalized: Type.Optional(Type.Boolean()) }) }
}

/**
 * The call in full: what people leave out when they try a hook by hand is filled in, and what our own settings add. A caller has no say in that.
 */
export function completeRequest (body: unknown, hook: Hook, own: OwnSettings = {}): SyncRequest {
  const { registries: _registries, images: _images, platform: _platform, ...given } = body as Partial<SyncRequest> & Pick<SyncRequest, 'controller' | 'parent'>
  return { ...given, ...own, children: given.children ?? {}, related: given.related ?? {}, finalizing: hook === 'finalize' || given.finalizing === true }
}

type Validation = { keyword: string, instancePath: string, params: Record<string, unknown> }

/** The field that is wrong with a call, and a sentence that says what it must be. */
export function envelopeProblem ({ keyword, instancePath, params }: Validation): { field: string, message: string } {
  const keys = instancePath.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (keyword === 'required') keys.push(String(params.missingProperty))
  const field = keys.join('.') || 'body'
  return { field, message: `${field} ${demand(keyword, params)}; send what Metacontroller sends under hook version v2` }
}

function demand (keyword: string, params: Record<string, unknown>): string {
  switch (keyword) {
    case 'required': return 'is missing'
    case 'const': return `must be ${JSON.stringify(params.allowedValue)}`
    case 'type': return `must be of type ${String(params.type)}`
    case 'minLength': return 'must not be empty'
    case 'maxLength': return `must not be longer than ${String(params.limit)} characters`
    case 'pattern': return 'must be a name of a-z, 0-9, - and .'
    case 'minimum':
    case 'maximum': return 'must be a number that an object can have'
    default: return 'is not what it must be'
  }
}

/** How to try a hook by hand. */
export function curlExample (kind: Kind, hook: Hook, base: string): string {
  const { resource: { kind: name, plural, scope }, children } = kind
  const parent = { apiVersion: API_VERSION, kind: name, metadata: { name: 'example', ...(scope === 'Namespaced' && { namespace: 'default' }) }, spec: {} }
  const childResources = children.map(({ apiVersion, resource }) => ({ apiVersion, resource }))
  const observed = Object.fromEntries(children.map((child) => [objectMapKey(child.apiVersion, child.kind), {}]))
  const body = { controller: { spec: { childResources } }, parent, ...(hook !== 'customize' && { children: observed, related: {}, finalizing: hook === 'finalize' }) }
  return `This is the ${hook} hook of ${name}. Metacontroller calls it by POST; so can you (fill in spec; add -H "Authorization: Bearer …" if tokens are required):

curl -sS ${base}/${plural}/${hook} -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'

The same call always gets the same answer, and nothing is changed by it. All schemas: ${base}/docs
`
}
