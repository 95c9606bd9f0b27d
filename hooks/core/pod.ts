// Parts of pods that several kinds make: containers without privileges, canonical quantities, nothing empty, nothing that the server would write otherwise.
import { defined, withoutEmpty } from './plain-value.ts'
import type { Placement } from './placement.ts'
import { canonicalQuantities } from './quantity.ts'
import type { EnvVar, Resources } from './schema.ts'

type Fields = Record<string, unknown>

/** Whom a pod runs as. Absent numbers leave it to the image and the platform (OpenShift deals out its own). */
export type Identity = { user?: number, group?: number }

export type PodParts = {
  labels: Record<string, string>
  annotations?: Record<string, string>
  containers: Fields[]
  initContainers?: Fields[]
  volumes?: Fields[]
  identity?: Identity
  placement?: Placement
  serviceAccountName?: string
  /** Jobs: Never; Deployments leave it to the default. */
  restartPolicy?: 'Never' | 'OnFailure'
  terminationGracePeriodSeconds?: number
}

/** A pod template for a Deployment or Job. Runs where Pod Security `restricted` is enforced, and gets no token of the API server. */
export function makePodTemplate ({ labels, annotations, identity = {}, placement = {}, serviceAccountName, ...parts }: PodParts): Fields {
  const { user, group } = identity
  const spec = defined({
    restartPolicy: parts.restartPolicy,
    terminationGracePeriodSeconds: parts.terminationGracePeriodSeconds,
    automountServiceAccountToken: false,
    serviceAccountName: serviceAccountName || undefined,
    securityContext: defined({
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: group,
      fsGroup: group,
      // A volume of many files would be gone through at every start otherwise.
      fsGroupChangePolicy: group === undefined ? undefined : 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' }
    }),
    ...withoutEmpty(placement),
    initContainers: parts.initContainers?.length ? parts.initContainers : undefined,
    containers: parts.containers,
    volumes: parts.volumes?.length ? parts.volumes : undefined
  })
  return { metadata: defined({ labels, annotations }), spec }
}

export type ContainerParts = {
  name: string
  image: string
  command?: string[]
  args?: string[]
  env?: EnvVar[]
  /** Secret whose keys become variables; empty means none. */
  envSecret?: string
  resources?: Resources
  ports?: Record<string, number>
  probes?: { startup?: Fields, liveness?: Fields, readiness?: Fields }
  /** How long to wait before it is told to end (Kubernetes 1.30); part of the pod's terminationGracePeriodSeconds. */
  preStopSeconds?: number
  mounts?: Array<{ name: string, mountPath: string, readOnly?: true, subPath?: string }>
  /** Our own programs write nothing outside their volumes; images of others may. */
  readOnlyRootFilesystem?: true
}

/** A container without privileges. */
export function makeContainer (parts: ContainerParts): Fields {
  const { name, image, command, args, env = [], envSecret = '', resources, ports = {}, probes = {}, preStopSeconds, mounts = [], readOnlyRootFilesystem } = parts
  return withoutEmpty(defined({
    name,
    image,
    command,
    args,
    env: env.map(environmentEntry),
    envFrom: envSecret ? [{ secretRef: { name: envSecret } }] : undefined,
    ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
    resources: resources && canonicalResources(resources),
    startupProbe: probes.startup,
    livenessProbe: probes.liveness,
    readinessProbe: probes.readiness,
    lifecycle: preStopSeconds === undefined ? undefined : { preStop: { sleep: { seconds: preStopSeconds } } },
    securityContext: defined({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem }),
    volumeMounts: mounts.map(defined),
    // A result of ours is in the file; what others print last is better than nothing.
    terminationMessagePolicy: 'FallbackToLogsOnError'
  }))
}

/** The API server drops an empty value, which means the same. */
function environmentEntry ({ value, ...entry }: EnvVar): Fields {
  return withoutEmpty({ ...entry, ...(value !== undefined && value !== '' && { value }) })
}

/** Requests and limits as the API server stores them. */
export function canonicalResources ({ requests, limits }: Resources): Fields {
  return defined({ requests: canonicalQuantities(requests), limits: canonicalQuantities(limits) })
}

/** A probe by HTTP GET; the port by name. */
export function httpProbe (path: string, port: string, { periodSeconds, timeoutSeconds, failureThreshold }: { periodSeconds?: number, timeoutSeconds?: number, failureThreshold?: number } = {}): Fields {
  return defined({ httpGet: { path, port, scheme: 'HTTP' }, periodSeconds, timeoutSeconds, failureThreshold })
}
