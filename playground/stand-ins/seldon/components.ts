// What the operator wants to exist for a SeldonDeployment: Deployments with their pod templates, Services, routes.
import { makeEnvironment } from './environment.ts'
import { containerServiceName, deploymentName, predictorServiceName } from './names.ts'
import type { ComponentSpec, Container, Predictor, PredictiveUnit, SeldonDeployment, SeldonStatus } from './seldon-deployment.ts'

export interface WantedDeployment {
  readonly name: string
  readonly predictor: string
  /** undefined: whatever runs stays; 1 at creation. */
  readonly replicas: number | undefined
  /** Everything in the pod template that restarts pods when it changes. */
  readonly template: PodTemplate
  readonly progressDeadlineSeconds: number | undefined
}

export interface PodTemplate {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly modelUri: string
  readonly containers: readonly Container[]
  /** The predictor as the executor gets it, base64 in a real pod: traffic and replicas are zeroed in it. */
  readonly executorPredictor: unknown
}

export type ServiceDetails = NonNullable<SeldonStatus['serviceStatus']>

export interface Route {
  readonly predictor: string
  readonly host: string
  readonly weight: number
}

export interface Components {
  readonly deployments: readonly WantedDeployment[]
  readonly services: ServiceDetails
  readonly routes: readonly Route[]
  readonly mirror: { readonly predictor: string, readonly percent: number } | undefined
  readonly addressUrl: string
}

/** Images of the prepackaged servers, by implementation; the ConfigMap seldon-config holds them in a cluster. */
export const PREDICTOR_SERVERS: Readonly<Record<string, string>> = {
  MLFLOW_SERVER: 'seldonio/mlserver:1.3.5-mlflow',
  SKLEARN_SERVER: 'seldonio/mlserver:1.3.5-sklearn',
  XGBOOST_SERVER: 'seldonio/mlserver:1.3.5-xgboost',
  HUGGINGFACE_SERVER: 'seldonio/mlserver:1.3.5-huggingface',
  TRITON_SERVER: 'nvcr.io/nvidia/tritonserver:21.08-py3',
  TENSORFLOW_SERVER: 'tensorflow/serving:2.1.0'
}

const METRICS_PORT_NAME = 'metrics'
const EXECUTOR_HTTP_PORT = 8000
const EXECUTOR_GRPC_PORT = 5001

/** Ports as they are dealt out over all predictors of one object, in list order. */
interface Ports {
  readonly http: Map<string, number>
  readonly grpc: Map<string, number>
  nextMetrics: number
}

/** Derives everything wanted. Deterministic: the same spec gives the same templates. */
export function makeComponents (sdep: SeldonDeployment): Components {
  const ports: Ports = { http: new Map(), grpc: new Map(), nextMetrics: 6000 }
  const predictors = sdep.spec.predictors.map(predictor => withDefaults(predictor))
  const deployments = predictors.flatMap(predictor => makeDeployments(sdep, predictor, ports))
  const live = predictors.filter(predictor => predictor.shadow !== true)
  const shadow = predictors.find(predictor => predictor.shadow === true)
  return {
    deployments,
    services: Object.assign({}, ...predictors.map(predictor => makeServices(sdep, predictor, ports))) as ServiceDetails,
    routes: live.map(predictor => makeRoute(sdep, predictor)),
    mirror: shadow === undefined ? undefined : { predictor: shadow.name, percent: shadow.traffic || 100 },
    addressUrl: makeAddress(sdep)
  }
}

// The container of a prepackaged server may be left out; label `version` is added.
function withDefaults (predictor: Predictor): Predictor {
  const declared = predictor.componentSpecs ?? []
  const units = unitsOf(predictor.graph).filter(unit => isPrepackaged(unit))
  const missing = units.filter(unit => !declared.some(component => (component.spec.containers ?? []).some(({ name }) => name === unit.name)))
  const [first = { spec: {} }, ...rest] = declared
  const containers = [...first.spec.containers ?? [], ...missing.map(({ name }) => ({ name }))]
  return {
    ...predictor,
    labels: { version: predictor.name, ...predictor.labels },
    componentSpecs: [{ ...first, spec: { ...first.spec, containers } }, ...rest]
  }
}

/** A graph's units, the root first. */
export function unitsOf (unit: PredictiveUnit): PredictiveUnit[] {
  return [unit, ...(unit.children ?? []).flatMap(unitsOf)]
}

export function isPrepackaged ({ implementation }: PredictiveUnit): boolean {
  return implementation !== undefined && Object.hasOwn(PREDICTOR_SERVERS, implementation)
}

function makeDeployments (sdep: SeldonDeployment, predictor: Predictor, ports: Ports): WantedDeployment[] {
  return (predictor.componentSpecs ?? []).flatMap((component, index) => {
    if ((component.spec.containers ?? []).length === 0) return []
    return [{
      name: deploymentName(sdep.metadata.name, predictor.name, index, component),
      predictor: predictor.name,
      replicas: component.replicas ?? predictor.replicas ?? sdep.spec.replicas,
      template: makeTemplate(sdep, predictor, component, ports),
      progressDeadlineSeconds: predictor.progressDeadlineSeconds
    }]
  })
}

