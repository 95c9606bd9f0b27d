// The Job that downloads a model to its volume. Its name follows from all that it depends on, so it is never changed.
import { childMetadata } from '../../core/child-metadata.ts'
import { jobsImage } from '../../core/images.ts'
import { DOWNLOAD_FAILURE_POLICY, makeDownloadContainer } from '../../core/download.ts'
import { SOURCE_LABEL } from '../../core/labels.ts'
import { makePodTemplate } from '../../core/pod.ts'
import type { Child, SyncRequest } from '../../core/request.ts'
import { fieldSeconds } from '../../core/time.ts'
import { MODEL_ROOT } from '../../serving/runtimes/runtime.ts'
import type { Spec, Status } from '../schema.ts'
import type { Wanted } from '../wanted.ts'
import { JOB, jobName, volumeName } from './names.ts'
import { placementWith, podLabels, volumeOf } from './pods.ts'

export function makeJob ({ parent, images }: SyncRequest<Spec, Status>, { key, download, runtime }: Wanted): Child {
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
      template: makePodTemplate({
        labels: podLabels(parent, 'download', key),
        // Whoever serves the files owns them.
        identity: runtime.identity,
        // The first pod of a volume decides where it is: it has to be where the server may run.
        placement: placementWith(parent, key),
        serviceAccountName: spec.serviceAccountName,
        restartPolicy: 'Never',
        volumes: [volumeOf(volumeName(metadata.name, key))],
        containers: [makeDownloadContainer(download, { image: jobsImage(images), credentialsSecret: spec.credentialsSecret, mount: { name: 'model', mountPath: MODEL_ROOT } })]
      })
    }
  }
}
