// Who may use an MLflow server in which workspace: in each namespace that is labelled as one of its workspaces, two RoleBindings for the platform's groups.
import { hasLastApplied, lastApplied } from '../../core/last-applied.ts'
import { isMap } from '../../core/plain-value.ts'
import { platformOf } from '../../core/platform.ts'
import { findChild, objectMapKey, type Child, type KubeObject } from '../../core/request.ts'
import { ROLE_BINDING } from '../children.ts'
import { AUTH, NAMESPACE, WORKSPACE_LABEL } from '../customize.ts'
import { suffixOf } from '../names.ts'
import { namespacedMetadata, type Request } from '../place.ts'

const RBAC = 'rbac.authorization.k8s.io'

type Access = 'view' | 'edit'
type Groups = Record<Access, string[]>
type Subject = Record<string, unknown>

/** None where there is no Auth object or it cannot be read, or the platform deals out no access. Bindings that are there stay while it cannot be read. */
export function makeNamespaceAccess (request: Request): Child[] {
  const auth = findAuth(request)
  if (!platformOf(request.platform).namespaceAccess || !auth) return []
  const groups = groupsOf(auth)
  return workspacesOf(request).flatMap((namespace) => bindingsIn(request, namespace, groups))
}

/** What is to be said of it; undefined where the platform deals out no access. */
export function lookAtAccess (request: Request): { status: 'True' | 'False', reason: string, message: string } | undefined {
  if (!platformOf(request.platform).namespaceAccess) return undefined
  const auth = findAuth(request)
  if (!auth) return { status: 'False', reason: 'AuthMissing', message: `There is no Auth ${AUTH.name}, so no group has access to workspaces; make it` }
  if (!groupsOf(auth)) return { status: 'False', reason: 'GroupsUnreadable', message: `spec.allowedGroups and spec.adminGroups of Auth ${AUTH.name} must be lists of names; correct them. Until then, access to workspaces stays as it is` }
  return { status: 'True', reason: 'AccessGranted', message: `Namespaces with the label ${WORKSPACE_LABEL}, to which the groups of Auth ${AUTH.name} have access: ${workspacesOf(request).length}` }
}

function findAuth ({ related }: Request): KubeObject | undefined {
  return related[objectMapKey(AUTH.apiVersion, AUTH.kind)]?.[AUTH.name]
}

/** Without those that are being deleted: nothing can be made there. */
function workspacesOf ({ related }: Request): string[] {
  const namespaces = Object.values(related[objectMapKey(NAMESPACE.apiVersion, NAMESPACE.kind)] ?? {})
  return namespaces.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name).toSorted()
}

/** Whoever may edit may look. Undefined for lists that hold something else than names. */
function groupsOf ({ spec }: KubeObject): Groups | undefined {
  const { allowedGroups, adminGroups } = isMap(spec) ? spec : {}
  const [allowed, admins] = [namesIn(allowedGroups), namesIn(adminGroups)]
  return allowed && admins && { view: [...new Set([...allowed, ...admins])], edit: [...new Set(admins)] }
}

function namesIn (list: unknown): string[] | undefined {
  if (list === undefined || list === null) return []
  return Array.isArray(list) && list.every((name) => typeof name === 'string') ? list.filter((name) => name.trim() !== '') : undefined
}

function bindingsIn (request: Request, namespace: string, groups: Groups | undefined): Child[] {
  return (['view', 'edit'] as const).flatMap((access) => {
    const name = `odh-group-mlflow-${access}${suffixOf(request.parent.metadata.name)}`
    const observed = findChild(request, ROLE_BINDING, name, namespace)
    const role = { apiGroup: RBAC, kind: 'ClusterRole', name: `${platformOf(request.platform).clusterRolePrefix}mlflow-${access}` }
    const subjects = groups ? groups[access].map((group) => ({ apiGroup: RBAC, kind: 'Group', name: group })) : observed && subjectsIn(observed)
    // What cannot be put right is left out once, which deletes it, and made anew when it has gone.
    if (!subjects || (observed && !(isBoundTo(observed, role) && isMendable(observed, subjects)))) return []
    const { apiVersion, kind } = ROLE_BINDING
    const metadata = { ...namespacedMetadata(request, name), namespace }
    return [{ apiVersion, kind, metadata, roleRef: role, ...(subjects.length > 0 && { subjects }) }]
  })
}

/** Another role cannot be given to a binding. */
function isBoundTo ({ roleRef }: KubeObject, role: Record<string, string>): boolean {
  return isMap(roleRef) && Object.entries(role).every(([field, value]) => roleRef[field] === value)
}

/** In its default mode, Metacontroller takes away by name what it has written itself, and leaves what somebody has added. */
function isMendable (observed: KubeObject, subjects: Subject[]): boolean {
  if (!hasLastApplied(observed)) return true
  const known = new Set([...subjects, ...subjectsIn(lastApplied(observed))].map(({ name }) => name))
  return subjectsIn(observed).every(({ name }) => known.has(name))
}

function subjectsIn ({ subjects }: Record<string, unknown>): Subject[] {
  return Array.isArray(subjects) ? subjects.filter(isMap) : []
}
