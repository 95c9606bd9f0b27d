// The CompositeController of a kind: what tells Metacontroller to ask the hooks.
import { API_VERSION, type Kind } from '../../hooks/core/kind.ts'

export type ControllerOptions = {
  /** Scheme, host and port of the hooks, such as `http://sluice-hooks.sluice-system.svc:8080`. */
  url: string
  /** Release of the hooks. A new one changes the URL, and so re-syncs every object. */
  v: string
  /** The optional children that are installed; absent: all. One that is missing in the cluster keeps the whole controller from starting. */
  capabilities?: string[]
}

/** Its name is part of the finalizer on every object: a renamed one strands them. */
export function controllerName ({ resource }: Kind): string {
  return `sluice-${resource.plural}`
}

/** Builds the CompositeController of a kind. */
export function makeCompositeController (kind: Kind, options: ControllerOptions): object {
  const { plural } = kind.resource
  return {
    apiVersion: 'metacontroller.k8s.io/v1alpha1',
    kind: 'CompositeController',
    metadata: { name: controllerName(kind) },
    spec: {
      parentResource: { apiVersion: API_VERSION, resource: plural },
      // Children are known by the parent's UID: nothing foreign is ever adopted, and users write no selector.
      generateSelector: true,
      resyncPeriodSeconds: 300,
      childResources: childrenOf(kind, options).map(({ apiVersion, resource, method }) => ({ apiVersion, resource, updateStrategy: { method } })),
      hooks: Object.fromEntries((['sync', 'finalize', 'customize'] as const).filter((hook) => kind[hook]).map((hook) => [hook, {
        version: 'v2',
        webhook: { url: `${options.url}/${plural}/${hook}?v=${encodeURIComponent(options.v)}`, timeout: '10s' }
      }]))
    }
  }
}

/** The children that the controller may list: all that are always there, and the optional ones that are installed. */
export function childrenOf (kind: Kind, { capabilities }: ControllerOptions): Kind['children'] {
  return kind.children.filter(({ capability }) => capability === undefined || capabilities === undefined || capabilities.includes(capability))
}
