// A CompositeController as it is read, and the running parts made from it: clients, caches, hooks, strategies.
import { splitApiVersion } from '../api-server/kube-object.ts'
import type { KubeObject } from '../api-server/kube-object.ts'
import type { LabelSelector } from '../api-server/selectors.ts'
import { selectorOf } from './claim.ts'
import type { Selector } from './claim.ts'
import { createCustomizer } from './customize.ts'
import type { Customizer } from './customize.ts'
import type { EndpointSettings } from './endpoint.ts'
import type { ObjectCache } from './object-cache.ts'
import { createResourceClient } from './resource-client.ts'
import type { ApiResource, ResourceClient } from './resource-client.ts'
import { createHook } from './webhook.ts'
import type { Hook, HookSettings } from './webhook.ts'
import type { LoopMachine } from './loop-machine.ts'

export type UpdateMethod = 'OnDelete' | 'InPlace' | 'Recreate'

export interface CompositeSpec {
  parentResource: { apiVersion: string, resource: string, labelSelector?: LabelSelector, ignoreStatusChanges?: boolean }
  childResources?: { apiVersion: string, resource: string, updateStrategy?: { method?: string } }[]
  hooks?: { sync?: HookSettings, finalize?: HookSettings, customize?: HookSettings }
  endpointConfigs?: (EndpointSettings & { host: string })[]
  resyncPeriodSeconds?: number
  generateSelector?: boolean
}

export interface Watched { client: ResourceClient, cache: ObjectCache }

export interface Controller {
  object: KubeObject
  spec: CompositeSpec
  name: string
  finalizer: string
  parents: Watched
  children: Watched[]
  hooks: { sync?: Hook, finalize?: Hook }
  customizer: Customizer
  /** True if a parent's labels are those this controller looks after. */
  selectsParent: Selector
  methodOf: (apiVersion: string, kind: string) => UpdateMethod
  close (): Promise<void>
}

async function need (machine: LoopMachine, apiVersion: string, resource: string): Promise<ApiResource> {
  const found = await machine.discovery.find(apiVersion, resource)
  if (!found) throw new Error(`discovery: can't find resource ${resource} in apiVersion ${apiVersion}`)
  return found
}

function watched (machine: LoopMachine, resource: ApiResource): Watched {
  return { client: createResourceClient(machine.client, resource, machine.writes), cache: machine.cacheOf(resource) }
}

function methodTable (spec: CompositeSpec, kinds: readonly ApiResource[]): Map<string, UpdateMethod> {
  const table = new Map<string, UpdateMethod>()
  for (const [index, child] of (spec.childResources ?? []).entries()) {
    const method = child.updateStrategy?.method || 'OnDelete'
    if (method !== 'OnDelete' && method !== 'InPlace' && method !== 'Recreate') throw new Error(`update method ${method} of ${child.resource} is not supported by the playground (and defective in Metacontroller 4.17)`)
    // The version does not count, as in the real thing.
    if (method !== 'OnDelete') table.set(`${splitApiVersion(child.apiVersion).group} ${kinds[index]!.kind}`, method)
  }
  return table
}

async function checkParentCrd (machine: LoopMachine, parent: ApiResource): Promise<void> {
  const { group } = splitApiVersion(parent.apiVersion)
  await machine.client.call({ method: 'GET', path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${parent.name}.${group}` })
  if (!parent.hasStatus) throw new Error(`Ignoring controller: parent resource ${parent.name} in ${parent.apiVersion} does not have status subresource`)
}

/**
 * Makes the running parts of a CompositeController. Throws if its parent is no CRD with a status subresource, if a kind is not
 * served, if a hook's settings are wrong: the controller then does not run at all.
 */
export async function createController (machine: LoopMachine, object: KubeObject): Promise<Controller> {
  const spec = object.spec as CompositeSpec
  if (!spec.hooks) throw new Error('no hooks defined')
  const parent = await need(machine, spec.parentResource.apiVersion, spec.parentResource.resource)
  await checkParentCrd(machine, parent)
  const kinds: ApiResource[] = []
  for (const child of spec.childResources ?? []) kinds.push(await need(machine, child.apiVersion, child.resource))
  const methods = methodTable(spec, kinds)
  const context = { endpoints: spec.endpointConfigs ?? [], read: machine.readObject, clock: machine.clock }
  const [sync, finalize, customize] = await Promise.all([spec.hooks.sync, spec.hooks.finalize, spec.hooks.customize].map((settings) => (settings ? createHook(settings, context) : undefined)))
  return {
    object,
    spec,
    name: object.metadata.name,
    finalizer: `metacontroller.io/compositecontroller-${object.metadata.name}`,
    parents: watched(machine, parent),
    children: kinds.map((kind) => watched(machine, kind)),
    hooks: { ...(sync ? { sync } : {}), ...(finalize ? { finalize } : {}) },
    customizer: createCustomizer(machine, { controller: object, hook: customize, parentNamespaced: parent.namespaced }),
    selectsParent: selectorOf(spec.parentResource.labelSelector),
    methodOf: (apiVersion, kind) => methods.get(`${splitApiVersion(apiVersion).group} ${kind}`) ?? 'OnDelete',
    async close () {
      await Promise.all([sync, finalize, customize].map((hook) => hook?.close()))
    }
  }
}
