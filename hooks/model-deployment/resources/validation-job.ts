// The Job that validates a version: our program downloads the model, then the script runs in the server's image. Without a script, the download is all.
import { childMetadata } from '../../core/child-metadata.ts'
import { DOWNLOAD_FAILURE_POLICY } from '../../core/download.ts'
import { VERSION_LABEL } from '../../core/labels.ts'
import { placementOf } from '../../core/placement.ts'
import { makeContainer, makePodTemplate } from '../../core/pod.ts'
import type { Child, KubeObject } from '../../core/request.ts'
import { isMap } from '../../core/plain-value.ts'
import { fieldSeconds } from '../../core/time.ts'
import type { Spec } from '../schema.ts'
import { formatCarried, type Carried } from '../carried.ts'
import { serverImage, type Request, type Wanted } from '../wanted.ts'
import { JOB, jobName } from './names.ts'
import { makeDownload, MODEL_MOUNT, modelVolume, podLabels } from './pods.ts'
import { mergedVariables, scriptVariables } from './variables.ts'

const SCRIPT_CONTAINER = 'validate'
const SCRIPT_FOLDER = '/validation'

export function makeJob (request: Request, wanted: Wanted, carried: Carried): Child {
  const { parent } = request
  const { spec, metadata } = parent
  const { version } = carried
  const download = makeDownload(request, { uri: spec.modelURI, sha256: '' }, wanted.layout)
  const script = makeScript(request, wanted)
  return {
    apiVersion: JOB.apiVersion,
    kind: JOB.kind,
    metadata: childMetadata(parent, jobName(metadata.name, version.id), { labels: { [VERSION_LABEL]: version.id }, state: formatCarried(carried) }),
    spec: {
      backoffLimit: spec.validation.retries,
      activeDeadlineSeconds: fieldSeconds(spec.validation.activeDeadline),
      podFailurePolicy: DOWNLOAD_FAILURE_POLICY,
      template: makePodTemplate({
        labels: podLabels(parent, 'validation', version.id),
        identity: wanted.runtime.identity,
        placement: placementOf(spec),
        serviceAccountName: spec.serviceAccountName,
        restartPolicy: 'Never',
        volumes: [modelVolume(spec), ...scriptVolumes(spec)],
        ...(script ? { initContainers: [download], containers: [script] } : { containers: [download] })
      })
    }
  }
}

/** The image that an observed Job ran its script in: what was validated is what shall serve, whatever the settings say by then. */
export function validatedImage (job: KubeObject | undefined): string | undefined {
  const template = isMap(job?.spec) && isMap(job.spec.template) && isMap(job.spec.template.spec) ? job.spec.template.spec : {}
  const containers = Array.isArray(template.containers) ? template.containers.filter(isMap) : []
  const image = containers.find(({ name }) => name === SCRIPT_CONTAINER)?.image
  return typeof image === 'string' && image !== '' ? image : undefined
}

function makeScript ({ parent: { spec }, images }: Request, { layout, runtime }: Wanted): Record<string, unknown> | undefined {
  const path = scriptPath(spec)
  if (path === undefined) return undefined
  const { env, resources = spec.resources } = spec.validation
  const own = [...runtime.start('', layout, { port: runtime.ports.http, sha256: '' }).env ?? [], ...scriptVariables(spec, layout)]
  return makeContainer({
    name: SCRIPT_CONTAINER,
    image: serverImage(spec, images),
    command: commandOf(path),
    env: mergedVariables(own, spec.env, env),
    ...(resources && { resources }),
    mounts: [MODEL_MOUNT, ...(spec.validateScriptFrom ? [{ name: 'script', mountPath: SCRIPT_FOLDER, readOnly: true } as const] : [])]
  })
}

function scriptPath ({ validateScript, validateScriptFrom }: Spec): string | undefined {
  if (validateScriptFrom) return `${SCRIPT_FOLDER}/${validateScriptFrom.configMapKeyRef.key}`
  return validateScript || undefined
}

/** By the extension, for a ConfigMap cannot say what runs a file and images often forget to make it executable. */
function commandOf (path: string): string[] {
  if (path.endsWith('.py')) return ['python3', path]
  return path.endsWith('.sh') ? ['sh', path] : [path]
}

function scriptVolumes ({ validateScriptFrom }: Spec): Array<Record<string, unknown>> {
  if (!validateScriptFrom) return []
  const { name, key } = validateScriptFrom.configMapKeyRef
  return [{ name: 'script', configMap: { name, items: [{ key, path: key }], defaultMode: 0o555 } }]
}
