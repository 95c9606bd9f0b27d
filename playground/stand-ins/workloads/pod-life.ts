// The life of one pod on its node: its containers one after another, each as often as its restart policy says.
import { timestamp } from '../../api-server/operations.ts'
import type { Cluster } from './cluster.ts'
import { pause, runContainer, type Node, type Place } from './container-run.ts'
import { environmentOf, isMountMissing } from './environment.ts'
import { STOPPING_FINALIZER, withoutFinalizer } from './finalizers.ts'
import type { Container, Ended, Pod } from './objects.ts'
import { podStatus, type Progress } from './pod-status.ts'

/** A container that ends is started again at once, then after 10 s, 20 s, and so on. */
const BACKOFF = { first: 10_000, longest: 300_000 }
/** Ended by SIGKILL. */
const KILLED = 137

interface Life extends Place {
  containers: Record<string, Progress>
  startedAt: number
}

/** Runs until the pod is over, or the signal aborts because somebody deletes it. */
export async function livePod (node: Node, pod: Pod, signal: AbortSignal): Promise<void> {
  const life: Life = { node, pod, signal, containers: {}, startedAt: node.clock.now() }
  try {
    await settle(life)
    for (const container of pod.spec.initContainers ?? []) if (!await runToEnd(life, container, true)) return
    await Promise.all(pod.spec.containers.map(async (container) => await runToEnd(life, container, false)))
  } catch (error) {
    if (!signal.aborted) throw error
    await leave(life)
  }
}

/** Servers answer what they have begun with, and then are killed. */
async function leave (life: Life): Promise<void> {
  const { node: { cluster, clock, closing, surroundings }, pod } = life
  const isHeld = pod.metadata.finalizers?.includes(STOPPING_FINALIZER) === true
  if (isHeld && !closing.aborted) await pause(clock, surroundings.stopTime(pod), closing).catch(() => {})
  endAll(life)
  if (isHeld) cluster.change(pod, withoutFinalizer(STOPPING_FINALIZER))
}

/** On its node, and with its volumes. */
async function settle (life: Life): Promise<void> {
  const { node: { cluster, until }, pod, signal } = life
  cluster.change(pod, (object) => ({ ...object, spec: { ...object.spec, nodeName: 'playground' } }))
  show(life)
  await until(() => areClaimsBound(cluster, pod) && !isMountMissing(cluster, pod), signal)
}

function areClaimsBound (cluster: Cluster, { metadata: { namespace }, spec: { volumes = [] } }: Pod): boolean {
  const names = volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])
  return names.every((name) => cluster.find('PersistentVolumeClaim', namespace, name)?.status?.phase === 'Bound')
}

/** Writes what is known now; `phase` where it does not follow from the containers. */
function show ({ node: { cluster, clock }, pod, containers, startedAt }: Life, more: { phase?: 'Failed' } = {}): void {
  const seen = cluster.find<Pod>('Pod', pod.metadata.namespace, pod.metadata.name)
  if (seen && seen.metadata.uid === pod.metadata.uid) cluster.putStatus(pod, { ...podStatus(seen, { containers, startedAt }, clock.now()), ...more })
}

function tell (life: Life, { name }: Container, progress: Progress): Progress {
  life.containers[name] = progress
  show(life)
  return progress
}

/** Resolves when the container is done: true when it ended well, false when it failed for good. */
async function runToEnd (life: Life, container: Container, isInit: boolean): Promise<boolean> {
  const neverAgain = life.pod.spec.restartPolicy === 'Never'
  let progress = await runOnce(life, container, { isInit, before: {} })
  for (;;) {
    const isGood = progress.state.terminated?.exitCode === 0
    if (neverAgain || (isInit && isGood)) return isGood
    progress = await runOnce(life, container, { isInit, before: await waitForNext(life, container, progress) })
  }
}

/** From the wait for what the container needs to its end. */
async function runOnce (life: Life, container: Container, { isInit, before }: { isInit: boolean, before: Partial<Progress> }): Promise<Progress> {
  const { node: { cluster, clock, until }, pod, signal } = life
  await until(() => {
    const environment = environmentOf(cluster, pod, container)
    if ('missing' in environment) tell(life, container, { ...before, state: { waiting: { reason: 'CreateContainerConfigError', message: environment.missing } } })
    return !('missing' in environment)
  }, signal)
  const startedAt = timestamp(clock.now())
  const running = tell(life, container, { ...before, state: { running: { startedAt } } })
  const isServer = !isInit && pod.spec.restartPolicy !== 'Never'
  const { exitCode, message } = await runContainer(life, container, { isServer, onReady () { tell(life, container, { ...running, ready: true }) } })
  const terminated: Ended = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', ...(message !== '' && { message }), startedAt, finishedAt: timestamp(clock.now()) }
  return tell(life, container, { ...before, state: { terminated }, ready: isInit && exitCode === 0 })
}

async function waitForNext (life: Life, container: Container, { state, restarts = 0 }: Progress): Promise<Partial<Progress>> {
  const { node: { clock }, pod: { metadata: { name, namespace, uid } }, signal } = life
  const wait = restarts === 0 ? 0 : Math.min(BACKOFF.first * 2 ** (restarts - 1), BACKOFF.longest)
  const message = `back-off ${wait / 1000}s restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`
  if (wait > 0) tell(life, container, { restarts, lastState: state, state: { waiting: { reason: 'CrashLoopBackOff', message } } })
  await pause(clock, wait, signal)
  return { restarts: restarts + 1, lastState: state }
}

/** Somebody deletes the pod: what runs is killed. */
function endAll (life: Life): void {
  const { node: { clock }, containers } = life
  for (const [name, { state, ...rest }] of Object.entries(containers)) {
    if (!state.running) continue
    const terminated: Ended = { exitCode: KILLED, reason: 'Error', startedAt: state.running.startedAt, finishedAt: timestamp(clock.now()) }
    containers[name] = { ...rest, ready: false, state: { terminated } }
  }
  show(life, { phase: 'Failed' })
}
