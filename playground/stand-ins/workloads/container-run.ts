// One run of a container: our own programs are run, scripts, migrations and servers are played as the model, the image and the database say.
import { writeFile } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import type { Cluster } from './cluster.ts'
import { readConduct } from './contents.ts'
import type { Databases } from './databases.ts'
import { isProgram, runProgram, type Run } from './job-process.ts'
import { environmentOf } from './environment.ts'
import type { Container, Pod } from './objects.ts'
import { toFolder, type Mount, type Volumes } from './volumes.ts'

export interface Surroundings {
  /** Milliseconds until a server answers, and that a script takes. */
  startTime: (pod: Pod) => number
  scriptTime: (pod: Pod) => number
  /** That the last pods of a server need to go, once they are told to; 0: they are gone at once. */
  stopTime: (pod: Pod) => number
  /** From where a model is really loaded: most URIs of samples lead nowhere. */
  locate: (uri: string) => string
  /** Further variables of the program that downloads. */
  downloadEnv: Record<string, string>
}

export interface Node {
  cluster: Cluster
  clock: Clock
  volumes: Volumes
  databases: Databases
  /** Aborts when all of it is to end. */
  closing: AbortSignal
  /** The API server's address, for programs that speak to it. */
  apiUrl: string
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
  const environment = environmentOf(cluster, pod, container)
  const variables = 'variables' in environment ? environment.variables : {}
  if (isProgram(container)) return await run(place, container, { variables, mounts })
  const there = { image: container.image, variables, mounts }
  if (variables['MIGRATION_MODE'] !== undefined) return await migrate(place, there)
  return isServer ? await serve(place, there, onReady) : await runScript(place, mounts)
}

async function run ({ node, pod, signal }: Place, container: Container, { variables, mounts }: Pick<There, 'variables' | 'mounts'>): Promise<Run> {
  const { locate, downloadEnv } = node.surroundings
  const { MODEL_URI: uri, MODEL_FOLDER: folder } = variables
  const download = uri === undefined ? {} : { ...downloadEnv, MODEL_URI: locate(uri), ...(folder !== undefined && { MODEL_FOLDER: toFolder(folder, mounts) }) }
  const access = pod.spec.automountServiceAccountToken === false ? {} : { KUBECONFIG: await writeKubeconfig(node, pod) }
  const result = await runProgram(container, { mounts, env: { ...variables, ...download, ...access }, terminationLog: await node.volumes.fileOf(pod, `${container.name}.log`), signal })
  signal.throwIfAborted()
  return result
}

/** In place of the files that a pod gets for its ServiceAccount: nobody asks for a token here, and no address is one of https. */
async function writeKubeconfig ({ volumes, apiUrl }: Node, pod: Pod): Promise<string> {
  const file = await volumes.fileOf(pod, 'kubeconfig')
  const name = 'playground'
  await writeFile(file, JSON.stringify({ 'current-context': name, contexts: [{ name, context: { cluster: name, user: name, namespace: pod.metadata.namespace } }], clusters: [{ name, cluster: { server: apiUrl } }], users: [{ name, user: {} }] }))
  return file
}

/** What a container finds. */
interface There { image: string, variables: Record<string, string>, mounts: readonly Mount[] }

async function migrate ({ node, pod, signal }: Place, there: There): Promise<Run> {
  await pause(node.clock, node.surroundings.scriptTime(pod), signal)
  return node.databases.migrate(there)
}

async function runScript ({ node, pod, signal }: Place, mounts: Mount[]): Promise<Run> {
  const conduct = await readConduct(mounts.map(({ folder }) => folder))
  await pause(node.clock, node.surroundings.scriptTime(pod), signal)
  const words = conduct.get('fails validation')
  return words === undefined ? { exitCode: 0, message: '' } : { exitCode: 1, message: words }
}

/** A server has no end of its own, unless it crashes. */
async function serve ({ node, pod, signal }: Place, there: There, onReady: () => void): Promise<Run> {
  const conduct = await readConduct(there.mounts.map(({ folder }) => folder))
  await pause(node.clock, node.surroundings.startTime(pod), signal)
  const words = conduct.get('crashes') ?? (there.image.endsWith('-crashes') ? 'the image crashes' : node.databases.open(there))
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
