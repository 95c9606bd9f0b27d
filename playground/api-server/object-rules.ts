// Checks every object must pass whatever its kind: names, labels, annotations, finalizers, sizes.
import type { StatusCause } from './api-error.ts'
import { isMap } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'

/** All annotation keys and values together, in bytes. */
export const annotationLimit = 256 * 1024
/** One object as JSON, in bytes (etcd's default request limit). */
export const objectLimit = 1.5 * 1024 * 1024

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const rbacName = /^[^/%]+$/
const qualifiedName = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/
const labelNamed = new Set(['Service', 'Namespace'])

function bad (field: string, value: unknown, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field }
}

function nameCauses (object: KubeObject): StatusCause[] {
  const name = object.metadata.name
  if (!name) return [{ reason: 'FieldValueRequired', message: 'Required value: name or generateName is required', field: 'metadata.name' }]
  if (/^(Cluster)?Role(Binding)?$/.test(object.kind)) return rbacName.test(name) ? [] : [bad('metadata.name', name, 'may not contain "/" or "%"')]
  if (!subdomain.test(name) || name.length > 253) {
    return [bad('metadata.name', name, "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')")]
  }
  if (labelNamed.has(object.kind) && (name.length > 63 || name.includes('.'))) return [bad('metadata.name', name, 'must be a DNS label of no more than 63 characters')]
  return []
}

function labelCauses (labels: unknown): StatusCause[] {
  if (!isMap(labels)) return []
  return Object.entries(labels).flatMap(([key, value]) => [
    ...(qualifiedName.test(key) ? [] : [bad('metadata.labels', key, "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")]),
    ...(typeof value === 'string' && labelValue.test(value) ? [] : [bad('metadata.labels', value, "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")])
  ])
}

function annotationCauses (annotations: unknown): StatusCause[] {
  if (!isMap(annotations)) return []
  const entries = Object.entries(annotations)
  const wrong = entries.filter(([key]) => !qualifiedName.test(key.toLowerCase()))
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)), 0)
  return [
    ...wrong.map(([key]) => bad('metadata.annotations', key, 'must be a qualified name')),
    ...(size > annotationLimit ? [{ reason: 'FieldValueTooLong', message: `Too long: may not be more than ${annotationLimit} bytes`, field: 'metadata.annotations' }] : [])
  ]
}

function ownerCauses (object: KubeObject): StatusCause[] {
  const owners = object.metadata.ownerReferences ?? []
  const incomplete = owners.flatMap((owner, index) => (['apiVersion', 'kind', 'name', 'uid'] as const).filter((key) => !owner[key])
    .map((key) => ({ reason: 'FieldValueInvalid', message: `Invalid value: "": ${key} must not be empty`, field: `metadata.ownerReferences[${index}].${key}` })))
  const controllers = owners.filter((owner) => owner.controller === true)
  if (controllers.length < 2) return incomplete
  const names = controllers.map((owner) => `${owner.kind}/${owner.name}`).join(' and ')
  return [...incomplete, bad('metadata.ownerReferences', owners, `Only one reference can have Controller set to true. Found "true" in references for ${names}`)]
}

/** What in the metadata is not of the type Go's structs demand; such a body cannot even be decoded. */
export function undecodable (object: KubeObject): string | undefined {
  for (const field of ['labels', 'annotations'] as const) {
    const value: unknown = object.metadata[field] ?? {}
    const wrong = isMap(value) ? Object.values(value).find((item) => typeof item !== 'string') : value
    if (wrong !== undefined) return `json: cannot unmarshal ${Array.isArray(wrong) ? 'array' : wrong === true || wrong === false ? 'bool' : typeof wrong} into Go struct field ObjectMeta.${field} of type string`
  }
  return undefined
}

/** Causes of a 422 that do not depend on a schema. */
export function objectCauses (object: KubeObject): StatusCause[] {
  return [...nameCauses(object), ...labelCauses(object.metadata.labels), ...annotationCauses(object.metadata.annotations), ...ownerCauses(object)]
}

/** Finalizers may only be taken away from an object in deletion. */
export function finalizerCauses (old: KubeObject, next: KubeObject): StatusCause[] {
  if (old.metadata.deletionTimestamp === undefined) return []
  const added = (next.metadata.finalizers ?? []).filter((name) => !(old.metadata.finalizers ?? []).includes(name))
  if (added.length === 0) return []
  return [{ reason: 'FieldValueForbidden', message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => JSON.stringify(name)).join(', ')}}`, field: 'metadata.finalizers' }]
}
