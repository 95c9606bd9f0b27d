// What the pod of the server is made of. Whatever works for it with its databases and files is made of the same parts: migrations, garbage collection, archival.
import { parentLabel, SOURCE_LABEL } from '../../core/labels.ts'
import { placementOf, type Placement } from '../../core/placement.ts'
import { defined } from '../../core/plain-value.ts'
import { platformOf } from '../../core/platform.ts'
import { canonicalQuantity } from '../../core/quantity.ts'
import { namesOf, TAKEN_ACCOUNT } from '../names.ts'
import { tlsSecretOf, type Request } from '../place.ts'
import type { Spec } from '../schema.ts'
import { hasMetrics } from '../metrics.ts'
import { caInit, caMounts, caVolumes } from './ca-bundle.ts'
import { isShared } from './claim-spec.ts'
import { mergedResources } from './compute.ts'
import { serverEnvironment } from './environment.ts'
import { given, givenList, unique, type Fields } from './given.ts'
import { ARCHIVAL_FOLDER, METRICS_FOLDER, STORAGE_FOLDER, TLS_FOLDER } from './paths.ts'
import { environmentSources } from './user-environment.ts'

/** Whom the pods run as, and group of the files on the volume; any will do, as long as all pods have the same. */
const USER = 1000

export type ServerPod = {
  image: string
  imagePullPolicy?: string
  /** The server's whole environment, of each name one entry. */
  env: Fields[]
  envFrom: Fields[]
  /** All volumes of the server, and the mounts of its container: a pod made of some of the mounts takes the volumes that they name. */
  volumes: Fields[]
  mounts: Fields[]
  /** Makes the file of combined authorities, where there is more than the image's own; needs the volumes ca-bundle-N and combined-ca-bundle. */
  caInit?: Fields
  resources: Fields
  securityContext: Fields
  podSecurityContext: Fields
  /** Pods of one volume that only one node can have are kept on one node by it. */
  placement: Placement
  /** Of whatever mounts the volume. */
  sharedLabels: Record<string, string>
  serviceAccountName: string
  imagePullSecrets: Fields[]
}

export function serverPod (request: Request): ServerPod {
  const { spec } = request.parent
  const { image, securityContext } = lookOf(request)
  const init = caInit(request, { image, securityContext })
  const { imagePullPolicy } = spec.image
  return {
    image: imageOf(request),
    ...(imagePullPolicy && { imagePullPolicy }),
    env: serverEnvironment(request),
    envFrom: environmentSources(spec.envFrom),
    volumes: unique([...ownVolumes(request), ...givenList(spec.extraVolumes)], 'name'),
    mounts: unique([...ownMounts(request), ...givenList(spec.extraVolumeMounts)], 'mountPath'),
    ...(init && { caInit: init }),
    resources: mergedResources(withKnownClaims(spec)),
    securityContext,
    podSecurityContext: given(spec.podSecurityContext) ?? defaultContext(request),
    placement: sharedPlacement(request),
    sharedLabels: sharedLabels(request),
    serviceAccountName: serviceAccountOf(request),
    imagePullSecrets: givenList(spec.imagePullSecrets)
  }
}

/** Images of MLflow name no user, so that they would run as root, and be refused; and a new volume is root's. OpenShift says both itself, and refuses to be told. */
function defaultContext ({ parent: { spec }, platform }: Request): Fields {
  const base = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }
  if (platformOf(platform).openshift) return base
  return { ...base, runAsUser: USER, runAsGroup: USER, ...spec.storage && { fsGroup: USER, fsGroupChangePolicy: 'OnRootMismatch' } }
}

/** The API server refuses pods whose containers claim what the pod does not have. */
function withKnownClaims ({ resources, resourceClaims = [] }: Spec): Spec['resources'] {
  if (!resources?.claims) return resources
  return { ...resources, claims: resources.claims.filter(({ name }) => resourceClaims.some((claim) => claim.name === name)) }
}

export function imageOf ({ parent: { spec }, platform }: Request): string {
  return spec.image.image || platformOf(platform).image
}

/** That of other pods is never the server's, even where the API server was not asked: one object of a name can be made. */
export function serviceAccountOf ({ parent: { spec: { serviceAccountName }, metadata } }: Request): string {
  return serviceAccountName && !new RegExp(TAKEN_ACCOUNT).test(serviceAccountName) ? serviceAccountName : namesOf(metadata.name).serviceAccount
}

/** What all containers of ours have in common. */
export function lookOf (request: Request): { image: Fields, securityContext: Fields } {
  const { spec } = request.parent
  return {
    image: defined({ image: imageOf(request), imagePullPolicy: spec.image.imagePullPolicy }),
    securityContext: given(spec.securityContext) ?? { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
  }
}

/** The volume is where the pod that came first is, so the others have to go there. */
function sharedLabels ({ parent: { spec, metadata } }: Request): Record<string, string> {
  return spec.storage ? { [SOURCE_LABEL]: namesOf(metadata.name).claim } : {}
}

function sharedPlacement (request: Request): Placement {
  const { spec } = request.parent
  const placement = placementOf(spec)
  if (!spec.storage || isShared(spec.storage)) return placement
  const { affinity = {} } = placement
  const { podAffinity = {} } = affinity
  const beside = { labelSelector: { matchLabels: { ...parentLabel(request.parent), ...sharedLabels(request) } }, topologyKey: 'kubernetes.io/hostname' }
  const required = [...podAffinity.requiredDuringSchedulingIgnoredDuringExecution ?? [], beside]
  return { ...placement, affinity: { ...affinity, podAffinity: { ...podAffinity, requiredDuringSchedulingIgnoredDuringExecution: required } } }
}

function ownVolumes (request: Request): Fields[] {
  const { parent: { spec, metadata }, platform } = request
  const names = namesOf(metadata.name)
  const secretName = tlsSecretOf(request)
  return [
    { name: 'tmp', emptyDir: { sizeLimit: canonicalQuantity(spec.temporaryStorage.sizeLimit) } },
    ...spec.storage ? [{ name: 'mlflow-storage', persistentVolumeClaim: { claimName: names.claim } }] : [],
    // OpenShift gives the volume to the pod's group; elsewhere the server, which is not root, must be able to read its key.
    ...secretName === undefined ? [] : [{ name: 'mlflow-tls', secret: { secretName, defaultMode: platformOf(platform).openshift ? 0o640 : 0o644 } }],
    ...caVolumes(request),
    ...hasMetrics(request) ? [{ name: 'metrics', emptyDir: { sizeLimit: '100Mi' } }] : [],
    ...isArchiving(spec) ? [{ name: 'trace-archival-config', configMap: { name: names.traceArchivalConfig, defaultMode: 420 } }] : []
  ]
}

function ownMounts (request: Request): Fields[] {
  const { spec } = request.parent
  return [
    { name: 'tmp', mountPath: '/tmp' },
    ...spec.storage ? [{ name: 'mlflow-storage', mountPath: STORAGE_FOLDER }] : [],
    ...tlsSecretOf(request) === undefined ? [] : [{ name: 'mlflow-tls', mountPath: TLS_FOLDER, readOnly: true }],
    ...caMounts(request),
    ...hasMetrics(request) ? [{ name: 'metrics', mountPath: METRICS_FOLDER }] : [],
    ...isArchiving(spec) ? [{ name: 'trace-archival-config', mountPath: ARCHIVAL_FOLDER, readOnly: true }] : []
  ]
}

function isArchiving ({ traceArchival }: Spec): boolean {
  return traceArchival?.enabled === true
}
