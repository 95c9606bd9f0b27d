// The kinds that the poller watches. Deadlines are served for all of them; what else is done for a kind stands in loop.ts.
import { API_VERSION } from '../hooks/core/kind.ts'
import type { Metadata } from '../hooks/core/request.ts'
import { createSlimModel, type Slim } from './model.ts'
import type { Story } from './object-event.ts'
import { createSlimMLflow, MLFLOW_STORY } from './served/mlflow.ts'
import { createSlimMLModel, ML_MODEL_STORY } from './served/ml-model.ts'
import { createSlimModelDeployment, MODEL_DEPLOYMENT_STORY } from './served/model-deployment.ts'

export type Watched = {
  plural: string
  scope: 'Namespaced' | 'Cluster'
  /** What is kept of an object [who it is, our annotations, its deadline]. */
  createSlim?: () => Slim
  /** Pods of its children carry the label sluice.dev/parent, and it is told of them. */
  hasPods?: boolean
  /** Events that follow from its status; loop.ts tells those of MlflowModels. Of objects as the kind's own createSlim keeps them. */
  story?: Story<never>
}

export const MLFLOW_MODELS: Watched = { plural: 'mlflowmodels', scope: 'Namespaced', createSlim: createSlimModel }
export const ML_MODELS: Watched = { plural: 'mlmodels', scope: 'Namespaced', createSlim: createSlimMLModel, hasPods: true, story: ML_MODEL_STORY }
export const MODEL_DEPLOYMENTS: Watched = { plural: 'modeldeployments', scope: 'Namespaced', createSlim: createSlimModelDeployment, hasPods: true, story: MODEL_DEPLOYMENT_STORY }
/** Its objects live in the namespace that their status names. */
export const MLFLOWS: Watched = { plural: 'mlflows', scope: 'Cluster', createSlim: createSlimMLflow, hasPods: true, story: MLFLOW_STORY }

/** All of them. A kind is watched by adding it here. */
export const WATCHED: Watched[] = [MLFLOW_MODELS, ML_MODELS, MODEL_DEPLOYMENTS, MLFLOWS]

/** Path of all objects, or of those in one namespace, where the kind has namespaces. */
export function collectionPath ({ plural, scope }: Watched, namespace?: string): string {
  return namespace && scope === 'Namespaced' ? `/apis/${API_VERSION}/namespaces/${namespace}/${plural}` : `/apis/${API_VERSION}/${plural}`
}

/** Path of one object. */
export function objectPath (watched: Watched, { namespace, name }: Metadata): string {
  return `${collectionPath(watched, namespace)}/${name}`
}
