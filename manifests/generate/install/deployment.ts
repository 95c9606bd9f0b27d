// The Deployment of the plain installation: hooks and poller as two containers of one pod.
import { metadataOf, NAME, SELECTOR } from './labels.ts'

/** A user without a name or rights on any machine. */
const NOBODY = 65532

const CONFIG_FOLDER = '/etc/sluice'
const TOKEN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

const LOCKED = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true }

/** Builds it. `v` is what Metacontroller asks the hooks for. */
export function makeDeployment (release: string, v: string): object {
  const image = `${NAME}:${release}`
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(release),
    spec: {
      replicas: 2,
      selector: { matchLabels: SELECTOR },
      // There is always a pod that answers; a new one counts from when it is ready.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: SELECTOR },
        spec: {
          serviceAccountName: NAME,
          automountServiceAccountToken: false,
          // A Service called metrics or webhook would otherwise set METRICS_PORT or WEBHOOK_PORT, to what is no port.
          enableServiceLinks: false,
          // 5 s in which the hooks send calls away, at most 15 s for those in flight, and a margin; the poller leaves within 25 s.
          terminationGracePeriodSeconds: 40,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' }, runAsUser: NOBODY, runAsGroup: NOBODY, fsGroup: NOBODY },
          topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: SELECTOR } }],
          containers: [makeHooks(image, v), makePoller(image)],
          volumes: makeVolumes()
        }
      }
    }
  }
}

/** They ask nobody for anything: no token, no credentials, no configuration file. */
function makeHooks (image: string, v: string): object {
  return {
    name: 'hooks',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', 'hooks/main.ts'],
    env: [{ name: 'HOOKS_V', value: v }, { name: 'LOG_LEVEL', value: 'info' }, { name: 'DRAIN_SECONDS', value: '5' }],
    ports: [{ name: 'hooks', containerPort: 8080, protocol: 'TCP' }],
    readinessProbe: { httpGet: { path: '/readyz', port: 'hooks', scheme: 'HTTP' }, periodSeconds: 2 },
    livenessProbe: { httpGet: { path: '/healthz', port: 'hooks', scheme: 'HTTP' }, failureThreshold: 6 },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    securityContext: LOCKED
  }
}

function makePoller (image: string): object {
  const fromPod = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } })
  return {
    name: 'poller',
    image,
    imagePullPolicy: 'IfNotPresent',
    // Memory before speed: docs/performance.md has what it makes of ten thousand objects.
    command: ['node', '--optimize-for-size', 'poller/main.ts'],
    env: [
      { name: 'SLUICE_CONFIG', value: `${CONFIG_FOLDER}/config.yaml` },
      fromPod('POD_NAME', 'metadata.name'),
      fromPod('POD_NAMESPACE', 'metadata.namespace'),
      { name: 'LOG_LEVEL', value: 'info' }
    ],
    ports: [{ name: 'metrics', containerPort: 9090, protocol: 'TCP' }],
    readinessProbe: { httpGet: { path: '/readyz', port: 'metrics' }, periodSeconds: 5 },
    livenessProbe: { httpGet: { path: '/healthz', port: 'metrics' }, failureThreshold: 6 },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    securityContext: LOCKED,
    volumeMounts: [{ name: 'config', mountPath: CONFIG_FOLDER, readOnly: true }, { name: 'api-token', mountPath: TOKEN_FOLDER, readOnly: true }]
  }
}

function makeVolumes (): object[] {
  return [{ name: 'config', configMap: { name: `${NAME}-poller` } }, makeTokenVolume([])]
}

/** The token as Kubernetes itself would mount it, but in one container only; and what else is to lie beside it. */
export function makeTokenVolume (further: object[]): object {
  return {
    name: 'api-token',
    projected: {
      defaultMode: 0o440,
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
        ...further
      ]
    }
  }
}
