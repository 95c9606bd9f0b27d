// What a real API server refuses of built-in kinds that hooks return: names that would be too long for labels, and changes of what is settled at the creation.
import equal from 'fast-deep-equal'
import { quantityBytes } from '../../hooks/core/quantity.ts'
import type { StatusCause } from './api-error.ts'
import { isMap, valueAt, type KubeObject } from './kube-object.ts'
import { meets, requirementsOf } from './selectors.ts'

type Rule = (object: KubeObject, old: KubeObject | undefined) => StatusCause[]

function invalid (field: string, value: unknown, why: string): StatusCause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field }
}

function forbidden (field: string, why: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field }
}

/** A field that stays as it was made. */
function settled (path: string, why = 'field is immutable'): Rule {
  const keys = path.split('.')
  return (object, old) => {
    const value = valueAt(object, keys)
    return old === undefined || equal(value, valueAt(old, keys)) ? [] : [invalid(path, value, why)]
  }
}

function longestName (most: number): Rule {
  return ({ metadata: { name } }) => name.length > most ? [invalid('metadata.name', name, `must be no more than ${most} characters`)] : []
}

const selectsItself: Rule = ({ spec }) => {
  const labels: unknown = spec?.template?.metadata?.labels ?? {}
  const selected = isMap(labels) && requirementsOf(spec?.selector ?? {}).every((requirement) => meets(labels, requirement))
  return selected ? [] : [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]
}

/** Of what is bound the size may change, and never below what there is. A class may come later where there was none. */
const claimChange: Rule = ({ spec }, old) => {
  if (old === undefined) return []
  const bound = old.status?.phase === 'Bound'
  const fixed = (given: KubeObject['spec']): object => {
    const { volumeName, volumeAttributesClassName, storageClassName = spec.storageClassName, resources: { requests: { storage, ...requests } }, ...rest } = given
    return { ...rest, storageClassName, requests: bound ? requests : { ...requests, storage }, volumeName: old.spec.volumeName === undefined ? undefined : volumeName }
  }
  const causes = equal(fixed(spec), fixed(old.spec)) ? [] : [forbidden('spec', 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims')]
  const [asked, before, has] = [spec, old.spec, { resources: { requests: old.status?.capacity } }].map((given) => quantityBytes(given.resources?.requests?.storage ?? '0') ?? 0) as [number, number, number]
  return asked < before && asked <= has ? [...causes, forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')] : causes
}

const schedule: Rule = ({ spec: { schedule } }) => {
  const fields = String(schedule).trim().split(/\s+/)
  return fields.length === 5 || /^@\w+/.test(String(schedule)) ? [] : [invalid('spec.schedule', schedule, `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)]
}

const pathType: Rule = ({ spec: { rules = [] } }) => rules.flatMap((rule: { http?: { paths: Array<{ pathType?: string }> } }, index: number) => (rule.http?.paths ?? []).flatMap((path, at) => {
  return path.pathType === undefined ? [{ reason: 'FieldValueRequired', message: 'Required value: pathType must be specified', field: `spec.rules[${index}].http.paths[${at}].pathType` }] : []
}))

const roleRef = settled('roleRef', 'cannot change roleRef')

const RULES: Record<string, Rule[]> = {
  'apps/v1 Deployment': [settled('spec.selector'), selectsItself],
  'batch/v1 Job': [settled('spec.template'), settled('spec.selector'), settled('spec.completionMode'), settled('spec.podFailurePolicy')],
  'batch/v1 CronJob': [longestName(52), schedule],
  'networking.k8s.io/v1 Ingress': [pathType],
  'v1 PersistentVolumeClaim': [claimChange],
  'rbac.authorization.k8s.io/v1 RoleBinding': [roleRef],
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': [roleRef]
}

/** Causes of a 422. A Job whose name is no label is refused for the labels that it gets. */
export function builtinCauses (object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const type = `${object.apiVersion} ${object.kind}`
  return (Object.hasOwn(RULES, type) ? RULES[type] ?? [] : []).flatMap((rule) => rule(object, old))
}
