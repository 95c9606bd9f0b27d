// Related objects: the customize hook, its answers remembered by (uid, generation), and the caches of the kinds they name.
import type { KubeObject } from '../api-server/kube-object.ts'
import { customizeBody, decodeCustomize } from './hook-messages.ts'
import type { RelatedRule } from './hook-messages.ts'
import { ensureGroup, nameKey } from './object-map.ts'
import type { ObjectMap } from './object-map.ts'
import type { ObjectCache } from './object-cache.ts'
import { selectRelated } from './related-rules.ts'
import type { RuleScope } from './related-rules.ts'
import type { ApiResource } from './resource-client.ts'
import type { LoopMachine } from './loop-machine.ts'
import type { Hook } from './webhook.ts'

const rememberedFor = 20 * 60 * 1000
const namespaces: ApiResource = { apiVersion: 'v1', name: 'namespaces', kind: 'Namespace', namespaced: false, hasStatus: true }

export interface CustomizerOptions {
  controller: KubeObject
  hook: Hook | undefined
  parentNamespaced: boolean
}

export interface Customizer {
  enabled: boolean
  /** Objects the parent's rules select. Throws NotSynced while a related cache is still filling. */
  related (parent: KubeObject): Promise<ObjectMap>
  /** True if a rule of this parent selects the object; asks the hook if it has no remembered answer. */
  concerns (parent: KubeObject, object: KubeObject): Promise<boolean>
  /** Called once for each kind that a rule names for the first time. */
  onKind: (listener: (cache: ObjectCache) => void) => void
}

export interface NotSynced extends Error { notSynced: true }

/** True for the error of a related cache that has not been filled yet: a silent retry, no Event. */
export function isNotSynced (error: unknown): error is NotSynced {
  return error instanceof Error && 'notSynced' in error
}

interface RelatedKinds {
  find (rule: RelatedRule): Promise<ApiResource>
  /** The filled cache of a kind. Throws NotSynced while it is filling. */
  cacheOf (resource: ApiResource): Promise<ObjectCache>
  onKind (listener: (cache: ObjectCache) => void): void
}

/** The caches of all kinds that rules have named so far. */
function createRelatedKinds (machine: LoopMachine): RelatedKinds {
  const kinds = new Map<string, ObjectCache>()
  const listeners: ((cache: ObjectCache) => void)[] = []
  const add = (key: string, resource: ApiResource): ObjectCache => {
    const cache = machine.cacheOf(resource)
    kinds.set(key, cache)
    for (const listener of listeners) listener(cache)
    return cache
  }
  return {
    async find (rule) {
      const resource = await machine.discovery.find(rule.apiVersion, rule.resource)
      if (!resource) throw new Error(`discovery: can't find resource ${rule.resource} in apiVersion ${rule.apiVersion}`)
      return resource
    },
    async cacheOf (resource) {
      const key = `${resource.apiVersion} ${resource.name}`
      const cache = kinds.get(key) ?? add(key, resource)
      // Step by step there is no watch that would fill it.
      if (!machine.running.value) await cache.refresh()
      if (!cache.synced()) throw Object.assign(new Error('related informer not synced yet'), { notSynced: true })
      return cache
    },
    onKind (listener) {
      listeners.push(listener)
      for (const cache of kinds.values()) listener(cache)
    }
  }
}

/** Makes the customizer of one controller. Without a hook nothing is related. */
export function createCustomizer (machine: LoopMachine, options: CustomizerOptions): Customizer {
  const { hook } = options
  const remembered = new Map<string, { rules: RelatedRule[], until: number }>()
  const kinds = createRelatedKinds(machine)

  const rulesOf = async (parent: KubeObject): Promise<RelatedRule[]> => {
    if (!hook) return []
    const key = `${parent.metadata.uid} ${parent.metadata.generation}`
    const known = remembered.get(key)
    if (known && known.until > machine.clock()) return known.rules
    const rules = decodeCustomize(await hook.call(customizeBody(options.controller, parent), parent), hook.strict)
    remembered.set(key, { rules, until: machine.clock() + rememberedFor })
    return rules
  }
  const scopeOf = async (rule: RelatedRule, parent: KubeObject, resource: ApiResource): Promise<RuleScope> => ({
    version: hook?.version ?? 'v1',
    parent,
    parentNamespaced: options.parentNamespaced,
    relatedNamespaced: resource.namespaced,
    namespaces: rule.namespaceSelector ? (await kinds.cacheOf(namespaces)).list() : []
  })

  return {
    enabled: hook !== undefined,
    async related (parent) {
      const map: ObjectMap = new Map()
      for (const rule of await rulesOf(parent)) {
        const resource = await kinds.find(rule)
        const cache = await kinds.cacheOf(resource)
        const found = selectRelated(rule, cache.list(), await scopeOf(rule, parent, resource))
        const group = ensureGroup(map, resource)
        for (const object of found) group.objects.set(nameKey(object), object)
      }
      return map
    },
    async concerns (parent, object) {
      for (const rule of await rulesOf(parent)) {
        const resource = await kinds.find(rule)
        if (resource.kind !== object.kind || resource.apiVersion !== object.apiVersion) continue
        if (selectRelated(rule, [object], await scopeOf(rule, parent, resource)).length > 0) return true
      }
      return false
    },
    onKind: kinds.onKind
  }
}
