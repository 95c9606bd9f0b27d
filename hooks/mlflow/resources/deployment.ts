// The Deployment of the server. It carries what a migration remembers, and what the Secrets and ConfigMaps of its pods were like.
import { STATE_ANNOTATION } from '../../core/labels.ts'
import type { Template } from '../../core/pod-template.ts'
import type { Child } from '../../core/request.ts'
import { DEPLOYMENT } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, type Request } from '../place.ts'
import { hasFileStore } from '../stores.ts'
import { isShared } from './claim-spec.ts'
import { serverSelector } from './server-template.ts'

/** `replicas` undefined: an autoscaler's to say. `state`: the memory; `annotations`: beside it. */
export type Run = { template: Template, replicas: number | undefined, state?: string, annotations?: Record<string, string> }

export function makeDeployment (request: Request, { template, replicas, state, annotations = {} }: Run): Child {
  const { apiVersion, kind } = DEPLOYMENT
  const metadata = namespacedMetadata(request, namesOf(request.parent.metadata.name).server)
  const notes = { ...annotations, ...(state !== undefined && { [STATE_ANNOTATION]: state }) }
  return {
    apiVersion,
    kind,
    metadata: { ...metadata, ...(Object.keys(notes).length > 0 && { annotations: notes }) },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: serverSelector(request) },
      strategy: isAlone(request) ? { type: 'Recreate' } : { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      revisionHistoryLimit: 10,
      template
    }
  }
}

/** Whether a new pod must wait until the old one is gone: for the volume, or because both would write one file. */
function isAlone ({ parent: { spec } }: Request): boolean {
  return spec.storage !== undefined && (!isShared(spec.storage) || hasFileStore(spec))
}
