// What an MLflow object looks at beside its children: the namespaces that are its workspaces, and the groups that may use them.
import { platformOf } from '../core/platform.ts'
import type { CustomizeRequest, RelatedRule } from '../core/request.ts'

/** On a Namespace: the name of the MLflow object whose workspace it is. */
export const WORKSPACE_LABEL = 'opendatahub.io/global-mlflow-workspace'

export const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', resource: 'namespaces' } as const

/** The platform's groups; there is one object, called `auth`. */
export const AUTH = { apiVersion: 'services.platform.opendatahub.io/v1alpha1', kind: 'Auth', resource: 'auths', name: 'auth' } as const

/** Nothing where the platform deals out no access: a watch of a kind that is not there would hold up every object for ever. */
export function customize ({ parent, platform }: Pick<CustomizeRequest, 'parent' | 'platform'>): { relatedResources: RelatedRule[] } {
  if (!platformOf(platform).namespaceAccess) return { relatedResources: [] }
  return {
    relatedResources: [
      { apiVersion: NAMESPACE.apiVersion, resource: NAMESPACE.resource, labelSelector: { matchLabels: { [WORKSPACE_LABEL]: parent.metadata.name } } },
      { apiVersion: AUTH.apiVersion, resource: AUTH.resource, names: [AUTH.name] }
    ]
  }
}
