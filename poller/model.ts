// The objects that the poller looks at, as the API server has checked them against their schema, and what it finds about one. Of an object only
// those fields are kept that are read: the rest is nine tenths of it. What is not listed here is not in the type either.
import { API_GROUP } from '../hooks/core/kind.ts'
import type { KubeObject, Metadata, Parent } from '../hooks/core/request.ts'
import type { Spec, Status } from '../hooks/mlflow-model/schema.ts'
import { pick } from './pick.ts'
import { createShare, type Share } from './sharing.ts'

const METADATA = ['name', 'namespace', 'uid', 'generation', 'resourceVersion', 'deletionTimestamp'] as const satisfies Array<keyof Metadata>
const SPEC = ['registry', 'workspace', 'modelName', 'modelAlias', 'monitoringInterval', 'whenAliasMissing'] as const satisfies Array<keyof Spec>
const SERVING = ['modelUri'] as const satisfies Array<keyof Spec['serving']>
const ROLLOUT = ['steps', 'paused'] as const satisfies Array<keyof Spec['rollout']>
const STATUS = [
  'stable', 'canary', 'previous', 'rollout', 'traffic', 'failedVersions', 'lastOutcome', 'counter', 'phase', 'currentModelVersion', 'canaryModelVersion', 'weight', 'step', 'reason', 'error', 'nextDeadline'
] as const satisfies Array<keyof Status>
const CONDITION = ['type', 'reason', 'lastTransitionTime'] as const satisfies Array<keyof Condition>
/** Conditions whose times and reasons Events tell. */
const TOLD = ['Ready', 'Progressing', 'BackendReady']

type Condition = NonNullable<Status['conditions']>[number]
type KeptSpec = Pick<Spec, typeof SPEC[number] | 'analysis'> & { serving: Pick<Spec['serving'], typeof SERVING[number]>, rollout: Pick<Spec['rollout'], typeof ROLLOUT[number]> }
export type KeptStatus = Pick<Status, typeof STATUS[number]> & { conditions?: Array<Pick<Condition, typeof CONDITION[number]>> }

export type Model = Parent<KeptSpec, KeptStatus>

/** What is to be written on one object. */
export type Finding<Fact> = { uid: string, namespace: string, name: string, fact: Fact }

/** What is kept of an object, by its kind. */
export type Slim = (object: KubeObject) => KubeObject

/** Keeps of any object what all kinds need: who it is, our annotations, and its deadline. */
export function slimAny ({ apiVersion, kind, metadata, status }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata: slimMetadata(metadata), status: pick(status as Partial<Status> ?? {}, ['nextDeadline']) }
}

/** A function that keeps of an MlflowModel what is in Model. */
export function createSlimModel (): Slim {
  const share = createShare()
  return ({ apiVersion, kind, metadata, spec, status }) => ({
    apiVersion: share(apiVersion),
    kind: share(kind),
    metadata: { ...slimMetadata(metadata), ...(metadata.namespace !== undefined && { namespace: share(metadata.namespace) }) },
    spec: slimSpec(spec as Spec, share),
    ...(status !== undefined && { status: slimStatus(status as Partial<Status>, share) })
  })
}

function slimMetadata (metadata: Metadata): Metadata {
  const ours = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(`${API_GROUP}/`))
  return { ...pick(metadata, METADATA), ...(ours.length > 0 && { annotations: Object.fromEntries(ours) }) }
}

function slimSpec (spec: Spec, share: Share): KeptSpec {
  return { ...pick(spec, SPEC), serving: share(pick(spec.serving, SERVING)), rollout: share(pick(spec.rollout, ROLLOUT)), analysis: share(spec.analysis) }
}

function slimStatus (status: Partial<Status>, share: Share): Partial<KeptStatus> {
  const conditions = status.conditions?.filter(({ type }) => TOLD.includes(type))
  return { ...pick(status, STATUS), ...(conditions && { conditions: conditions.map((condition) => ({ ...pick(condition, CONDITION), type: share(condition.type), reason: share(condition.reason) })) }) }
}
