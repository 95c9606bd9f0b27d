// The pods that serve a model: the runtime's container with the model's volume, read-only.
import { httpProbe, makeContainer, makePodTemplate } from '../../core/pod.ts'
import type { EnvVar } from '../../core/schema.ts'
import type { SyncRequest } from '../../core/request.ts'
import type { Runtime } from '../../serving/runtimes/runtime.ts'
import { MODEL_ROOT } from '../../serving/runtimes/runtime.ts'
import { serverImage } from '../runtime.ts'
import type { Spec, Status } from '../schema.ts'
import type { Located } from '../wanted.ts'
import { placementWith, podLabels, volumeOf } from './pods.ts'

/** A pod template as it is sent. */
export type Template = { metadata: Record<string, unknown>, spec: { containers: Array<Record<string, unknown>>, [field: string]: unknown } }

/** Loading may take long, and a server that is killed meanwhile never gets there: an hour, 10 s apart. */
const STARTUP = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 360 }

/** Makes the template. Its bytes depend on nothing but the arguments. */
export function makeServerTemplate (request: SyncRequest<Spec, Status>, runtime: Runtime, { key, volume, folder, fileName }: Located): Template {
  const { parent, images } = request
  const { spec, metadata: { name } } = parent
  const start = runtime.start(name, { folder, fileName, unpack: false, mustHold: '' })
  const args = [...start.args ?? [], ...spec.args]
  return makePodTemplate({
    labels: podLabels(parent, 'server', key),
    identity: runtime.identity,
    placement: placementWith(parent, key),
    serviceAccountName: spec.serviceAccountName,
    volumes: [volumeOf(volume.name)],
    containers: [makeContainer({
      name: 'server',
      image: serverImage(spec, runtime, images),
      ...(start.command && { command: start.command }),
      ...(args.length > 0 && { args }),
      env: overridden(start.env ?? [], spec.env),
      ...(spec.resources && { resources: spec.resources }),
      ports: runtime.ports,
      probes: {
        startup: httpProbe(runtime.readiness(name), 'http', STARTUP),
        liveness: httpProbe(runtime.liveness(name), 'http', { timeoutSeconds: 5, failureThreshold: 6 }),
        readiness: httpProbe(runtime.readiness(name), 'http', { periodSeconds: 5, timeoutSeconds: 5 })
      },
      mounts: [{ name: 'model', mountPath: MODEL_ROOT, readOnly: true }]
    })]
  }) as Template
}

/** The user's variables win over the runtime's. */
function overridden (own: EnvVar[], given: EnvVar[]): EnvVar[] {
  const names = new Set(given.map(({ name }) => name))
  return [...own.filter(({ name }) => !names.has(name)), ...given]
}
