// Calls about an MlflowModel named first in namespace home, with a SeldonDeployment as its operator would leave it.
import type { SyncRequest } from '../../hooks/core/request.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { deepFreeze } from './deep-freeze.ts'
import { requestFor } from './requests.ts'

export type SeldonDeployment = { predictors?: object[], annotations?: Record<string, string>, status?: object, spec?: object }

/** A call that brings this SeldonDeployment, or none. */
export function callWith (object?: SeldonDeployment, name = 'first'): SyncRequest {
  const request = requestFor(mlflowModel, { metadata: { name } })
  if (object) {
    const { predictors, annotations, status, spec = { predictors } } = object
    request.children['SeldonDeployment.machinelearning.seldon.io/v1'] = {
      [`home/${name}`]: {
        apiVersion: 'machinelearning.seldon.io/v1',
        kind: 'SeldonDeployment',
        metadata: { name, namespace: 'home', ...(annotations && { annotations }) },
        spec,
        ...(status && { status })
      }
    }
  }
  return deepFreeze(request)
}
