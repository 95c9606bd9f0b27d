// Who may reach the pods of an MLflow object, and what they may reach. Policies add up: a pod is let through by any that selects it, so each pod is selected by one.
import { COMPONENT_LABEL, parentLabel } from '../../core/labels.ts'
import { withoutEmpty } from '../../core/plain-value.ts'
import type { Child } from '../../core/request.ts'
import { NETWORK_POLICY } from '../children.ts'
import { namesOf } from '../names.ts'
import { PORT, componentSelector, namespacedMetadata, type Request } from '../place.ts'
import type { Spec } from '../schema.ts'

type Port = { protocol: string, port?: string | number, endPort?: number }
type Peer = Record<string, unknown>
type EgressRule = { to?: Peer[], ports?: Port[] }
type GivenRule = NonNullable<Spec['networkPolicyEgressRules']>[number]

// The server's defaults are written out: a rule has no name, so Metacontroller replaces the list whole.
const tcp = (...ports: number[]): Port[] => ports.map((port) => ({ protocol: 'TCP', port }))

/** 5353 is where the DNS of OpenShift listens. */
const DNS: EgressRule = { ports: [53, 5353].flatMap((port) => [{ protocol: 'UDP', port }, { protocol: 'TCP', port }]) }
const HTTPS: EgressRule = { ports: tcp(443, 6443, 8443) }
const POSTGRES: EgressRule = { ports: tcp(5432) }
const MYSQL: EgressRule = { ports: tcp(3306) }
const OBJECT_STORES: EgressRule = { ports: tcp(9000, 8333, 8334) }

/** Of the server and of the CronJobs, which all carry the server's instance. */
export function makeServerPolicy (request: Request): Child {
  const { metadata, spec } = request.parent
  const { server } = namesOf(metadata.name)
  return policyOf(request, server, {
    // An instance alone may also be that of a release of Helm with this name.
    podSelector: { matchLabels: { ...parentLabel(request.parent), 'app.kubernetes.io/instance': server } },
    ingress: ingressRules(request),
    egress: spec.networkPolicyEgressRules?.length ? egressBeside([], spec) : egressBeside([DNS, HTTPS, POSTGRES, MYSQL, OBJECT_STORES], spec)
  })
}

/**
 * Of the Jobs that look at databases and migrate them: nobody reaches them. They may reach databases at their usual ports, and what is allowed beside that.
 * What replaces the server's rules counts as such, for a database at another port is named there.
 */
export function makeMigrationPolicy (request: Request): Child {
  const { metadata, spec } = request.parent
  return policyOf(request, namesOf(metadata.name).migrationPolicy, {
    podSelector: { matchLabels: parentLabel(request.parent), matchExpressions: [{ key: COMPONENT_LABEL, operator: 'In', values: ['preflight', 'migration'] }] },
    egress: egressBeside([DNS, { ports: tcp(5432, 3306) }], spec)
  })
}

/** Of the Job that makes a volume that outlives us: it asks the API server and nobody else. Undefined where there is no such volume. */
export function makeClaimPolicy (request: Request): Child | undefined {
  const { metadata, spec } = request.parent
  if (!spec.storage?.retain) return undefined
  return policyOf(request, namesOf(metadata.name).claimMaker, {
    podSelector: { matchLabels: componentSelector(request, 'claim') },
    egress: egressBeside([DNS, HTTPS], spec)
  })
}

/** Without rules for a direction, nothing passes in it. */
function policyOf (request: Request, name: string, rules: object): Child {
  const { apiVersion, kind } = NETWORK_POLICY
  return { apiVersion, kind, metadata: namespacedMetadata(request, name), spec: withoutEmpty({ ...rules, policyTypes: ['Ingress', 'Egress'] }) }
}

function ingressRules (request: Request): object[] {
  const { networkPolicyIngressFrom: given = [], garbageCollection, service } = request.parent.spec
  const ports = tcp(PORT)
  // A selector of namespaces means pods: whoever comes through a node or a balancer is none.
  if (given.length === 0) return service.type === 'ClusterIP' ? [{ from: [{ namespaceSelector: {} }], ports }] : [{ ports }]
  // It deletes artifacts through the server.
  const ours = garbageCollection ? [{ podSelector: { matchLabels: componentSelector(request, 'garbage-collection') } }] : []
  const from = [...peersOf(given), ...ours]
  return from.length > 0 ? [{ from, ports }] : []
}

/** These, and what the user allows. */
function egressBeside (rules: EgressRule[], { networkPolicyEgressRules = [], networkPolicyAdditionalEgressRules = [] }: Spec): EgressRule[] {
  return [...rules, ...[...networkPolicyEgressRules, ...networkPolicyAdditionalEgressRules].flatMap(givenRule)]
}

/** A rule whose destinations say nothing is left out: without them it would allow all. */
function givenRule ({ to = [], ports = [] }: GivenRule): EgressRule[] {
  const peers = peersOf(to)
  const rule = {
    ...(peers.length > 0 && { to: peers }),
    ...(ports.length > 0 && { ports: ports.map((port) => ({ protocol: 'TCP', ...port })) })
  }
  const saysNothing = to.length > 0 ? peers.length === 0 : ports.length === 0
  return saysNothing ? [] : [rule]
}

/** Without those that name nobody, which the API server refuses. */
function peersOf (peers: object[]): Peer[] {
  return peers.map((peer) => withoutEmpty({ ...peer })).filter((peer) => Object.keys(peer).length > 0)
}
