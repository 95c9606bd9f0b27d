// The Deployment that serves: one for the life of the object, whose pods are replaced one by one and never before the next answers.
import { childMetadata } from '../../core/child-metadata.ts'
import type { Template } from '../../core/pod-template.ts'
import type { Child, SyncRequest } from '../../core/request.ts'
import { fieldSeconds } from '../../core/time.ts'
import { formatMemory, type Memory } from '../memory.ts'
import type { Spec, Status } from '../schema.ts'
import { DEPLOYMENT, serverName } from './names.ts'
import { selectorOf } from './pods.ts'

export function makeDeployment ({ parent }: SyncRequest<Spec, Status>, template: Template, memory: Memory): Child {
  const { spec, metadata } = parent
  const { apiVersion, kind } = DEPLOYMENT
  return {
    apiVersion,
    kind,
    metadata: childMetadata(parent, serverName(metadata.name), { state: formatMemory(memory) }),
    spec: {
      replicas: spec.replicas,
      selector: { matchLabels: selectorOf(parent, 'server') },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      progressDeadlineSeconds: fieldSeconds(spec.progressDeadline),
      // Kubernetes goes on saying of an old ReplicaSet that it has given up; of a new one it never says so at once.
      revisionHistoryLimit: 0,
      template
    }
  }
}
