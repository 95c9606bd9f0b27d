// Serving by a SeldonDeployment (Seldon Core v1). One object per parent, one predictor per version, weights on `traffic`.
// The oddities that follow are the operator's: each is needed so that a promotion restarts no pod.
import { childLabels, parentLabel, STATE_ANNOTATION } from '../core/labels.ts'
import { API_GROUP, type ChildResource } from '../core/kind.ts'
import { LONGEST_URI } from '../core/model-uri.ts'
import { md5, predictorName } from '../core/names.ts'
import { parseInstant } from '../core/time.ts'
import { findChild, type Child, type KubeObject, type SyncRequest } from '../core/request.ts'
import { NOT_DEPLOYED, type Backend, type Observation, type BackendWords, type PodReadiness, type Served, type ServingOptions, type Wanted } from './backend.ts'
import { annotationOf, readPredictors, readSeldonStatus, type Predictor, type SeldonStatus } from './seldon-observed.ts'

const SELDON_DEPLOYMENT: ChildResource = {
  apiVersion: 'machinelearning.seldon.io/v1',
  kind: 'SeldonDeployment',
  resource: 'seldondeployments',
  method: 'InPlace',
  capability: 'seldon'
}

/** The same in every predictor: ports are dealt out by container name, and the V2 path holds it. */
const GRAPH_NAME = 'model'

/** Declared, or the operator deals out metrics ports in list order and removing the first predictor restarts the next one's pods. */
const METRICS_PORT = { name: 'metrics', containerPort: 6000, protocol: 'TCP' }

/** Seldon turns this predictor annotation into its metrics' label predictor_version. */
const VERSION_ANNOTATION = 'version'
const CREATED_AT_ANNOTATION = `${API_GROUP}/created-at`

/** Either condition says that a router has taken the weights over. */
const ROUTER_CONDITIONS = ['istioVirtualServicesReady', 'AmbassadorMappingsReady']

/** Characters of a version's number, and of the name of an object. */
const LONGEST_VERSION = 64
const LONGEST_NAME = 253

/** For a router that is not switched on the operator reports True as well; only the reason tells ("No VirtualServices defined"). */
const NOT_DEFINED = /^No .* defined$/

export const seldon: Backend = {
  name: 'Seldon',
  children: [SELDON_DEPLOYMENT],
  observe: observeSeldon,
  make: makeChildren,
  url: ({ parent: { metadata } }) => `/seldon/${metadata.namespace}/${metadata.name}`,
  words: wordsOf
}

function makeChildren (request: SyncRequest, options: ServingOptions, wanted: Wanted): Child[] {
  return wanted.served.length === 0 ? [] : [makeSeldonDeployment(request, options, wanted)]
}

function makeSeldonDeployment (request: SyncRequest, options: ServingOptions, { served, state }: Wanted): Child {
  const { parent } = request
  const { name, namespace } = parent.metadata
  return {
    apiVersion: SELDON_DEPLOYMENT.apiVersion,
    kind: SELDON_DEPLOYMENT.kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: childLabels(parent),
      annotations: { ...options.seldon.annotations, [STATE_ANNOTATION]: state }
    },
    spec: {
      protocol: options.protocol,
      predictors: inObservedOrder(served, readPredictors(findSeldonDeployment(request))).map((version) => makePredictor(parent, options, version))
    }
  }
}

/** Metacontroller keeps the observed order and appends new predictors, so any other order would never be applied. */
function inObservedOrder (served: Served[], observed: Predictor[]): Served[] {
  const place = (version: Served) => {
    const index = observed.findIndex(({ name }) => name === predictorName(version))
    return index < 0 ? observed.length : index
  }
  return served.toSorted((a, b) => place(a) - place(b))
}

