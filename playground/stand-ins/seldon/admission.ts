// The validating webhook of Seldon Core v1 (CREATE and UPDATE, failurePolicy Fail).
import { isPrepackaged, unitsOf } from './components.ts'
import type { PredictiveUnit, Predictor, SeldonSpec } from './seldon-deployment.ts'

const KAFKA_ENVS = ['KAFKA_BROKER', 'KAFKA_INPUT_TOPIC', 'KAFKA_OUTPUT_TOPIC']

/**
 * Reasons to refuse the object, in the webhook's words; an empty list admits it. There is no rule on the length or
 * the syntax of names: what is too long or no DNS label is refused later, by the Services.
 */
export function validateSeldonDeployment (spec: SeldonSpec): string[] {
  const predictors = spec.predictors ?? []
  return [
    ...checkEnums(spec),
    ...spec.serverType === 'kafka' ? predictors.flatMap(checkKafka) : [],
    ...predictors.length === 1 && predictors[0]?.shadow === true ? ['Shadow can not exist as only predictor'] : [],
    ...duplicates(predictors.flatMap(({ annotations }) => annotations?.['seldon.io/svc-name'] ?? []))
      .map(name => `Found duplicate service name in seldon.io/svc-name with value ${name}`),
    ...predictors.length === 0 ? ['Graph contains no predictors'] : [],
    ...duplicates(predictors.map(({ name }) => name)).map(() => 'Duplicate predictor name'),
    ...predictors.flatMap(predictor => checkPredictor(spec, predictor)),
    ...checkTransports(spec, predictors),
    ...checkTraffic(predictors)
  ]
}

function checkEnums ({ protocol = '', transport = '', serverType = '' }: SeldonSpec): string[] {
  return [
    ...['', 'seldon', 'tensorflow', 'kfserving', 'v2'].includes(protocol) ? [] : ['Invalid protocol'],
    ...['', 'rest', 'grpc'].includes(transport) ? [] : ['Invalid transport'],
    ...['', 'rpc', 'kafka'].includes(serverType) ? [] : ['Invalid serverType']
  ]
}

function checkKafka ({ svcOrchSpec }: Predictor): string[] {
  const names = (svcOrchSpec?.env ?? []).map(({ name }) => name)
  return KAFKA_ENVS.every(name => names.includes(name))
    ? []
    : ['For kafka please supply svcOrchSpec envs KAFKA_BROKER, KAFKA_INPUT_TOPIC, KAFKA_OUTPUT_TOPIC']
}

function duplicates (names: readonly string[]): string[] {
  return names.filter((name, i) => names.indexOf(name) < i)
}

function checkPredictor (spec: SeldonSpec, predictor: Predictor): string[] {
  const units = unitsOf(predictor.graph)
  const withoutEngine = predictor.annotations?.['seldon.io/no-engine'] !== undefined
  return [
    ...withoutEngine && units.length > 1 ? ['Running without engine only valid for single element graphs'] : [],
    ...units.flatMap(unit => checkUnit(spec, predictor, unit))
  ]
}

function checkUnit (spec: SeldonSpec, predictor: Predictor, unit: PredictiveUnit): string[] {
  const logger = unit.logger !== undefined && (unit.logger.mode ?? '') === '' ? ['No logger mode specified'] : []
  const implementation = unit.implementation ?? 'UNKNOWN_IMPLEMENTATION'
  return [...implementation === 'UNKNOWN_IMPLEMENTATION' ? checkOwnUnit(predictor, unit) : checkServer(spec, predictor, unit), ...logger]
}

function checkOwnUnit (predictor: Predictor, unit: PredictiveUnit): string[] {
  const withoutMethods = unit.type === 'UNKNOWN_TYPE' && (unit.methods ?? []).length === 0
  return [
    ...findContainer(predictor, unit.name) === undefined ? ["Can't find container for Predictive Unit"] : [],
    ...withoutMethods ? ['Predictive Unit has no implementation methods defined. Change to a known type or add what methods it defines'] : []
  ]
}

function checkServer (spec: SeldonSpec, predictor: Predictor, unit: PredictiveUnit): string[] {
  const implementation = unit.implementation as string
  const needsUri = implementation !== 'HUGGINGFACE_SERVER'
  const noTensorflow = ['SKLEARN_SERVER', 'XGBOOST_SERVER', 'MLFLOW_SERVER', 'HUGGINGFACE_SERVER'].includes(implementation)
  return [
    ...needsUri && (unit.modelUri ?? '') === '' ? ['Predictive unit modelUri required when using standalone servers'] : [],
    ...noTensorflow && spec.protocol === 'tensorflow' ? [`Prepackaged server does not handle tensorflow protocol ${implementation}`] : [],
    ...!isPrepackaged(unit) && (findContainer(predictor, unit.name)?.image ?? '') === '' ? [`No entry in predictors map for ${implementation}`] : []
  ]
}

function findContainer (predictor: Predictor, name: string): { image?: string } | undefined {
  return (predictor.componentSpecs ?? []).flatMap(component => component.spec.containers ?? []).find(container => container.name === name)
}

function checkTransports (spec: SeldonSpec, predictors: readonly Predictor[]): string[] {
  const found = new Set(predictors.flatMap(({ graph }) => unitsOf(graph)).flatMap(unit => unit.endpoint?.type ?? []))
  if (found.size > 1) return ['Multiple endpoint.types found - can only have 1 type in graph. Please use spec.transport']
  const [only] = found
  const mixed = only !== undefined && (spec.transport ?? '') !== '' && only.toLowerCase() !== spec.transport
  return mixed ? ['Mixed transport types found. Remove graph endpoint.types if transport set at deployment level'] : []
}

function checkTraffic (predictors: readonly Predictor[]): string[] {
  const shadows = predictors.filter(({ shadow }) => shadow === true)
  const live = predictors.filter(({ shadow }) => shadow !== true)
  const sum = live.reduce((total, { traffic = 0 }) => total + traffic, 0)
  return [
    ...shadows.length > 1 ? ['Multiple shadows are not allowed'] : [],
    ...shadows.some(({ traffic = 0 }) => traffic < 0 || traffic > 100)
      ? ['shadow traffic is illegal, the traffic number should be between [0, 100]']
      : [],
    ...sum !== 100 && live.length > 1 ? ['Traffic must sum to 100 for multiple predictors'] : [],
    ...sum > 0 && sum < 100 && predictors.length === 1 ? ['Traffic must sum be 100 for a single predictor when set'] : []
  ]
}
