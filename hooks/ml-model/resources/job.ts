// The Job that downloads a model to its volume. Its name follows from all that it depends on, so it is never changed.
import { jobsImage } from '../../core/images.ts'
import { EXIT, makeDownloadContainer } from '../../core/download.ts'
import { childLabels, SOURCE_LABEL } from '../../core/labels.ts'
import { makePodTemplate } from '../../core/pod.ts'
import type { Child, SyncRequest } from '../../core/request.ts'
import { wholeSeconds } from '../../core/time.ts'
import { MODEL_ROOT } from '../../serving/runtimes/runtime.ts'
import type { Spec, Status } from '../schema.ts'
import type { Wanted } from '../wanted.ts'
import { JOB, jobName, volumeName } from './names.ts'
import { placementWith, podLabels, volumeOf } from './pods.ts'

/** What the API server takes in a field of 32 bits. */
export const LONGEST_SPAN = 2 ** 31 - 1

export function makeJob ({ parent, images }: SyncRequest<Spec, Status>, { key, download, runtime }: Wanted): Child {
  const { spec, metadata } = parent
  const { apiVersion, kind } = JOB
  return {
    apiVersion,
    kind,
    metadata: { name: jobName(metadata.name, key), ...(metadata.namespace && { namespace: metadata.namespace }), labels: { ...childLabels(parent), [SOURCE_LABEL]: key } },
    spec: {
      backoffLimit: spec.download.retries,
      activeDeadlineSeconds: Math.min(Math.max(1, wholeSeconds(spec.download.activeDeadline)), LONGEST_SPAN),
      podFailurePolicy: {
        rules: [
          // What another try cannot mend.
          { action: 'FailJob', onExitCodes: { containerName: 'download', operator: 'In', values: [EXIT.permanent] } },
          // A drained node is not the download's fault.
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }
        ]
      },
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
