// Set-up shared by the API server's tests: the operations on a store that serves Widgets, and a clock that stands still.
import { readYamlObjects } from '../../../playground/api-server/crd.ts'
import { builtinResources } from '../../../playground/api-server/builtin-resources.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { createOperations } from '../../../playground/api-server/operations.ts'
import type { Operations } from '../../../playground/api-server/operations.ts'
import { makeRegistry } from '../../../playground/api-server/resource.ts'
import type { Registry, Resource } from '../../../playground/api-server/resource.ts'
import { createStore } from '../../../playground/api-server/store.ts'
import type { Store } from '../../../playground/api-server/store.ts'
import { isApiError } from '../../../playground/api-server/api-error.ts'

export const widgetsCrd = 'test/fixtures/playground/widgets.crd.yaml'

export interface World {
  store: Store
  registry: Registry
  api: Operations
  widgets: Resource
  configMaps: Resource
  namespaces: Resource
  clock: { now: number }
}

/** A store with namespace `n` and the Widget CRD. The clock stands at 2026-01-01T00:00:00Z until a test moves it. */
export function makeWorld (options: { garbageCollection?: boolean } = {}): World {
  const clock = { now: Date.parse('2026-01-01T00:00:00Z') }
  const store = createStore(1000)
  const registry = makeRegistry()
  registry.add(builtinResources())
  const api = createOperations({ store, registry, clock: () => clock.now, garbageCollection: options.garbageCollection ?? true })
  const find = (group: string, plural: string): Resource => registry.find(group, 'v1', plural)!
  const namespaces = find('', 'namespaces')
  api.create(namespaces, undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } })
  api.create(find('apiextensions.k8s.io', 'customresourcedefinitions'), undefined, readYamlObjects(widgetsCrd)[0]!)
  return { store, registry, api, widgets: find('test.sluice.dev', 'widgets'), configMaps: find('', 'configmaps'), namespaces, clock }
}

/** A red widget. */
export function widget (name: string, spec: object = {}, metadata: object = {}): KubeObject {
  return { apiVersion: 'test.sluice.dev/v1', kind: 'Widget', metadata: { name, ...metadata }, spec: { colour: 'red', ...spec } }
}

/** A config map. */
export function configMap (name: string, metadata: object = {}, data: object = { a: '1' }): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data }
}

/** The code, reason and message of the Status that an action is refused with; undefined if it is not. */
export function refusal (action: () => unknown): { code: number, reason: string | undefined, message: string | undefined } | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (!isApiError(error)) throw error
    return { code: error.answer.code, reason: error.answer.reason, message: error.answer.message }
  }
}
