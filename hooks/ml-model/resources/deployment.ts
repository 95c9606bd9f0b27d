// The Deployment that serves: one for the life of the object, whose pods are replaced one by one and never before the next answers.
import { childLabels, STATE_ANNOTATION } from '../../core/labels.ts'
import type { Child, SyncRequest } from '../../core/request.ts'
import { wholeSeconds } from '../../core/time.ts'
import { formatMemory, type Memory } from '../memory.ts'
import type { Spec, Status } from '../schema.ts'
import { LONGEST_SPAN } from './job.ts'
import { DEPLOYMENT, serverName } from './names.ts'
import { selectorOf } from './pods.ts'
import type { Template } from './server-template.ts'

export function makeDeployment ({ parent }: SyncRequest<Spec, Status>, template: Template, memory: Memory): Child {
  const { spec, metadata } = parent
  const { apiVersion, kind } = DEPLOYMENT
  return {
    apiVersion,
    kind,
    metadata: {
      name: serverName(metadata.name),
      ...(metadata.namespace && { namespace: metadata.namespace }),
      labels: childLabels(parent),
      annotations: { [STATE_ANNOTATION]: formatMemory(memory) }
    },
    spec: {
      replicas: spec.replicas,
      selector: { matchLabels: selectorOf(parent, 'server') },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      progressDeadlineSeconds: Math.min(Math.max(1, wholeSeconds(spec.progressDeadline)), LONGEST_SPAN),
      // Kubernetes goes on saying of an old ReplicaSet that it has given up; of a new one it never says so at once.
      revisionHistoryLimit: 0,
      template
    }
  }
}
