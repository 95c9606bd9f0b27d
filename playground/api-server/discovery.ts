// Discovery documents: what kubectl and clients read to learn which resources there are.
import { joinApiVersion } from './kube-object.ts'
import type { Registry, Resource } from './resource.ts'

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const versionInfo = { major: '1', minor: '32', gitVersion: 'v1.32.0+playground', gitCommit: '', gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z', goVersion: '', compiler: '', platform: 'linux/amd64' }

function apiResource (resource: Resource): object[] {
  const { namespaced, kind, shortNames, categories } = resource
  const main = { name: resource.plural, singularName: resource.singular, namespaced, kind, verbs, ...(shortNames.length ? { shortNames } : {}), ...(categories.length ? { categories } : {}) }
  const status = { name: `${resource.plural}/status`, singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] }
  return resource.hasStatus ? [main, status] : [main]
}

function resourceList (resources: Resource[], group: string, version: string): object | undefined {
  const found = resources.filter((resource) => resource.group === group && resource.version === version)
  if (found.length === 0) return undefined
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: joinApiVersion(group, version), resources: found.flatMap(apiResource) }
}

function groupOf (resources: Resource[], name: string): object | undefined {
  const found = resources.filter((resource) => resource.group === name)
  const versions = [...new Set(found.map((resource) => resource.version))].sort(comparePriority).map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return versions.length === 0 ? undefined : { name, versions, preferredVersion: versions[0] }
}

function priority (version: string): number[] {
  const found = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (!found) return [-1, 0, 0]
  return [found[2] === undefined ? 2 : found[2] === 'beta' ? 1 : 0, Number(found[1]), Number(found[3] ?? 0)]
}

/** Kubernetes' order of versions: v2 before v1 before v1beta2 before v1alpha1. */
export function comparePriority (one: string, other: string): number {
  const [left, right] = [priority(one), priority(other)]
  const at = left.findIndex((part, index) => part !== right[index])
  return at < 0 ? one.localeCompare(other) : right[at]! - left[at]!
}

/** The discovery document at a path; undefined if the path is none. */
export function discoveryAt (registry: Registry, path: string): object | undefined {
  const parts = path.split('/').filter(Boolean)
  const resources = registry.all()
  if (path === '/version') return versionInfo
  if (parts[0] === 'api') return coreAt(resources, parts)
  return parts[0] === 'apis' ? groupsAt(resources, parts) : undefined
}

function coreAt (resources: Resource[], parts: string[]): object | undefined {
  if (parts.length === 1) return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  return parts.length === 2 ? resourceList(resources, '', parts[1]!) : undefined
}

function groupsAt (resources: Resource[], parts: string[]): object | undefined {
  if (parts.length === 1) {
    const names = [...new Set(resources.map((resource) => resource.group))].filter(Boolean)
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map((name) => groupOf(resources, name)) }
  }
  if (parts.length === 2) {
    const group = groupOf(resources, parts[1]!)
    return group && { kind: 'APIGroup', apiVersion: 'v1', ...group }
  }
  return parts.length === 3 ? resourceList(resources, parts[1]!, parts[2]!) : undefined
}
