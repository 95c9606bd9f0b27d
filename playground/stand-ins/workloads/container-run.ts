// One run of a container: the program that downloads is run, scripts and servers are played as the model says.
import type { Clock } from '../clock.ts'
import type { Cluster } from './cluster.ts'
import { readConduct } from './contents.ts'
import { isDownload, runDownload, type Run } from './download-process.ts'
import { environmentOf } from './environment.ts'
import type { Container, Pod } from './objects.ts'
import type { Mount, Volumes } from './volumes.ts'

export interface Surroundings {
  /** Milliseconds until a server answers, and that a script takes. */
  startTime: (pod: Pod) => number
  scriptTime: (pod: Pod) => number
  /** From where a model is really loaded: most URIs of samples lead nowhere. */
  locate: (uri: string) => string
  /** Further variables of the program that downloads. */
  downloadEnv: Record<string, string>
}

export interface Node {
  cluster: Cluster
  clock: Clock
  volumes: Volumes
  surroundings: Surroundings
  /** Resolves when a condition holds, which is looked at after every change in the cluster. Rejects when the signal aborts. */
  until: (condition: () => boolean, signal: AbortSignal) => Promise<void>
}

export interface Place { node: Node, pod: Pod, signal: AbortSignal }

/** Runs until the container ends; `onReady` is called when it answers. Rejects when the pod is deleted. */
export async function runContainer (place: Place, container: Container, { isServer, onReady }: { isServer: boolean, onReady: () => void }): Promise<Run> {
  const { node: { cluster, volumes }, pod } = place
  const { namespace } = pod.metadata
  const claims = cluster.list('PersistentVolumeClaim').filter(({ metadata }) => metadata.namespace === namespace)
  const mounts = await volumes.mountsOf(pod, container, new Map(claims.map(({ metadata: { name, uid = '' } }) => [name, uid])))
  if (isDownload(container)) return await download(place, container, mounts)
  return isServer ? await serve(place, mounts, onReady) : await runScript(place, mounts)
}

async function download ({ node, pod, signal }: Place, container: Container, mounts: Mount[]): Promise<Run> {
  const { locate, downloadEnv } = node.surroundings
  const environment = environmentOf(node.cluster, pod, container)
  const variables = 'variables' in environment ? environment.variables : {}
  const env = { ...variables, ...downloadEnv, MODEL_URI: locate(variables['MODEL_URI'] ?? '') }
  const run = await runDownload({ mounts, env, terminationLog: await node.volumes.fileOf(pod, `${container.name}.log`), signal })
  signal.throwIfAborted()
  return run
}

async function runScript ({ node, pod, signal }: Place, mounts: Mount[]): Promise<Run> {
  const conduct = await readConduct(mounts.map(({ folder }) => folder))
  await pause(node.clock, node.surroundings.scriptTime(pod), signal)
  const words = conduct.get('fails validation')
  return words === undefined ? { exitCode: 0, message: '' } : { exitCode: 1, message: words }
}

/** A server has no end of its own, unless it crashes. */
async function serve ({ node, pod, signal }: Place, mounts: Mount[], onReady: () => void): Promise<Run> {
  const conduct = await readConduct(mounts.map(({ folder }) => folder))
  await pause(node.clock, node.surroundings.startTime(pod), signal)
  const words = conduct.get('crashes')
  if (words !== undefined) return { exitCode: 1, message: words }
  if (!conduct.has('never answers')) onReady()
  return await whenAborted(signal)
}

/** Never resolves. */
async function whenAborted (signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => { onAbort(signal, reject) })
}

/** Calls back with the reason, at once if it has aborted; the result takes it back. */
export function onAbort (signal: AbortSignal, reject: (reason: Error) => void): () => void {
  const stop = (): void => { reject(signal.reason as Error) }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return () => { signal.removeEventListener('abort', stop) }
}

/** Time of the clock, which may run faster than that of the machine. */
export async function pause (clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    let forget: () => void = () => {}
    const cancel = clock.schedule(clock.now() + milliseconds, () => { forget(); resolve() })
    forget = onAbort(signal, (reason) => { cancel(); reject(reason) })
  })
}
