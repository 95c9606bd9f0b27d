// Controllers and kubelet around the playground's API server: Jobs and Deployments get pods, and pods live. README.md in the folder above says how.
import type { KubeObject } from '../../api-server/kube-object.ts'
import type { ApiServer } from '../../api-server/server.ts'
import { createClock, type Clock } from '../clock.ts'
import { accessCluster, type Cluster } from './cluster.ts'
import { onAbort, type Node, type Surroundings } from './container-run.ts'
import { createControllers } from './controllers.ts'
import { createDatabases, type Databases } from './databases.ts'
import { isOver, isReady, type Pod } from './objects.ts'
import { livePod } from './pod-life.ts'
import { openVolumes } from './volumes.ts'

export interface WorkloadsOptions {
  api: Pick<ApiServer, 'url' | 'store' | 'registry' | 'operations'>
  clock?: Clock
  surroundings?: Partial<Surroundings>
  /** Gets what should never happen: an error of this stand-in itself. */
  onError?: (error: unknown) => void
}

export interface Workloads {
  /** Pods that get the requests to a Service now: those that it selects and that are ready. */
  answering (namespace: string, service: string): Pod[]
  /** Those that MLflow's pods find behind their URIs. */
  databases: Databases
  /** Ends all pods and processes, and waits until they are gone. */
  close (): Promise<void>
}

const DEFAULTS: Surroundings = { startTime: () => 1500, scriptTime: () => 500, stopTime: () => 0, locate: (uri) => uri, downloadEnv: {} }

/** On a Deployment: use of what its pods have asked for, in percent, or `none` for a cluster without metrics-server. */
export const UTILIZATION_ANNOTATION = 'playground.sluice.dev/utilization'
const USUAL_UTILIZATION = 60

/** Starts them; they work until closed. */
export async function startWorkloads ({ api, clock = createClock(), surroundings, onError = throwLater }: WorkloadsOptions): Promise<Workloads> {
  const cluster = accessCluster(api, 'kube-controller-manager')
  const volumes = await openVolumes()
  const databases = createDatabases()
  const closing = new AbortController()
  const waiting = new Set<() => void>()
  const node: Node = { cluster: accessCluster(api, 'kubelet'), clock, volumes, databases, closing: closing.signal, apiUrl: api.url, surroundings: { ...DEFAULTS, ...surroundings }, until: createUntil(waiting) }
  const lives = createLives(node, onError)
  const machine = createMachine(createControllers({ cluster, clock, utilization, stopTime: node.surroundings.stopTime }), { clock, onError, afterwards () { for (const look of [...waiting]) look() } })
  const stop = cluster.subscribe((kind, object, isGone) => {
    if (kind === 'Pod') lives.see(object as Pod, isGone)
    if (kind === 'PersistentVolumeClaim' && isGone) volumes.forgetClaim(object.metadata.uid ?? '').catch(onError)
    machine.wake()
  })
  for (const pod of cluster.list<Pod>('Pod')) lives.see(pod, false)
  machine.wake()
  return {
    databases,
    answering: (namespace, service) => answering(cluster, namespace, service),
    async close () {
      stop()
      closing.abort()
      machine.close()
      await lives.close()
      await volumes.close()
    }
  }
}

function throwLater (error: unknown): void {
  setImmediate(() => { throw error })
}

function utilization ({ metadata: { annotations } }: KubeObject): number | undefined {
  const said = annotations?.[UTILIZATION_ANNOTATION]
  if (said === 'none') return undefined
  return said !== undefined && /^\d{1,4}$/.test(said) ? Number(said) : USUAL_UTILIZATION
}

function answering (cluster: Cluster, namespace: string, service: string): Pod[] {
  const selector: unknown = cluster.find('Service', namespace, service)?.spec?.selector
  if (typeof selector !== 'object' || selector === null) return []
  const isSelected = ({ metadata: { labels = {} } }: Pod): boolean => Object.entries(selector).every(([key, value]) => labels[key] === value)
  return cluster.list<Pod>('Pod').filter((pod) => pod.metadata.namespace === namespace && isSelected(pod) && isReady(pod) && pod.metadata.deletionTimestamp === undefined)
}

function createUntil (waiting: Set<() => void>): Node['until'] {
  return async (condition, signal) => {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const forget = onAbort(signal, (reason) => { waiting.delete(look); reject(reason) })
      const look = (): void => {
        if (!condition()) return
        waiting.delete(look)
        forget()
        resolve()
      }
      waiting.add(look)
      look()
    })
  }
}

interface Lives {
  see: (pod: Pod, isGone: boolean) => void
  close: () => Promise<void>
}

/** One life a pod. It ends when the pod is deleted, be it held by a finalizer or gone. */
function createLives (node: Node, onError: (error: unknown) => void): Lives {
  const known = new Map<string, { ending: AbortController, done: Promise<void> }>()

  function begin (pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const ending = new AbortController()
    // Not in the middle of the write that made it.
    const done = Promise.resolve().then(async () => { await livePod(node, pod, ending.signal) }).catch(onError)
    known.set(uid, { ending, done })
  }
  async function forget (uid: string): Promise<void> {
    const life = known.get(uid)
    known.delete(uid)
    life?.ending.abort()
    await life?.done
    await node.volumes.forgetPod(uid)
  }
  return {
    see (pod, isGone) {
      const uid = pod.metadata.uid ?? ''
      if (isGone) forget(uid).catch(onError)
      else if (pod.metadata.deletionTimestamp !== undefined) known.get(uid)?.ending.abort()
      else if (!known.has(uid) && !isOver(pod.status)) begin(pod)
    },
    async close () {
      const lives = [...known.values()]
      for (const { ending } of lives) ending.abort()
      await Promise.all(lives.map(async ({ done }) => { await done }))
    }
  }
}

/** Passes follow each other as long as something changes; several changes at once are looked at together. */
function createMachine ({ pass }: { pass: () => number }, { clock, afterwards, onError }: { clock: Clock, afterwards: () => void, onError: (error: unknown) => void }): { wake: () => void, close: () => void } {
  let planned: NodeJS.Immediate | undefined
  let cancel: () => void = () => {}
  let isClosed = false

  function look (): void {
    planned = undefined
    cancel()
    try {
      const next = pass()
      afterwards()
      if (Number.isFinite(next)) cancel = clock.schedule(next, wake)
    } catch (error) {
      onError(error)
    }
  }
  function wake (): void {
    if (!isClosed) planned ??= setImmediate(look)
  }
  return {
    wake,
    close () {
      isClosed = true
      if (planned) clearImmediate(planned)
      cancel()
    }
  }
}
