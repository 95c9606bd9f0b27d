// The volume of the server: an ordinary child where it goes with the object; otherwise made by a Job, for whatever is a child goes with its parent.
import { contentHash, suffixedName } from '../../core/names.ts'
import { COMPONENT_LABEL, parentLabel, PARENT_LABEL } from '../../core/labels.ts'
import { jobsImage } from '../../core/images.ts'
import { placementOf, type Placement } from '../../core/placement.ts'
import { isMap, withoutEmpty } from '../../core/plain-value.ts'
import { quantityValue } from '../../core/quantity.ts'
import { findChild, type Child, type KubeObject } from '../../core/request.ts'
import { CLAIM, JOB, ROLE, ROLE_BINDING, SERVICE_ACCOUNT } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, namespaceOf, type Request } from '../place.ts'
import type { Storage } from '../schema/storage.ts'
import { claimSpec, sizeOf } from './claim-spec.ts'
import { givenList, type Fields } from './given.ts'

const RBAC = 'rbac.authorization.k8s.io'

/** The program's exit code for what no other try mends. */
const HOPELESS = 42

export function makeClaim (request: Request): Child[] {
  const { storage } = request.parent.spec
  const { claim } = namesOf(request.parent.metadata.name)
  const owned = findChild(request, CLAIM, claim, namespaceOf(request))
  // No edit deletes data: what goes with the object goes with nothing else.
  if (owned && (!storage || storage.retain)) return [makeHeld(request, owned), ...storage ? makeRetained(request, storage) : []]
  if (!storage) return []
  return storage.retain ? makeRetained(request, storage) : [makeOwned(request, storage)]
}

function makeHeld (request: Request, { metadata, spec }: KubeObject): Child {
  const found = isMap(spec) ? withoutEmpty(spec) : {}
  const held = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: requestsOf(found).storage ?? sizeOf({ retain: false }) } } }
  return { apiVersion: CLAIM.apiVersion, kind: CLAIM.kind, metadata: namespacedMetadata(request, metadata.name), spec: heldSpec(held, { apiVersion: 'v1', kind: CLAIM.kind, metadata, spec: found }) }
}

/** Goes with the object. What cannot be changed of a claim stays as it is, and it never shrinks: the API server would refuse it, and everything else with it. */
function makeOwned (request: Request, storage: Storage): Child {
  const { claim } = namesOf(request.parent.metadata.name)
  const { apiVersion, kind } = CLAIM
  const observed = findChild(request, CLAIM, claim, namespaceOf(request))
  const wanted = claimSpec(storage)
  return { apiVersion, kind, metadata: namespacedMetadata(request, claim), spec: observed ? heldSpec(wanted, observed) : wanted }
}

const IMMUTABLE = ['accessModes', 'storageClassName', 'volumeName', 'volumeMode', 'selector', 'dataSource', 'dataSourceRef']

function heldSpec (wanted: Fields, { spec }: KubeObject): Fields {
  const found = isMap(spec) ? withoutEmpty(spec) : {}
  const held = Object.fromEntries(IMMUTABLE.flatMap((field) => Object.hasOwn(found, field) ? [[field, found[field]]] : []))
  const mutable = Object.fromEntries(Object.entries(wanted).filter(([field]) => !IMMUTABLE.includes(field)))
  return { ...mutable, ...held, resources: { ...wanted.resources as Fields, requests: { ...requestsOf(wanted), storage: larger(requestsOf(wanted).storage, requestsOf(found).storage) } } }
}

function requestsOf ({ resources }: Fields): Fields {
  return isMap(resources) && isMap(resources.requests) ? resources.requests : {}
}

function larger (wanted: unknown, found: unknown): unknown {
  return typeof found === 'string' && (quantityValue(found) ?? 0) > (quantityValue(String(wanted)) ?? 0) ? found : wanted
}

/** The claim that is to be there when its Job is done: nobody owns it, and an object of the same name finds it again. */
function retainedClaim (request: Request, storage: Storage): Fields {
  const { claim, server } = namesOf(request.parent.metadata.name)
  const labels = { 'app.kubernetes.io/managed-by': 'sluice', [PARENT_LABEL]: parentLabel(request.parent)[PARENT_LABEL], app: server, component: 'mlflow' }
  return { apiVersion: CLAIM.apiVersion, kind: CLAIM.kind, metadata: { name: claim, namespace: namespaceOf(request), labels }, spec: claimSpec(storage) }
}

/** Of the Job that makes the claim that the spec asks for now; undefined where none is asked for. */
export function claimJobName (request: Request): string | undefined {
  const { storage } = request.parent.spec
  if (!storage?.retain) return undefined
  return suffixedName(namesOf(request.parent.metadata.name).server, `claim-${contentHash({ uid: request.parent.metadata.uid, claim: retainedClaim(request, storage) })}`)
}

function makeRetained (request: Request, storage: Storage): Child[] {
  const { claim, claimMaker } = namesOf(request.parent.metadata.name)
  const metadata = namespacedMetadata(request, claimMaker)
  return [
    { apiVersion: SERVICE_ACCOUNT.apiVersion, kind: SERVICE_ACCOUNT.kind, metadata, automountServiceAccountToken: false },
    {
      apiVersion: ROLE.apiVersion,
      kind: ROLE.kind,
      metadata,
      rules: [
        // Server-side apply names what it creates, so that a name can be demanded.
        { apiGroups: [''], resources: ['persistentvolumeclaims'], resourceNames: [claim], verbs: ['get', 'create', 'patch'] }
      ]
    },
    {
      apiVersion: ROLE_BINDING.apiVersion,
      kind: ROLE_BINDING.kind,
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: claimMaker },
      subjects: [{ kind: 'ServiceAccount', name: claimMaker, namespace: namespaceOf(request) }]
    },
    makeClaimJob(request, storage)
  ]
}

function makeClaimJob (request: Request, storage: Storage): Child {
  const { parent } = request
  const { claimMaker } = namesOf(parent.metadata.name)
  return {
    apiVersion: JOB.apiVersion,
    kind: JOB.kind,
    metadata: namespacedMetadata(request, claimJobName(request) ?? ''),
    spec: {
      backoffLimit: 20,
      activeDeadlineSeconds: 6 * 3600,
      podFailurePolicy: {
        rules: [
          { action: 'FailJob', onExitCodes: { containerName: 'ensure-claim', operator: 'In', values: [HOPELESS] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }
        ]
      },
      template: {
        metadata: { labels: { ...parentLabel(parent), [COMPONENT_LABEL]: 'claim' } },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: claimMaker,
          automountServiceAccountToken: true,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          ...imagePullSecrets(request),
          ...nodesOf(parent.spec),
          containers: [{
            name: 'ensure-claim',
            image: jobsImage(request.images),
            command: ['node', 'jobs/ensure-claim.ts'],
            env: [{ name: 'CLAIM', value: JSON.stringify(retainedClaim(request, storage)) }],
            resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '192Mi' } },
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            terminationMessagePolicy: 'FallbackToLogsOnError'
          }]
        }
      }
    }
  }
}

function imagePullSecrets ({ parent: { spec } }: Request): Fields {
  const secrets = givenList(spec.imagePullSecrets)
  return secrets.length > 0 ? { imagePullSecrets: secrets } : {}
}

/** It mounts nothing, so it need not be where the volume is. */
function nodesOf (spec: Placement): Placement {
  const { affinity: _affinity, ...rest } = placementOf(spec)
  return rest
}
