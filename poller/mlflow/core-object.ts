// Paths of Secrets and ConfigMaps by names that people have written.
import type { Reference } from '../../hooks/mlflow/schema/references.ts'

const PLURALS = { Secret: 'secrets', ConfigMap: 'configmaps' } as const
/** As the API server takes them; what else a name may hold could lead to another path. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/

/** Path of one object; undefined when namespace or name can be those of none. */
export function coreObjectPath ({ kind, name }: Reference, namespace: string): string | undefined {
  return NAME.test(namespace) && NAME.test(name) ? `/api/v1/namespaces/${namespace}/${PLURALS[kind]}/${name}` : undefined
}