function makePredictor (parent: SyncRequest['parent'], options: ServingOptions, version: Served): object {
  const { resources, env, serviceAccountName, credentialsSecret } = options
  return {
    name: predictorName(version),
    traffic: version.share,
    replicas: options.replicas,
    // Not managed-by: Seldon sets that on the pods, and PodMonitors select by it.
    labels: parentLabel(parent),
    annotations: { [VERSION_ANNOTATION]: version.version, [CREATED_AT_ANNOTATION]: version.createdAt },
    graph: {
      name: GRAPH_NAME,
      implementation: options.seldon.implementation,
      modelUri: version.uri,
      ...(credentialsSecret && { envSecretRefName: credentialsSecret }),
      ...(serviceAccountName && { serviceAccountName })
    },
    componentSpecs: [{
      spec: {
        containers: [{
          name: GRAPH_NAME,
          ports: [METRICS_PORT],
          ...(resources && { resources }),
          ...(env.length > 0 && { env })
        }]
      }
    }]
  }
}

function findSeldonDeployment (request: SyncRequest): KubeObject | undefined {
  return findChild(request, SELDON_DEPLOYMENT, request.parent.metadata.name)
}

function observeSeldon (request: SyncRequest): Observation | undefined {
  const object = findSeldonDeployment(request)
  if (!object) return undefined
  const predictors = readPredictors(object)
  const ours = predictors.filter(isOurs)
  const status = readSeldonStatus(object)
  const versions = predictors.flatMap((predictor) => versionOf(predictor, shareOf(predictor, predictors)))
  const state = object.metadata.annotations?.[STATE_ANNOTATION]
  const failure = failureOf(object, predictors, status)
  return {
    ...(state !== undefined && { state }),
    shares: Object.fromEntries(ours.map((predictor) => [predictor.name, shareOf(predictor, predictors)])),
    versions,
    ...(versions.length === 0 && predictors.some((predictor) => shareOf(predictor, predictors) > 0) && { unidentified: unidentifiedOf(object) }),
    router: routerOf(status),
    ...(isClearing(object.metadata.name, predictors, status) && { clearingSince: lastWrite(object) }),
    ...(failure !== undefined && { failure }),
    readiness: (version) => readinessOf(object.metadata.name, predictorName(version), status)
  }
}

/** Metacontroller's merge keeps what others put into the list (a shadow, an explainer's host), and we leave it alone. */
function isOurs (predictor: Predictor): boolean {
  return annotationOf(predictor, CREATED_AT_ANNOTATION) !== undefined
}

/** A single predictor takes everything, said or not. */
function shareOf (predictor: Predictor, all: Predictor[]): number {
  return predictor.traffic ?? (all.length === 1 ? 100 : 0)
}

/** What memory could not hold is no version. */
function versionOf (predictor: Predictor, share: number): Served[] {
  const { modelUri } = predictor
  const version = annotationOf(predictor, VERSION_ANNOTATION)
  const createdAt = annotationOf(predictor, CREATED_AT_ANNOTATION)
  if (!version || version.length > LONGEST_VERSION || parseInstant(createdAt) === undefined || createdAt === undefined) return []
  if (!modelUri || modelUri.length > LONGEST_URI) return []
  return [{ version, createdAt, uri: modelUri, share }]
}

/**
 * `state` stays Available through a change of weights, so it alone proves nothing; the router's condition turns False and True again on each.
 * Seldon never sets observedGeneration.
 */
function routerOf (status: SeldonStatus): Observation['router'] {
  const routers = ROUTER_CONDITIONS.flatMap((router) => status.conditions.find(({ type }) => type === router) ?? []).filter(({ reason }) => !NOT_DEFINED.test(reason))
  return {
    present: routers.length > 0,
    applied: status.state === 'Available' && routers.length > 0 && routers.every((router) => router.status === 'True'),
    transition: routers.map(({ lastTransitionTime }) => lastTransitionTime).sort().join()
  }
}

/**
 * Once all predictors are ready, the operator deletes what is left of others, and strikes it off its status. If that write of its status
 * conflicts with one of ours, it goes on to look for a Service that it has deleted itself, and is Failed for good.
 */
