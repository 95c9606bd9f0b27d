// The pods that serve a version: each downloads the model again, and takes no other bytes than those that were validated.
import { placementOf } from '../../core/placement.ts'
import { httpProbe, makeContainer, makePodTemplate } from '../../core/pod.ts'
import type { Template } from '../carried.ts'
import type { Version } from '../schema/status.ts'
import type { Request, Wanted } from '../wanted.ts'
import { makeDownload, MODEL_MOUNT, modelVolume, podLabels } from './pods.ts'
import { mergedVariables } from './variables.ts'

/** Loading may take long, and a server that is killed meanwhile never gets there: an hour, 10 s apart. */
const STARTUP = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 360 }

/** Makes the template. `image` is the one in which the version was validated. */
export function makeServerTemplate (request: Request, { runtime, layout }: Wanted, { id, found }: Pick<Version, 'id' | 'found'>, image: string): Template {
  const { parent } = request
  const { spec, metadata: { name } } = parent
  const start = runtime.start(name, layout)
  const server = makeContainer({
    name: 'server',
    image,
    ...(start.command && { command: start.command }),
    ...(start.args && { args: start.args }),
    env: mergedVariables(start.env ?? [], spec.env),
    ...(spec.resources && { resources: spec.resources }),
    ports: runtime.ports,
    probes: {
      startup: httpProbe(runtime.readiness(name), 'http', STARTUP),
      liveness: httpProbe(runtime.liveness(name), 'http', { timeoutSeconds: 5, failureThreshold: 6 }),
      readiness: httpProbe(runtime.readiness(name), 'http', { periodSeconds: 5, timeoutSeconds: 5 })
    },
    mounts: [MODEL_MOUNT]
  })
  return makePodTemplate({
    labels: podLabels(parent, 'server', id),
    identity: runtime.identity,
    placement: placementOf(spec),
    serviceAccountName: spec.serviceAccountName,
    volumes: [modelVolume()],
    initContainers: [makeDownload(request, { uri: placeOf(spec.modelURI, found?.uri), sha256: found?.sha256 ?? '' }, layout)],
    containers: [server]
  }) as Template
}

/**
 * From where servers download: what a reference of the registry stood for when it was validated, for it may stand for another version by now. Any other
 * URI is taken as the spec has it: in what was told of the download a signature of it is not shown.
 */
function placeOf (uri: string, resolved = uri): string {
  return /^(models|runs):/i.test(uri) ? resolved : uri
}