function makeTemplate (sdep: SeldonDeployment, predictor: Predictor, component: ComponentSpec, ports: Ports): PodTemplate {
  const units = unitsOf(predictor.graph)
  const containers = (component.spec.containers ?? []).map(container => {
    const unit = units.find(({ name }) => name === container.name)
    return unit === undefined ? container : makeContainer(sdep, predictor, { container, unit, ports })
  })
  return {
    labels: { ...predictor.labels, ...component.metadata?.labels },
    annotations: { ...sdep.spec.annotations, ...predictor.annotations },
    modelUri: predictor.graph.modelUri ?? '',
    containers,
    executorPredictor: { ...predictor, traffic: 0, replicas: 0, graph: predictor.graph, ports: containers.map(({ name, ports }) => ({ name, ports })) }
  }
}

interface ContainerPlan {
  readonly container: Container
  readonly unit: PredictiveUnit
  readonly ports: Ports
}

function makeContainer (sdep: SeldonDeployment, predictor: Predictor, { container, unit, ports }: ContainerPlan): Container {
  const httpPort = portFor(ports.http, container.name, 9000)
  const grpcPort = portFor(ports.grpc, container.name, 9500)
  const metricsPort = metricsPortFor(container, ports)
  const image = container.image ?? imageOf(unit)
  const mlserver = isPrepackaged(unit) && isV2(sdep)
  const env = makeEnvironment(container.env ?? [], {
    container: container.name,
    image,
    predictor: predictor.name,
    deployment: sdep.metadata.name,
    labels: predictor.labels ?? {},
    httpPort,
    grpcPort,
    metricsPort,
    hasModelUri: hasText(unit.modelUri),
    mlserver
  })
  // With MLServer the declared ports are replaced as a whole, so no port named metrics reaches the pod.
  const kept = mlserver ? [] : (container.ports ?? []).filter(({ name }) => name !== 'http' && name !== 'grpc')
  const served = [{ name: 'grpc', containerPort: grpcPort, protocol: 'TCP' }, { name: 'http', containerPort: httpPort, protocol: 'TCP' }]
  return { ...container, image, env, ports: [...kept, ...served] }
}

function isV2 ({ spec }: SeldonDeployment): boolean {
  return spec.protocol === 'v2' || spec.protocol === 'kfserving'
}

function imageOf ({ implementation = '' }: PredictiveUnit): string {
  return PREDICTOR_SERVERS[implementation] ?? ''
}

function hasText (text: string | undefined): boolean {
  return text !== undefined && text !== ''
}

// Without a port of that name in the spec, metrics ports are dealt out over all predictors in list order.
function metricsPortFor (container: Container, ports: Ports): number {
  return container.ports?.find(({ name }) => name === METRICS_PORT_NAME)?.containerPort ?? ports.nextMetrics++
}

// HTTP and gRPC ports belong to a container's name: equal names, equal ports in all predictors.
function portFor (ports: Map<string, number>, container: string, first: number): number {
  const port = ports.get(container) ?? first + ports.size
  ports.set(container, port)
  return port
}

function makeServices (sdep: SeldonDeployment, predictor: Predictor, ports: Ports): ServiceDetails {
  const { name, namespace } = sdep.metadata
  const details = (svcName: string, http: number, grpc: number): ServiceDetails => ({
    [svcName]: { svcName, httpEndpoint: `${svcName}.${namespace}:${http}`, grpcEndpoint: `${svcName}.${namespace}:${grpc}` }
  })
  const units = unitsOf(predictor.graph).map(unit =>
    details(containerServiceName(name, predictor.name, unit.name), ports.http.get(unit.name) ?? 9000, ports.grpc.get(unit.name) ?? 9500))
  return Object.assign({}, ...units, details(predictorServiceName(name, predictor), EXECUTOR_HTTP_PORT, EXECUTOR_GRPC_PORT)) as ServiceDetails
}

function makeRoute (sdep: SeldonDeployment, predictor: Predictor): Route {
  const host = `${predictorServiceName(sdep.metadata.name, predictor)}.${sdep.metadata.namespace}.svc.cluster.local`
  return { predictor: predictor.name, host, weight: predictor.traffic ?? 0 }
}

// The first predictor's own Service: it goes round the traffic split.
function makeAddress (sdep: SeldonDeployment): string {
  const first = sdep.spec.predictors[0] as Predictor
  const path = isV2(sdep) ? `v2/models/${first.graph.name}/infer` : 'api/v1.0/predictions'
  return `http://${predictorServiceName(sdep.metadata.name, first)}.${sdep.metadata.namespace}.svc.cluster.local:${EXECUTOR_HTTP_PORT}/${path}`
}
