// The Service in front of all pods that serve. It is there from the first sync on, and carries the memory in brief until there is a Deployment.
import { childMetadata } from '../../core/child-metadata.ts'
import { isMap } from '../../core/plain-value.ts'
import type { Template } from '../../core/pod-template.ts'
import type { Child, SyncRequest } from '../../core/request.ts'
import { formatBriefMemory, type Memory } from '../memory.ts'
import { SERVICE, serverName } from './names.ts'
import { selectorOf } from './pods.ts'

/** Ports by name. */
export type Ports = Record<string, number>

/** TorchServe's can change what is served. */
const HIDDEN = ['management']

/** The named ports of the pods that answer now. */
export function portsOf (template: Template): Ports {
  const ports = template.spec.containers.flatMap(({ ports }) => Array.isArray(ports) ? ports.filter(isMap) : [])
  return Object.fromEntries(ports.flatMap(({ name, containerPort }) => typeof name === 'string' && typeof containerPort === 'number' ? [[name, containerPort]] : []))
}

export function makeService ({ parent }: SyncRequest, ports: Ports, memory: Memory): Child {
  const { metadata } = parent
  const { apiVersion, kind } = SERVICE
  const shown = Object.entries(ports).filter(([name]) => !HIDDEN.includes(name))
  return {
    apiVersion,
    kind,
    metadata: childMetadata(parent, serverName(metadata.name), { state: formatBriefMemory(memory) }),
    spec: {
      type: 'ClusterIP',
      selector: selectorOf(parent, 'server'),
      // By name: pods of another runtime have their own.
      ports: shown.map(([name, port]) => ({ name, port, targetPort: name, protocol: 'TCP' }))
    }
  }
}

/** Where predictions are answered; undefined without a port of that name. */
export function urlOf ({ parent: { metadata } }: SyncRequest, { http }: Ports, path: string): string | undefined {
  return http === undefined ? undefined : `http://${serverName(metadata.name)}.${metadata.namespace ?? 'default'}.svc:${http}${path}`
}
