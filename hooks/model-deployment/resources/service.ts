// The Service: which version answers, in its selector, and why, in its annotation. Both change in one write.
import { childMetadata } from '../../core/child-metadata.ts'
import type { Child } from '../../core/request.ts'
import { runtimes, type RuntimeName } from '../../serving/runtimes/runtimes.ts'
import { formatMemory, type Memory } from '../memory.ts'
import type { Active, Version } from '../schema/status.ts'
import type { Request } from '../wanted.ts'
import { SERVICE, serviceName } from './names.ts'
import { selectorOf } from './pods.ts'

/** Whatever the runtime. */
const PORT = 8000

export function makeService ({ parent }: Request, active: Active, memory: Memory): Child {
  const { metadata } = parent
  const { apiVersion, kind } = SERVICE
  return {
    apiVersion,
    kind,
    metadata: childMetadata(parent, serviceName(metadata.name), { state: formatMemory(memory) }),
    spec: {
      type: 'ClusterIP',
      selector: selectorOf(parent, active.id),
      // By name: versions of other runtimes have other ports.
      ports: [{ name: 'http', port: PORT, targetPort: 'http', protocol: 'TCP' }]
    }
  }
}

/** Where predictions are answered by a version. */
export function urlOf ({ parent: { metadata } }: Request, { runtime }: Pick<Version, 'runtime'>): string {
  const { name, namespace = 'default' } = metadata
  const path = Object.hasOwn(runtimes, runtime) ? runtimes[runtime as RuntimeName].predict(name) : ''
  return `http://${serviceName(name)}.${namespace}.svc:${PORT}${path}`
}