function isClearing (object: string, predictors: Predictor[], status: SeldonStatus): boolean {
  const kept = new Set(predictors.map(({ name }) => `${object}-${name}`))
  const left = status.parts.some((part) => part.startsWith(`${object}-v`) && !isPartOf(kept, part))
  return left && predictors.filter(isOurs).every(({ name }) => readinessOf(object, name, status).ready)
}

/** Whether the name, or what stands before one of its dashes, is among those kept. */
function isPartOf (kept: Set<string>, name: string): boolean {
  if (kept.has(name)) return true
  for (let at = name.indexOf('-'); at >= 0 && at < LONGEST_NAME; at = name.indexOf('-', at + 1)) if (kept.has(name.slice(0, at))) return true
  return false
}

/** When the object was last written, by anybody; 0 when it does not say. */
function lastWrite ({ metadata }: KubeObject): number {
  const times = [metadata.creationTimestamp, ...(metadata.managedFields ?? []).map(({ time }) => time)]
  return times.reduce((newest, time) => Math.max(newest, parseInstant(time) ?? 0), 0)
}

/** Only the version's own entry counts: the totals speak of the first predictor alone. */
function readinessOf (object: string, predictor: string, status: SeldonStatus): PodReadiness {
  const entry = status.podsOf(deploymentName(object, predictor))
  if (!entry) return NOT_DEPLOYED
  const { replicas, availableReplicas } = entry
  return { available: availableReplicas, ready: availableReplicas > 0 && availableReplicas >= replicas, progress: `${availableReplicas}/${replicas}` }
}

/** The operator's name for a predictor's Deployment; over 63 characters it uses an MD5 instead (a name, nothing secret). */
function deploymentName (object: string, predictor: string): string {
  const name = `${object}-${predictor}-0-${GRAPH_NAME}`
  return name.length <= 63 ? name : `seldon-${md5(name)}`
}

function wordsOf ({ parent: { metadata: { name, namespace } } }: SyncRequest): BackendWords {
  return {
    look: `See kubectl describe seldondeployment ${name} -n ${namespace}, and the pods of that name`,
    noRouter: `SeldonDeployment ${name} reports no router (istioVirtualServicesReady or AmbassadorMappingsReady with something defined), so traffic cannot be split. Switch on Istio or Ambassador in the Seldon operator`,
    beingMade: `SeldonDeployment ${name} is being made. If this lasts, the name is taken by an object that belongs to somebody else: see kubectl get seldondeployment ${name} -n ${namespace} -o yaml`
  }
}

function unidentifiedOf ({ metadata: { name, namespace } }: KubeObject): string {
  return `SeldonDeployment ${name} has traffic, and neither it nor the status says which version that is: the annotations that Sluice wrote are gone. Restore them, or delete it: kubectl delete seldondeployment ${name} -n ${namespace}`
}

function failureOf (object: KubeObject, predictors: Predictor[], { state, description }: SeldonStatus): string | undefined {
  const { name, namespace, deletionTimestamp } = object.metadata
  if (deletionTimestamp !== undefined) return `SeldonDeployment ${name} is being deleted, and is made again once it is gone. If this lasts, a finalizer holds it: see kubectl get seldondeployment ${name} -n ${namespace} -o yaml.`
  const strangers = predictors.filter((predictor) => !isOurs(predictor) && !predictor.shadow && (predictor.traffic ?? 0) > 0)
  if (strangers.length > 0) return `SeldonDeployment ${name} has predictors with traffic that Sluice did not write (${strangers.slice(0, 20).map((predictor) => predictor.name).join(', ').slice(0, 200)}). Shares of Sluice's own sum to 100, so Seldon refuses every change: remove them, or make them shadows.`
  if (state !== 'Failed') return undefined
  const said = (description || 'no description').slice(0, 300)
  return `Seldon reports SeldonDeployment ${name} as Failed: ${said}. See kubectl describe seldondeployment ${name}; if a Service in its status no longer exists, delete that status entry.`
}
