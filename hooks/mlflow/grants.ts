// What the Roles and ClusterRoles of MLflow servers grant beyond rights on children: Metacontroller, which makes them, must hold it, so the chart gives it to Metacontroller.
import type { Grant } from '../core/kind.ts'

const READ = ['get', 'list', 'watch']

/** Group of the plugin's own objects, and of the words that stand for MLflow's: experiments, registeredmodels … */
export const MLFLOW_GROUP = 'mlflow.kubeflow.org'

/** The one Secret of a workspace that a server may read. */
export const ARTIFACT_SECRET = 'mlflow-artifact-connection'

/** Rights on namespaces and volume claims are not here: Metacontroller has them anyway. */
export const GRANTS: Grant[] = [
  { apiGroups: [''], resources: ['secrets'], verbs: READ, resourceNames: [ARTIFACT_SECRET] },
  { apiGroups: [MLFLOW_GROUP], resources: ['mlflowconfigs'], verbs: READ },
  { apiGroups: [MLFLOW_GROUP], resources: ['experiments'], verbs: ['get', 'list', 'update'] }
]
