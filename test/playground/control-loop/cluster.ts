// Set-up shared by the control loop's tests: an API server with Widgets, a hook that answers as the test says, a loop.
import type { Test } from 'tap'
import { startApiServer } from '../../../playground/api-server/server.ts'
import type { ApiServer, ApiServerOptions } from '../../../playground/api-server/server.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import type { Target } from '../../../playground/api-server/operations.ts'
import { createControlLoop } from '../../../playground/control-loop/control-loop.ts'
import type { ControlLoop, ControlLoopOptions } from '../../../playground/control-loop/control-loop.ts'
import { startServer } from '../../helpers/local-server.ts'

export interface HookRequest {
  controller: KubeObject
  parent: KubeObject
  children: Record<string, Record<string, KubeObject>>
  related: Record<string, Record<string, KubeObject>>
  finalizing: boolean
}

/** What a hook answers: an object is sent as JSON with 200. */
export type HookAnswer = object | { code: number, headers?: Record<string, string>, text?: string }

export interface Cluster {
  server: ApiServer
  loop: ControlLoop
  /** Requests by hook, in order. */
  calls: { sync: HookRequest[], finalize: HookRequest[], customize: HookRequest[] }
  widget: Target
  at (plural: string, name: string, group?: string): Target
  create (object: KubeObject): KubeObject
  merge (target: Target, patch: object): KubeObject
  get (target: Target): KubeObject | undefined
}

export interface ClusterOptions {
  sync: (request: HookRequest) => HookAnswer
  finalize?: (request: HookRequest) => HookAnswer
  customize?: (request: HookRequest) => HookAnswer
  spec?: object
  loop?: Partial<ControlLoopOptions>
  server?: ApiServerOptions
  /** Create the CompositeController in the API server instead of handing it to the loop. */
  inCluster?: boolean
}

const crds = ['test/fixtures/playground/widgets.crd.yaml', 'test/crds/compositecontrollers.metacontroller.k8s.io.yaml', 'test/crds/seldondeployments.machinelearning.seldon.io.yaml']

/** A CompositeController for Widgets with ConfigMaps (InPlace), Secrets (OnDelete) and Services (Recreate) as children. */
export function widgetController (url: string, options: Pick<ClusterOptions, 'finalize' | 'customize' | 'spec'>): KubeObject {
  const hook = (name: string): object => ({ version: 'v2', webhook: { url: `${url}/${name}` } })
  return {
    apiVersion: 'metacontroller.k8s.io/v1alpha1',
    kind: 'CompositeController',
    metadata: { name: 'widgets' },
    spec: {
      generateSelector: true,
      parentResource: { apiVersion: 'test.sluice.dev/v1', resource: 'widgets' },
      childResources: [
        { apiVersion: 'v1', resource: 'configmaps', updateStrategy: { method: 'InPlace' } },
        { apiVersion: 'v1', resource: 'secrets' },
        { apiVersion: 'v1', resource: 'services', updateStrategy: { method: 'Recreate' } }
      ],
      hooks: { sync: hook('sync'), ...(options.finalize ? { finalize: hook('finalize') } : {}), ...(options.customize ? { customize: hook('customize') } : {}) },
      ...options.spec
    }
  }
}

/** Starts everything; closed at the end of the test. A widget `a` is there from the start. */
export async function startCluster (t: Test, options: ClusterOptions): Promise<Cluster> {
  const server = await startApiServer({ crds, ...options.server })
  t.teardown(() => server.close())
  const calls: Cluster['calls'] = { sync: [], finalize: [], customize: [] }
  const hooks = await startServer(t, (response, asked) => {
    const name = asked.url.slice(1) as keyof typeof calls
    const request = JSON.parse(asked.body) as HookRequest
    calls[name].push(request)
    const answer = options[name]!(request)
    const raw = 'code' in answer ? answer as { code: number, headers?: Record<string, string>, text?: string } : { code: 200, text: JSON.stringify(answer) }
    response.writeHead(raw.code, raw.headers).end(raw.text ?? '')
  })
  const controller = widgetController(hooks.url, options)
  const at = (plural: string, name: string, group = ''): Target => ({ resource: server.registry.find(group, 'v1', plural)!, namespace: 'default', name })
  const create = (object: KubeObject): KubeObject => {
    const resource = server.registry.findKind(object.apiVersion, object.kind)!
    return server.operations.create(resource, resource.namespaced ? object.metadata.namespace ?? 'default' : undefined, object, { manager: 'test' })
  }
  if (options.inCluster) create(controller)
  create({ apiVersion: 'test.sluice.dev/v1', kind: 'Widget', metadata: { name: 'a' }, spec: { colour: 'red' } })
  const loop = createControlLoop({ baseUrl: server.url, timeScale: 0.001, ...(options.inCluster ? {} : { controllers: [controller] }), ...options.loop })
  t.teardown(() => loop.close())
  return {
    server,
    loop,
    calls,
    widget: at('widgets', 'a', 'test.sluice.dev'),
    at,
    create,
    merge: (target, patch) => server.operations.patch(target, 'application/merge-patch+json', patch, { manager: 'test' }).object,
    get: (target) => server.store.get(`${target.resource.group}/${target.resource.plural}`, target.namespace, target.name)
  }
}

/** A desired ConfigMap. */
export function configMap (name: string, data: object = { a: '1' }): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}
