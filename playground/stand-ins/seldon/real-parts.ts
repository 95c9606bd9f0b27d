// Parts that are objects of the API server: Deployments, Services, Istio's VirtualService and DestinationRules, owned by the SeldonDeployment.
import type { ApiClient, StoredSeldonDeployment } from './api-client.ts'
import { routerName } from './names.ts'
import { makeDeployment, makeDestinationRule, makeService, makeVirtualService, SELDON_LABELS } from './part-objects.ts'
import { readDeployment, readRouter } from './part-reading.ts'
import type { DeploymentObject, DestinationRuleObject, PodObject, VirtualServiceObject } from './part-reading.ts'
import type { Parts } from './parts.ts'
import type { Surroundings } from './reconcile.ts'
import { effectiveWeights } from './routing.ts'
import type { AppliedWeights, Router, World } from './world.ts'

interface ServiceObject { readonly metadata: { readonly name: string } }
interface List<T> { readonly items: readonly T[] }

const ISTIO = '/apis/networking.istio.io/v1beta1'

/** Where objects of a kind live. */
const paths = {
  deployments: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  pods: (namespace: string) => `/api/v1/namespaces/${namespace}/pods`,
  services: (namespace: string) => `/api/v1/namespaces/${namespace}/services`,
  virtualServices: (namespace: string) => `${ISTIO}/namespaces/${namespace}/virtualservices`,
  destinationRules: (namespace: string) => `${ISTIO}/namespaces/${namespace}/destinationrules`
}

const ALL_DEPLOYMENTS = `/apis/apps/v1/deployments?labelSelector=${encodeURIComponent(`${SELDON_LABELS.managedBy}=seldon-core`)}`

/** Parts in the API server. Of the routers only Istio's is known, or none. */
export function createRealParts (api: ApiClient, { router }: Surroundings): Parts {
  if (router === 'ambassador') throw new Error('the parts of a real cluster are routed by Istio or not at all')
  return {
    observe: async ({ metadata }, last, now) => await observe(api, metadata, router === 'istio', { last, now }),
    carryOut: async (object, before, after) => {
      await createServices(api, object, { before, after })
      await writeDeployments(api, object, { before, after })
      if (after.router && JSON.stringify(after.router) !== JSON.stringify(before.router)) await writeRouter(api, object, after.router)
      await removeLeftOvers(api, object, { before, after })
    },
    nextInstant: () => undefined,
    follow: async (seen, signal) => {
      await api.followAll(ALL_DEPLOYMENTS, ({ namespace, labels = {} }) => { seen(namespace, labels[SELDON_LABELS.deployment] ?? '') }, signal)
    }
  }
}

interface Named { readonly namespace: string, readonly name: string }
interface Change { readonly before: World, readonly after: World }

async function observe (api: ApiClient, { namespace, name }: Named, isRouted: boolean, { last, now }: { last: World, now: number }): Promise<World> {
  const [deployments, pods, services, router] = await Promise.all([
    listOf<DeploymentObject>(api, paths.deployments(namespace), name),
    listOf<PodObject>(api, paths.pods(namespace), name),
    listOf<ServiceObject>(api, paths.services(namespace), name),
    isRouted ? findRouter(api, { namespace, name }) : undefined
  ])
  return {
    ...last,
    deployments: Object.fromEntries(deployments.map((deployment) => [deployment.metadata.name, readDeployment(deployment, pods)])),
    services: services.map((service) => service.metadata.name),
    router,
    history: router ? remember(last.history, { at: now, weights: effectiveWeights(router) }) : last.history
  }
}

async function listOf<T> (api: ApiClient, path: string, name: string): Promise<readonly T[]> {
  const found = await api.call<List<T>>('GET', `${path}?labelSelector=${encodeURIComponent(`${SELDON_LABELS.deployment}=${name}`)}`)
  return found?.items ?? []
}

async function findRouter (api: ApiClient, { namespace, name }: Named): Promise<Router | undefined> {
  const virtualService = await api.call<VirtualServiceObject>('GET', `${paths.virtualServices(namespace)}/${routerName(name)}`)
  return virtualService && readRouter(virtualService, await listOf<DestinationRuleObject>(api, paths.destinationRules(namespace), name))
}

/** After a restart of the operator the router is where it was, and nobody remembers how it came there. */
function remember (history: readonly AppliedWeights[], applied: AppliedWeights): readonly AppliedWeights[] {
  return JSON.stringify(history.at(-1)?.weights) === JSON.stringify(applied.weights) ? history : [...history, applied]
}

async function createServices (api: ApiClient, object: StoredSeldonDeployment, { before, after }: Change): Promise<void> {
  for (const name of after.services) {
    if (!before.services.includes(name)) await api.call('POST', paths.services(object.metadata.namespace), makeService(object, name))
  }
}

async function writeDeployments (api: ApiClient, object: StoredSeldonDeployment, { before, after }: Change): Promise<void> {
  const path = paths.deployments(object.metadata.namespace)
  for (const deployment of Object.values(after.deployments)) {
    const known = before.deployments[deployment.name]
    if (!known) await api.call('POST', path, makeDeployment(object, deployment))
    else if (known.generation !== deployment.generation) await replace(api, `${path}/${deployment.name}`, makeDeployment(object, deployment))
  }
}

async function writeRouter (api: ApiClient, object: StoredSeldonDeployment, router: Router): Promise<void> {
  const { namespace, name } = object.metadata
  const known = (await listOf<DestinationRuleObject>(api, paths.destinationRules(namespace), name)).map(({ spec }) => spec.host)
  for (const route of router.routes) {
    if (!known.includes(route.host)) await api.call('POST', paths.destinationRules(namespace), makeDestinationRule(object, route))
  }
  const path = paths.virtualServices(namespace)
  const virtualService = makeVirtualService(object, router)
  if (!await replace(api, `${path}/${routerName(name)}`, virtualService)) await api.call('POST', path, virtualService)
}

async function removeLeftOvers (api: ApiClient, object: StoredSeldonDeployment, { before, after }: Change): Promise<void> {
  const { namespace } = object.metadata
  for (const { name, deleting } of Object.values(after.deployments)) {
    if (deleting && before.deployments[name]?.deleting === false) await api.call('DELETE', `${paths.deployments(namespace)}/${name}`)
  }
  for (const service of before.services) {
    if (!after.services.includes(service)) await api.call('DELETE', `${paths.services(namespace)}/${service}`)
  }
}

/** Replaces the spec of an object that is there; false when it is not. A conflict fails the reconcile, as it does in the operator. */
async function replace (api: ApiClient, path: string, { metadata, spec }: { metadata: object, spec: object }): Promise<boolean> {
  const known = await api.call<{ metadata: object }>('GET', path)
  if (!known) return false
  await api.call('PUT', path, { ...known, metadata: { ...known.metadata, ...metadata }, spec })
  return true
}
