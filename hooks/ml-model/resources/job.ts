// The Job that downloads a model to its volume. Its name follows from all that it depends on, so it is never changed.
import { childMetadata } from '../../core/child-metadata.ts'
import { jobsImage } from '../../core/images.ts'
import { DOWNLOAD_FAILURE_POLICY, makeDownloadContainer } from '../../core/download.ts'
import { SOURCE_LABEL } from '../../core/labels.ts'
import { readTemplate } from '../../core/pod-template.ts'
import { makePodTemplate } from '../../core/pod.ts'
import { findChild, type Child, type SyncRequest } from '../../core/request.ts'
import { fieldSeconds } from '../../core/time.ts'
import { MODEL_ROOT } from '../../serving/runtimes/runtime.ts'
import type { Spec, Status } from '../schema.ts'
import type { Wanted } from '../wanted.ts'
import { JOB, jobName, volumeName } from './names.ts'
import { placementWith, podLabels, volumeOf } from './pods.ts'

type Request = SyncRequest<Spec, Status>

export function makeJob (request: Request, { key, download, runtime }: Wanted): Child {
  const { parent: { spec, metadata }, images } = request
  return jobOf(request, key, makePodTemplate({
    labels: podLabels(request.parent, 'download', key),
    // Whoever serves the files owns them.
    identity: runtime.identity,
    // The first pod of a volume decides where it is: it has to be where the server may run.
    placement: placementWith(request.parent, key),
    serviceAccountName: spec.serviceAccountName,
    restartPolicy: 'Never',
    volumes: [volumeOf(volumeName(metadata.name, key))],
    containers: [makeDownloadContainer(download, { image: jobsImage(images), credentialsSecret: spec.credentialsSecret, mount: { name: 'model', mountPath: MODEL_ROOT } })]
  }))
}

/**
 * One that is over, as it is observed, for the spec may ask for something else by now, or for nothing that could be downloaded. Undefined where it cannot be
 * read.
 */
export function keepJob (request: Request, key: string): Child | undefined {
  const job = findChild(request, JOB, jobName(request.parent.metadata.name, key))
  const template = job && readTemplate(job)
  // The API server has put labels of its own into it.
  return template && jobOf(request, key, { ...template, metadata: { labels: podLabels(request.parent, 'download', key) } })
}

function jobOf ({ parent }: Request, key: string, template: object): Child {
  const { spec, metadata } = parent
  const { apiVersion, kind } = JOB
  return {
    apiVersion,
    kind,
    metadata: childMetadata(parent, jobName(metadata.name, key), { labels: { [SOURCE_LABEL]: key } }),
    spec: {
      backoffLimit: spec.download.retries,
      activeDeadlineSeconds: fieldSeconds(spec.download.activeDeadline),
      podFailurePolicy: DOWNLOAD_FAILURE_POLICY,
      template
    }
  }
}
