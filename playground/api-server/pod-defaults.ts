// What a real API server fills in on pods and what they are made from.
import { canonicalQuantities, canonicalQuantity } from '../../hooks/core/quantity.ts'
import { isMap } from './kube-object.ts'

export type Fields = Record<string, any>

/** Given fields win over defaults; null counts as missing. */
export function fill (value: unknown, defaults: Fields): Fields {
  const given = isMap(value) ? Object.entries(value).filter(([, item]) => item !== null) : []
  return { ...defaults, ...Object.fromEntries(given) }
}

export function listOf (value: unknown, item: (value: Fields) => Fields): Fields[] | undefined {
  return Array.isArray(value) ? value.map((entry) => item(entry as Fields)) : undefined
}

/** The fields with these changes; what is undefined changes nothing. */
export function set (fields: Fields, changes: Fields): Fields {
  return { ...fields, ...Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) }
}

/** A field that is there, made into another; nothing where it is not. */
function mapped (fields: Fields, name: string, change: (value: Fields) => Fields): Fields {
  return isMap(fields[name]) ? { [name]: change(fields[name]) } : {}
}

const httpGet = (value: Fields): Fields => fill(value, { path: '/', scheme: 'HTTP' })

function probe (value: unknown): Fields | undefined {
  if (!isMap(value)) return undefined
  const filled = fill(value, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
  return { ...filled, ...mapped(filled, 'httpGet', httpGet), ...mapped(filled, 'grpc', (grpc) => fill(grpc, { service: '' })) }
}

function lifecycle (value: unknown): Fields | undefined {
  if (!isMap(value)) return undefined
  const handler = (given: Fields): Fields => ({ ...given, ...mapped(given, 'httpGet', httpGet) })
  return { ...value, ...mapped(value, 'preStop', handler), ...mapped(value, 'postStart', handler) }
}

/** A reference to a field of the pod or to what a container may use; in the environment and in files. */
function downward (value: Fields): Fields {
  return { ...value, ...mapped(value, 'fieldRef', (field) => fill(field, { apiVersion: 'v1' })), ...mapped(value, 'resourceFieldRef', (field) => fill(field, { divisor: '0' })) }
}

function environment (entry: Fields): Fields {
  return { ...entry, ...mapped(entry, 'valueFrom', downward) }
}

function pullPolicy (image: unknown): string {
  const tag = String(image ?? '').split('/').pop()!.split(':')[1]
  return String(image ?? '').includes('@') || (tag !== undefined && tag !== 'latest') ? 'IfNotPresent' : 'Always'
}

export function resources (value: unknown): Fields {
  const given = isMap(value) ? value : {}
  return set(given, { limits: canonicalQuantities(given.limits), requests: canonicalQuantities(given.requests) })
}

function container (value: Fields): Fields {
  const filled = fill(value, { imagePullPolicy: pullPolicy(value.image), terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' })
  return set(filled, {
    resources: resources(value.resources),
    ports: listOf(value.ports, (port) => fill(port, { protocol: 'TCP' })),
    env: listOf(value.env, environment),
    livenessProbe: probe(value.livenessProbe),
    readinessProbe: probe(value.readinessProbe),
    startupProbe: probe(value.startupProbe),
    lifecycle: lifecycle(value.lifecycle)
  })
}

/** A volume claim, as an object or as the template of a volume. */
export function claim (spec: Fields): Fields {
  const filled = set(fill(spec, { volumeMode: 'Filesystem' }), { resources: resources(spec.resources) })
  return spec.dataSource && !spec.dataSourceRef ? { ...filled, dataSourceRef: spec.dataSource } : filled
}

function projection (value: Fields): Fields {
  return { ...value, ...mapped(value, 'serviceAccountToken', (token) => fill(token, { expirationSeconds: 3600 })), ...mapped(value, 'downwardAPI', files) }
}

function files (value: Fields): Fields {
  return set(value, { items: listOf(value.items, downward) })
}

const withMode = (value: Fields): Fields => fill(value, { defaultMode: 420 })

const sources: Record<string, (value: Fields) => Fields> = {
  secret: withMode,
  configMap: withMode,
  downwardAPI: (value) => withMode(files(value)),
  projected: (value) => withMode(set(value, { sources: listOf(value.sources, projection) })),
  hostPath: (value) => fill(value, { type: '' }),
  emptyDir: (value) => set(value, { sizeLimit: value.sizeLimit === undefined ? undefined : canonicalQuantity(value.sizeLimit) }),
  ephemeral: (value) => ({ ...value, ...mapped(value, 'volumeClaimTemplate', (given) => ({ metadata: {}, ...given, ...mapped(given, 'spec', claim) })) })
}

function volume (value: Fields): Fields {
  // One that says nothing is an empty folder.
  if (Object.keys(value).length === 1) return { ...value, emptyDir: {} }
  return Object.assign({ ...value }, ...Object.entries(sources).map(([source, change]) => mapped(value, source, change))) as Fields
}

export function podSpec (value: unknown, restartPolicy: string): Fields {
  const filled = fill(value, { restartPolicy, terminationGracePeriodSeconds: 30, dnsPolicy: 'ClusterFirst', securityContext: {}, schedulerName: 'default-scheduler' })
  return set(filled, {
    // The older name of the service account is filled in beside the newer one.
    serviceAccount: filled.serviceAccountName,
    containers: listOf(filled.containers, container),
    initContainers: listOf(filled.initContainers, container),
    volumes: listOf(filled.volumes, volume)
  })
}

export function template (value: unknown, restartPolicy = 'Always'): Fields {
  const given = isMap(value) ? value : {}
  return { metadata: {}, ...given, spec: podSpec(given.spec, restartPolicy) }
}
