// What really runs behind SeldonDeployments, as the API server shows it: Deployments, pods, and the weights that the VirtualService carries. It is
// the same whoever the operator is.
import { readDeployment, readRouter, type DeploymentObject, type PodObject, type VirtualServiceObject } from '../../playground/stand-ins/seldon/part-reading.ts'
import { effectiveWeights } from '../../playground/stand-ins/seldon/routing.ts'
import { EMPTY_WORLD, type AppliedWeights, type World } from '../../playground/stand-ins/seldon/world.ts'
import type { Api } from './api.ts'

export interface SeldonView {
  /** The parts of one SeldonDeployment; the history holds every weight that its VirtualService has carried. */
  world: (namespace: string, name: string) => World
}

interface Named { metadata: { namespace?: string, name: string, uid: string, labels?: Readonly<Record<string, string>> } }

const OWNER = 'seldon-deployment-id'

/** Objects of one kind by `namespace/name of the SeldonDeployment`, then by uid. */
type Parts<T> = Map<string, Map<string, T>>

/** Follows the parts of all SeldonDeployments; resolves when those that exist are known. */
export async function viewSeldon (api: Api): Promise<SeldonView> {
  const deployments: Parts<DeploymentObject> = new Map()
  const pods: Parts<PodObject> = new Map()
  const histories = new Map<string, AppliedWeights[]>()
  // Traffic asks for the world with every request, and most requests see the same.
  const worlds = new Map<string, World>()

  async function follow<T extends Named> (path: string, parts: Parts<T>): Promise<void> {
    await api.follow<T>(path, (type, object) => {
      const owner = object.metadata.labels?.[OWNER]
      if (owner === undefined) return
      const key = `${object.metadata.namespace}/${owner}`
      const known = parts.get(key) ?? new Map<string, T>()
      if (type === 'DELETED') known.delete(object.metadata.uid)
      else known.set(object.metadata.uid, object)
      parts.set(key, known)
      worlds.delete(key)
    })
  }
  await follow('/apis/apps/v1/deployments', deployments as Parts<DeploymentObject & Named>)
  await follow('/api/v1/pods', pods as Parts<PodObject & Named>)
  await api.follow<VirtualServiceObject & Named>('/apis/networking.istio.io/v1beta1/virtualservices', (type, object) => {
    const key = `${object.metadata.namespace}/${object.metadata.name}`
    const history = histories.get(key) ?? []
    const weights = effectiveWeights(readRouter(object, []))
    if (type === 'DELETED') histories.delete(key)
    else if (JSON.stringify(history.at(-1)?.weights) !== JSON.stringify(weights)) histories.set(key, [...history, { at: Date.now(), weights }])
    worlds.delete(key)
  })

  function see (key: string): World {
    const found = [...deployments.get(key)?.values() ?? []].map((deployment) => readDeployment(deployment, [...pods.get(key)?.values() ?? []]))
    return { ...EMPTY_WORLD, deployments: Object.fromEntries(found.map((deployment) => [deployment.name, deployment])), history: histories.get(key) ?? [] }
  }
  return {
    world (namespace, name) {
      const key = `${namespace}/${name}`
      const world = worlds.get(key) ?? see(key)
      worlds.set(key, world)
      return world
    }
  }
}
