// What the chart needs to know of the kinds, as data files inside it: its templates loop over them and name no kind themselves.
import type { ChildResource, Kind } from '../../../hooks/core/kind.ts'
import { MODES, platformOf } from '../../../hooks/core/platform.ts'
import { controllerName, makeCompositeController } from '../composite-controller.ts'
import { AUTH_RULE, BOUND_ROLES, USER_ROLES, type UserRole } from '../mlflow-roles.ts'
import { makeAccess, type OptionalRule, type Rule } from '../roles.ts'
import { WATCHED } from '../../../poller/watched.ts'

type Webhook = { url: string, timeout: string }
type Controller = { spec: { childResources: object[], hooks: Record<string, { version: string, webhook: Webhook }> } }

/** One entry a kind: its CompositeController, with what values decide (children, addresses) set apart. */
export type ControllerData = {
  name: string
  /** The spec without children and hooks. */
  spec: object
  children: Array<{ capability?: string, resource: object }>
  hooks: Array<{ name: string, version: string, timeout: string, path: string }>
}

/** The CompositeControllers of all kinds, read off those that the plain installation has. */
export function makeControllerData (kinds: Kind[]): { controllers: ControllerData[] } {
  return { controllers: kinds.map(controllerData) }
}

function controllerData (kind: Kind): ControllerData {
  const { spec: { childResources, hooks, ...spec } } = makeCompositeController(kind, { url: '', v: '' }) as Controller
  return {
    name: controllerName(kind),
    spec,
    children: childResources.map((resource, index) => withCapability(kind.children[index], resource)),
    hooks: Object.entries(hooks).map(([name, { version, webhook }]) => ({ name, version, timeout: webhook.timeout, path: webhook.url.slice(0, webhook.url.indexOf('?')) }))
  }
}

function withCapability (child: ChildResource | undefined, resource: object): ControllerData['children'][number] {
  return child?.capability === undefined ? { resource } : { capability: child.capability, resource }
}

/** Rules of the poller by where they are granted: kinds of all namespaces stay with a ClusterRole when the poller keeps to one. */
export type AccessData = { view: Rule[], edit: Rule[], metacontroller: OptionalRule[], election: Rule[], poller: { namespaced: Rule[], cluster: Rule[] }, mlflow: { users: UserRole[], bound: string[], auth: Rule, events: Rule[], namespaces: Record<string, string> } }

/** What may be done by whom. */
export function makeAccessData (kinds: Kind[]): AccessData {
  const { poller, ...access } = makeAccess(kinds)
  const cluster = WATCHED.filter(({ scope }) => scope === 'Cluster').map(({ plural }) => plural)
  const split = (keep: (resource: string) => boolean) => poller
    .map((rule) => ({ ...rule, resources: rule.resources.filter(keep) }))
    .filter(({ resources }) => resources.length > 0)
  // Where MLflow servers are that name no namespace, by mode.
  const namespaces = Object.fromEntries(MODES.map((mode) => [mode, platformOf({ mode }).namespace]))
  return { ...access, poller: { namespaced: split((resource) => !cluster.includes(resource)), cluster: split((resource) => cluster.includes(resource)) }, mlflow: { users: USER_ROLES, bound: BOUND_ROLES, auth: AUTH_RULE, events: poller.filter(({ resources }) => resources.includes('events')), namespaces } }
}
