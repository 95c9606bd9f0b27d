// Environment of a model container, with the operator's rules for what users set themselves.
import type { EnvVar } from './seldon-deployment.ts'

export interface EnvironmentFacts {
  readonly container: string
  readonly image: string
  readonly predictor: string
  readonly deployment: string
  readonly labels: Readonly<Record<string, string>>
  readonly httpPort: number
  readonly grpcPort: number
  readonly metricsPort: number
  readonly hasModelUri: boolean
  /** True when MLServer runs the model (protocol v2). */
  readonly mlserver: boolean
}

const MODEL_PATH = '/mnt/models'
const METRICS_PATH = '/prometheus'

/**
 * The environment that reaches the pod. A default of the operator that the user set too wipes out **every** variable
 * collected so far (operator/utils/utils.go returns nothing for "found, and not to be overridden"), so one
 * MLSERVER_HTTP_PORT, MLSERVER_GRPC_PORT or MLSERVER_MODEL_URI loses all user variables. Names set later always win.
 */
export function makeEnvironment (user: readonly EnvVar[], facts: EnvironmentFacts): EnvVar[] {
  let env: EnvVar[] = [...user]
  if (!has(env, 'PREDICTIVE_UNIT_SERVICE_PORT')) env.push({ name: 'PREDICTIVE_UNIT_SERVICE_PORT', value: String(facts.httpPort) })
  for (const variable of defaults(facts)) env = has(env, variable.name) ? [] : [...env, variable]
  env.push(...identity(facts))
  return facts.mlserver ? env.reduce(override, mlserverEnvironment(facts)) : env
}

function has (env: readonly EnvVar[], name: string): boolean {
  return env.some(variable => variable.name === name)
}

function defaults ({ httpPort, grpcPort, hasModelUri }: EnvironmentFacts): EnvVar[] {
  return [
    { name: 'PREDICTIVE_UNIT_HTTP_SERVICE_PORT', value: String(httpPort) },
    { name: 'MLSERVER_HTTP_PORT', value: String(httpPort) },
    { name: 'PREDICTIVE_UNIT_GRPC_SERVICE_PORT', value: String(grpcPort) },
    { name: 'MLSERVER_GRPC_PORT', value: String(grpcPort) },
    ...hasModelUri ? [{ name: 'MLSERVER_MODEL_URI', value: MODEL_PATH }] : []
  ]
}

function identity (facts: EnvironmentFacts): EnvVar[] {
  const metricsPort = String(facts.metricsPort)
  return [
    { name: 'PREDICTIVE_UNIT_ID', value: facts.container },
    { name: 'MLSERVER_MODEL_NAME', value: facts.container },
    { name: 'PREDICTIVE_UNIT_IMAGE', value: facts.image },
    { name: 'PREDICTOR_ID', value: facts.predictor },
    { name: 'PREDICTOR_LABELS', value: JSON.stringify(facts.labels) },
    { name: 'SELDON_DEPLOYMENT_ID', value: facts.deployment },
    { name: 'SELDON_EXECUTOR_ENABLED', value: 'true' },
    { name: 'PREDICTIVE_UNIT_METRICS_SERVICE_PORT', value: metricsPort },
    { name: 'PREDICTIVE_UNIT_METRICS_ENDPOINT', value: METRICS_PATH },
    { name: 'MLSERVER_METRICS_PORT', value: metricsPort },
    { name: 'MLSERVER_METRICS_ENDPOINT', value: METRICS_PATH }
  ]
}

function mlserverEnvironment ({ container, httpPort, grpcPort }: EnvironmentFacts): EnvVar[] {
  return [
    { name: 'MLSERVER_HTTP_PORT', value: String(httpPort) },
    { name: 'MLSERVER_GRPC_PORT', value: String(grpcPort) },
    { name: 'MLSERVER_MODEL_IMPLEMENTATION', value: 'mlserver_mlflow.MLflowRuntime' },
    { name: 'MLSERVER_MODEL_NAME', value: container },
    { name: 'MLSERVER_MODEL_VERSION', value: 'v1' },
    { name: 'MLSERVER_MODEL_URI', value: MODEL_PATH }
  ]
}

function override (env: readonly EnvVar[], variable: EnvVar): EnvVar[] {
  const index = env.findIndex(({ name }) => name === variable.name)
  return index === -1 ? [...env, variable] : env.with(index, variable)
}
