// The pods that serve a model: the runtime's container with the model's volume, read-only.
import { makePodTemplate } from '../../core/pod.ts'
import type { Template } from '../../core/pod-template.ts'
import type { EnvVar } from '../../core/schema.ts'
import type { SyncRequest } from '../../core/request.ts'
import type { Runtime } from '../../serving/runtimes/runtime.ts'
import { GRACE_SECONDS, makeServerContainer } from '../../serving/server-container.ts'
import { serverImage } from '../runtime.ts'
import type { Spec, Status } from '../schema.ts'
import type { Located } from '../wanted.ts'
import { placementWith, podLabels, volumeOf } from './pods.ts'

/** Makes the template. Its bytes depend on nothing but the arguments. */
export function makeServerTemplate (request: SyncRequest<Spec, Status>, runtime: Runtime, { key, volume, folder, fileName }: Located): Template {
  const { parent, images } = request
  const { spec, metadata: { name } } = parent
  const start = runtime.start(name, { folder, fileName, unpack: false, mustHold: '' }, { port: runtime.ports.http, sha256: '' })
  return makePodTemplate({
    labels: podLabels(parent, 'server', key),
    identity: runtime.identity,
    placement: placementWith(parent, key),
    serviceAccountName: spec.serviceAccountName,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    volumes: [volumeOf(volume.name)],
    containers: [makeServerContainer(runtime, name, {
      image: serverImage(spec, runtime, images),
      start: { ...start, args: [...start.args ?? [], ...spec.args] },
      env: overridden(start.env ?? [], spec.env),
      resources: spec.resources,
      volume: 'model'
    })]
  }) as Template
}

/** The user's variables win over the runtime's. */
function overridden (own: EnvVar[], given: EnvVar[]): EnvVar[] {
  const names = new Set(given.map(({ name }) => name))
  return [...own.filter(({ name }) => !names.has(name)), ...given]
}
