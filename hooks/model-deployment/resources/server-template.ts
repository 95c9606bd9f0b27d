// The pods that serve a version: each downloads the model again, and takes no other bytes than those that were validated.
import { placementOf } from '../../core/placement.ts'
import { makePodTemplate } from '../../core/pod.ts'
import type { Template } from '../../core/pod-template.ts'
import { GRACE_SECONDS, makeServerContainer } from '../../serving/server-container.ts'
import type { Version } from '../schema/status.ts'
import type { Request, Wanted } from '../wanted.ts'
import { makeDownload, MODEL_VOLUME, modelVolume, podLabels } from './pods.ts'
import { mergedVariables, serverVariables } from './variables.ts'

/** Makes the template. `image` is the one in which the version was validated. */
export function makeServerTemplate (request: Request, { runtime, layout }: Wanted, { id, found }: Pick<Version, 'id' | 'found'>, image: string): Template {
  const { parent } = request
  const { spec, metadata: { name } } = parent
  const start = runtime.start(name, layout, { port: runtime.ports.http, sha256: found?.sha256 ?? '' })
  return makePodTemplate({
    labels: podLabels(parent, 'server', id),
    identity: runtime.identity,
    placement: placementOf(spec),
    serviceAccountName: spec.serviceAccountName,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    volumes: [modelVolume(spec)],
    initContainers: [makeDownload(request, { uri: placeOf(spec.modelURI, found?.uri), sha256: found?.sha256 ?? '' }, layout)],
    containers: [makeServerContainer(runtime, name, {
      image,
      start,
      env: mergedVariables([...start.env ?? [], ...serverVariables(spec)], spec.env),
      resources: spec.resources,
      volume: MODEL_VOLUME
    })]
  }) as Template
}

/**
 * From where servers download: what a reference of the registry stood for when it was validated, for it may stand for another version by now. Any other
 * URI is taken as the spec has it: in what was told of the download a signature of it is not shown.
 */
function placeOf (uri: string, resolved = uri): string {
  return /^(models|runs):/i.test(uri) ? resolved : uri
}
