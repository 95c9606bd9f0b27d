// The Deployment of one version: made once, and asked for again as it is for as long as the version is wanted.
import { childMetadata } from '../../core/child-metadata.ts'
import { VERSION_LABEL } from '../../core/labels.ts'
import type { Template } from '../../core/pod-template.ts'
import type { Child } from '../../core/request.ts'
import { fieldSeconds } from '../../core/time.ts'
import { formatCarried } from '../carried.ts'
import type { Version } from '../schema/status.ts'
import type { Request } from '../wanted.ts'
import { DEPLOYMENT, deploymentName } from './names.ts'
import { selectorOf } from './pods.ts'

/** `replicas` undefined: somebody else's to say. */
export function makeDeployment ({ parent }: Request, version: Version, { template, replicas }: { template: Template, replicas: number | undefined }): Child {
  const { spec, metadata } = parent
  const { apiVersion, kind } = DEPLOYMENT
  return {
    apiVersion,
    kind,
    metadata: childMetadata(parent, deploymentName(metadata.name, version.id), { labels: { [VERSION_LABEL]: version.id }, state: formatCarried({ version, template }) }),
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: selectorOf(parent, version.id) },
      // A drained node takes no more pods away than it must.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      progressDeadlineSeconds: fieldSeconds(spec.progressDeadline),
      revisionHistoryLimit: 2,
      template
    }
  }
}
