// Thousands of MlflowModels that nobody serves: their model is not registered, and their facts say so already, so that nobody has anything to write.
import { randomUUID } from 'node:crypto'
import type { ControlPlane } from './control-plane.ts'
import { writeToEtcd } from './etcd.ts'

export const CROWD = 10_000
const PATH = '/apis/sluice.dev/v1alpha1/namespaces/crowd/mlflowmodels'
/** Old enough for nobody to be told of it by an Event. */
const HOURS_AGO = 2
const TYPE = { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel' }
const SPEC = { modelName: 'nobody-has-registered-it', modelAlias: 'champion', minioSecret: 'none' }

/**
 * Makes them in a namespace of their own. They are put where the API server keeps them, as it would have written them: through it, with its admission,
 * audit and garbage collector, that takes minutes on two cores, and how objects come is not what is tested.
 */
export async function gatherCrowd ({ etcd, kubectl }: ControlPlane): Promise<void> {
  await kubectl(['create', 'namespace', 'crowd'])
  const creationTimestamp = new Date(Date.now() - HOURS_AGO * 3_600_000).toISOString().replace(/\.\d+/, '')
  const fact = JSON.stringify({ server: 'default', workspace: '', model: SPEC.modelName, alias: SPEC.modelAlias, state: 'ModelMissing', observedAt: creationTimestamp })
  await writeToEtcd(etcd.url, Array.from({ length: CROWD }, (_, number) => {
    const metadata = { name: `one-${number}`, namespace: 'crowd', uid: randomUUID(), creationTimestamp, generation: 1, annotations: { 'sluice.dev/registry': fact } }
    return { key: `/registry/sluice.dev/mlflowmodels/crowd/${metadata.name}`, value: JSON.stringify({ ...TYPE, metadata, spec: SPEC }) }
  }))
}

/** One more of them, without a fact. Resolves with its path. */
export async function joinCrowd ({ kubectl }: Pick<ControlPlane, 'kubectl'>, name: string): Promise<string> {
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify({ ...TYPE, metadata: { name, namespace: 'crowd' }, spec: SPEC }) })
  return `${PATH}/${name}`
}
