// MlflowModels that are quick to roll out: a check a second, two a step, and limits that chance does not reach.
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import type { Registry } from '../../../playground/stand-ins/mlflow/registry.ts'

export const ALIAS = 'champion'
export const STEPS = [30, 60]

export type Parts = { spec?: object, serving?: object, rollout?: object, analysis?: object }

/** An MlflowModel that follows the registered model of its own name, unless `spec` says another. */
export function quickModel (name: string, { spec = {}, serving = {}, rollout = {}, analysis = {} }: Parts = {}): KubeObject {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'MlflowModel',
    metadata: { name, namespace: 'models' },
    spec: {
      modelName: name,
      modelAlias: ALIAS,
      monitoringInterval: 5,
      serving,
      rollout: { steps: STEPS, keepStable: '2m', keepFailed: '1s', progressDeadline: '1m', ...rollout },
      analysis: {
        interval: '1s',
        checks: 2,
        initialDelay: '0s',
        window: '1m',
        // Enough for a verdict about the bad version, and hardly ever for a wrong one about a good version.
        minRequests: 100,
        confidence: 0.9999,
        failureLimit: 0,
        errorLimit: 2,
        metrics: [{ name: 'latency-mean', maxIncrease: '20%' }, { name: 'error-rate', maxIncrease: '5%' }],
        ...analysis
      },
      ...spec
    }
  }
}

/** Registers a model with versions 1 to 3, the alias on the first. */
export function register (registry: Registry, name: string): void {
  registry.createModel(name)
  for (const version of ['1', '2', '3']) registry.createVersion(name, { source: `s3://models/${name}/${version}` })
  registry.setAlias(name, ALIAS, '1')
}
