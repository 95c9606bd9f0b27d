// What stands around the Deployment: namespace, configuration, Service, disruption budget, network policy.
import { metadataOf, NAME, NAMESPACE, SELECTOR } from './labels.ts'

/** A policy counts after the Service's address was translated, and pods of OpenShift's DNS listen on 5353. */
const DNS_PORTS = [53, 5353]

/** Only pods that need no privilege may run beside ours. */
export function makeNamespace (): object {
  const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted'])
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: Object.fromEntries(levels) } }
}

/** The poller's configuration file; no registry and no Prometheus are known before somebody names one. */
export function makeConfig (release: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataOf(release, `${NAME}-poller`), data: { 'config.yaml': 'mlflowServers: {}\nprometheus: {}\nregistries: {}\n' } }
}

/** Hooks for Metacontroller, metrics for Prometheus. */
export function makeService (release: string): object {
  const port = (name: string, number: number) => ({ name, port: number, targetPort: name, protocol: 'TCP' })
  return { apiVersion: 'v1', kind: 'Service', metadata: metadataOf(release), spec: { type: 'ClusterIP', selector: SELECTOR, ports: [{ ...port('hooks', 8080), appProtocol: 'http' }, port('metrics', 9090)] } }
}

export function makeDisruptionBudget (release: string): object {
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: metadataOf(release), spec: { minAvailable: 1, selector: { matchLabels: SELECTOR } } }
}

/** Metacontroller may call the hooks, monitoring may read metrics; the poller may reach DNS, the API server, and where MLflow and Prometheus usually are. */
export function makeNetworkPolicy (release: string, mlflowNamespace = 'mlflow'): object {
  const namespace = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } })
  const tcp = (...ports: Array<string | number>) => ports.map((port) => ({ protocol: 'TCP', port }))
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadataOf(release),
    spec: {
      podSelector: { matchLabels: SELECTOR },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [namespace('metacontroller')], ports: tcp('hooks') },
        { from: [namespace('monitoring')], ports: tcp('hooks', 'metrics') }
      ],
      egress: [
        { ports: DNS_PORTS.flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port }))) },
        { ports: tcp(443, 6443) },
        { to: [{ namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [...new Set(['mlflow', 'monitoring', mlflowNamespace])] }] } }] }
      ]
    }
  }
}
