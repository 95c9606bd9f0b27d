// MLflow objects as the API server shows them, for the tests of what the poller makes of them.
import { Value } from '@sinclair/typebox/value'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { Spec } from '../../../hooks/mlflow/schema.ts'
import { createSlimMLflow, type MLflow } from '../../../poller/served/mlflow.ts'

export const ADDRESS = 'https://mlflow.opendatahub.svc:8443/mlflow'

type Parts = { name?: string, spec?: object, status?: object, annotations?: Record<string, string>, generation?: number, version?: number }

/** With its defaults, and the status of one that answers. */
export function server ({ name = 'mlflow', spec = {}, status, annotations, generation = 1, version = 1 }: Parts = {}): KubeObject {
  return {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'MLflow',
    metadata: { name, uid: `uid-${name}`, generation, resourceVersion: String(version), ...(annotations && { annotations }) },
    spec: Value.Default(Spec, { backendStoreUriFrom: { name: 'db', key: 'uri' }, artifactsDestination: 's3://mlflow', ...spec }) as Spec,
    status: { phase: 'Available', namespace: 'opendatahub', address: { url: ADDRESS }, attempt: 1, ...status }
  }
}

const slim = createSlimMLflow()

/** The same as it is kept. */
export const kept = (parts: Parts = {}): MLflow => slim(server(parts)) as unknown as MLflow
