// The container of a model server, the same in the pods of all kinds: how long it may load, how it is asked, and how it leaves.
import { httpProbe, makeContainer } from '../core/pod.ts'
import type { EnvVar, Resources } from '../core/schema.ts'
import { MODEL_ROOT, type Runtime, type Start } from './runtimes/runtime.ts'

/** Loading may take long, and a server that is killed meanwhile never gets there: an hour, 10 s apart. */
const STARTUP = { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 360 }

/**
 * Until everybody who sends requests has heard that the pod leaves. Only then is the server told to end, for many take no connection any more from that moment on,
 * while requests still come.
 */
const LEAVING_SECONDS = 5

/** From then on until it is killed, as long as Kubernetes gives it by default, to answer what it has been sent. */
export const GRACE_SECONDS = LEAVING_SECONDS + 30

export type ServerParts = { image: string, start: Start, env: EnvVar[], resources: Resources | undefined, volume: string }

/** The container `server`; `name` is that of the model, `volume` the one that holds it. */
export function makeServerContainer (runtime: Runtime, name: string, { image, start: { command, args }, env, resources, volume }: ServerParts): Record<string, unknown> {
  return makeContainer({
    name: 'server',
    image,
    ...(command && { command }),
    ...(args && { args }),
    env,
    ...(resources && { resources }),
    ports: runtime.ports,
    probes: {
      startup: httpProbe(runtime.readiness(name), 'http', STARTUP),
      liveness: httpProbe(runtime.liveness(name), 'http', { timeoutSeconds: 5, failureThreshold: 6 }),
      readiness: httpProbe(runtime.readiness(name), 'http', { periodSeconds: 5, timeoutSeconds: 5 })
    },
    preStopSeconds: LEAVING_SECONDS,
    mounts: [{ name: volume, mountPath: MODEL_ROOT, readOnly: true }]
  })
}
