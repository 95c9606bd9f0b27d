// charts/mlflow as helm renders it, without a cluster.
import { stringify } from 'yaml'
import { readObjects, type Rendered } from '../chart/render.ts'
import { commandOf } from '../commands.ts'

export const MLFLOW_CHART = 'charts/mlflow'
export const NAMESPACE = 'opendatahub'

/** All objects of a release. Throws with what helm says when it refuses the values. */
export async function renderMlflow (helm: string, values: object = {}, release = 'mlflow'): Promise<Rendered[]> {
  return readObjects(await commandOf(helm, {})(['template', release, MLFLOW_CHART, '--namespace', NAMESPACE, '--values', '-'], { input: stringify(values, { version: '1.1' }) }))
}

/** What people read after an installation. */
export async function renderMlflowNotes (helm: string, values: object = {}): Promise<string> {
  const text = await commandOf(helm, {})(['install', 'mlflow', MLFLOW_CHART, '--namespace', NAMESPACE, '--dry-run=client', '--values', '-'], { input: stringify(values, { version: '1.1' }) })
  return text.slice(text.indexOf('NOTES:'))
}
