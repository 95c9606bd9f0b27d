// A call for an MLflow object as its parts are made of it: the spec with its defaults.
import { readSpec } from '../../../hooks/core/spec.ts'
import type { PlatformSetting } from '../../../hooks/core/platform.ts'
import { objectMapKey, type Child, type KubeObject } from '../../../hooks/core/request.ts'
import { mlflow } from '../../../hooks/mlflow/index.ts'
import type { Request } from '../../../hooks/mlflow/place.ts'
import { requestFor } from '../../helpers/requests.ts'

type Given = {
  name?: string
  spec?: object
  platform?: PlatformSetting
  /** Capabilities that the cluster lacks. */
  without?: string[]
  children?: KubeObject[]
  related?: KubeObject[]
}

/** The base of the acceptance cases: a database and a bucket, in the namespace test-ns. */
export const BASE = { namespace: 'test-ns', backendStoreUri: 'postgresql://db-host:5432/mlflow', serveArtifacts: true, artifactsDestination: 's3://b/a' }

export function partRequest ({ name = 'mlflow', spec = {}, platform = {}, without = [], children = [], related = [] }: Given = {}): Request {
  const request = requestFor(mlflow, { spec: readSpec(mlflow, { ...BASE, ...spec }).spec, metadata: { name } })
  const listed = mlflow.children.filter(({ capability }) => capability === undefined || !without.includes(capability))
  return {
    ...request,
    controller: { spec: { childResources: listed.map(({ apiVersion, resource }) => ({ apiVersion, resource })) } },
    children: { ...request.children, ...mapOf(children) },
    related: mapOf(related),
    platform
  } as Request
}

function mapOf (objects: KubeObject[]): Request['children'] {
  const map: Request['children'] = {}
  for (const object of objects) {
    const { name, namespace } = object.metadata
    const key = objectMapKey(object.apiVersion, object.kind)
    map[key] = { ...map[key], [namespace === undefined ? name : `${namespace}/${name}`]: object }
  }
  return map
}

/** The one child; throws where there is none, or another. Golden inputs of test/fixtures/mlflow are held against real schemas, which take seconds to read. */
export function only<Spec = Record<string, unknown>> (child: Child | Child[] | undefined): Child & { spec: Spec } {
  const [object, ...others] = [child ?? []].flat()
  if (!object || others.length > 0) throw new Error(`one child was expected, and there are ${object ? others.length + 1 : 0}`)
  return object as Child & { spec: Spec }
}

/** The child of that kind. */
export function onlyOf<Spec = Record<string, unknown>> (children: Child[], kind: string): Child & { spec: Spec } {
  return only<Spec>(children.filter((child) => child.kind === kind))
}
