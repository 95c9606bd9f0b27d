// The composite control loop: CompositeControllers from files or from the API server, run step by step or on their own.
import equal from 'fast-deep-equal'
import type { KubeObject } from '../api-server/kube-object.ts'
import { createController } from './composite-controller.ts'
import type { Controller } from './composite-controller.ts'
import { runController } from './controller-runner.ts'
import type { Runner } from './controller-runner.ts'
import { isNotSynced } from './customize.ts'
import { createEventRecorder } from './event-recorder.ts'
import { createMachine } from './loop-machine.ts'
import type { LoopMachine, MachineOptions } from './loop-machine.ts'
import { syncParent } from './parent-sync.ts'
import type { Write } from './resource-client.ts'
import { isTooManyRequests } from './webhook.ts'
import type { Outcome } from './work-queue.ts'

export interface ControlLoopOptions extends MachineOptions {
  /** CompositeControllers to run; without them those in the API server are watched. */
  controllers?: KubeObject[]
  /** Parallel syncs of each controller [5]. */
  workers?: number
  /** Write Events as Metacontroller does [true when running, never step by step]. */
  events?: boolean
  /** Called after every sync. */
  onSync?: (report: SyncReport) => void
}

/** What one sync came to. */
export interface SyncReport {
  controller: string
  key: string
  outcome: 'synced' | 'ignored' | 'gone' | 'failed' | 'throttled' | 'notReady'
  error?: string
  /** From a 429 answer. */
  retryAfterSeconds?: number
  resyncAfterSeconds?: number
  /** Writes that reached the API server in this sync; with several workers, those of others in the meantime too. */
  writes: Write[]
}

export interface ControlLoop {
  /** Reads the controllers and fills their caches, without any timer. Throws if a controller cannot run. */
  prepare (): Promise<void>
  /** Lists everything anew, then syncs one parent (`namespace/name`) once. The controller may be left out if there is only one. */
  syncOnce (key: string, controller?: string, options?: { refresh?: boolean }): Promise<SyncReport>
  /** Takes the newest state into all caches; views may then choose among what was seen. */
  refresh (): Promise<void>
  /** Runs by watches and timers until closed. */
  start (): Promise<void>
  /** Resolves when no sync is queued or under way (delays may be pending). */
  idle (): Promise<void>
  /** Every write so far. */
  written (): readonly Write[]
  close (): Promise<void>
}

interface Running { controller: Controller, runner: Runner | undefined }

interface Loop {
  machine: LoopMachine
  options: ControlLoopOptions
  active: Map<string, Running>
  recorder: ReturnType<typeof createEventRecorder>
}

function message (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function syncKey (loop: Loop, controller: Controller, key: string, schedule: (seconds: number) => void): Promise<SyncReport> {
  const before = loop.machine.written.length
  const slash = key.indexOf('/')
  const parent = controller.parents.cache.get(slash < 0 ? undefined : key.slice(0, slash), key.slice(slash + 1))
  const report = (rest: Omit<SyncReport, 'controller' | 'key' | 'writes'>): SyncReport => ({ controller: controller.name, key, ...rest, writes: loop.machine.written.slice(before) })
  if (!parent) return report({ outcome: 'gone' })
  try {
    const pass = await syncParent(loop.machine, controller, parent, schedule)
    return report({ outcome: pass.called ? 'synced' : 'ignored', ...(pass.resyncAfterSeconds > 0 ? { resyncAfterSeconds: pass.resyncAfterSeconds } : {}) })
  } catch (error) {
    if (isTooManyRequests(error)) return report({ outcome: 'throttled', error: error.message, retryAfterSeconds: error.afterSeconds })
    if (isNotSynced(error)) return report({ outcome: 'notReady', error: message(error) })
    await loop.recorder.record(parent, 'Warning', 'SyncError', `Sync error: ${message(error)}`)
    return report({ outcome: 'failed', error: message(error) })
  }
}

function outcomeOf (report: SyncReport): Outcome {
  switch (report.outcome) {
    case 'synced': case 'ignored': case 'gone': return { kind: 'done' }
    case 'throttled': return { kind: 'after', seconds: report.retryAfterSeconds ?? 0 }
    case 'failed': case 'notReady': return { kind: 'retry' }
    default: return report.outcome satisfies never
  }
}

async function readControllers (loop: Loop): Promise<KubeObject[]> {
  if (loop.options.controllers) return loop.options.controllers
  const list = await loop.machine.client.call({ method: 'GET', path: '/apis/metacontroller.k8s.io/v1alpha1/compositecontrollers' }) as { items: KubeObject[] }
  return list.items
}

async function startRunner (loop: Loop, controller: Controller): Promise<Runner> {
  // One cache may never fill (no permission): like the real thing, the controller then waits for ever.
  const runner = runController(loop.machine, controller, {
    workers: loop.options.workers ?? 5,
    process: async (key) => {
      const report = await syncKey(loop, controller, key, (seconds) => { runner.queue.addAfter(key, seconds) })
      loop.options.onSync?.(report)
      return outcomeOf(report)
    }
  })
  await loop.recorder.record(controller.object, 'Normal', 'Started', `Started controller: ${controller.name}`)
  return runner
}

async function activate (loop: Loop, object: KubeObject): Promise<void> {
  const known = loop.active.get(object.metadata.name)
  if (known && equal(known.controller.spec, object.spec)) return
  await deactivate(loop, object.metadata.name)
  const controller = await createController(loop.machine, object)
  const caches = [controller.parents.cache, ...controller.children.map((child) => child.cache)]
  if (loop.machine.running.value) await Promise.all(caches.map(untilSynced))
  loop.active.set(object.metadata.name, { controller, runner: loop.machine.running.value ? await startRunner(loop, controller) : undefined })
}

async function untilSynced (cache: { synced: () => boolean, refresh: () => Promise<void> }): Promise<void> {
  if (!cache.synced()) await cache.refresh()
}

async function deactivate (loop: Loop, name: string): Promise<void> {
  const known = loop.active.get(name)
  loop.active.delete(name)
  await known?.runner?.stop()
  await known?.controller.close()
}

/** Follows CompositeControllers in the API server: a changed spec rebuilds, a deleted one stops. A failed one is tried again. */
function followControllers (loop: Loop, stopped: AbortSignal): Promise<void> {
  const cache = loop.machine.cacheOf({ apiVersion: 'metacontroller.k8s.io/v1alpha1', name: 'compositecontrollers', kind: 'CompositeController', namespaced: false, hasStatus: true })
  let turn = Promise.resolve()
  const timers = new Set<NodeJS.Timeout>()
  const attempt = async (name: string, failures: number): Promise<void> => {
    const object = cache.get(undefined, name)
    if (stopped.aborted || !object) return await deactivate(loop, name)
    try {
      await activate(loop, object)
    } catch (error) {
      await loop.recorder.record(object, 'Warning', 'CreateError', `Cannot create new controller: ${message(error)}`)
      loop.machine.discovery.refresh()
      const timer = setTimeout(() => {
        timers.delete(timer)
        enqueue(name, failures + 1)
      }, Math.min(5 * 2 ** failures, 1_000_000) * loop.machine.timeScale)
      timers.add(timer)
    }
  }
  const enqueue = (name: string, failures: number): void => { turn = turn.then(() => attempt(name, failures)) }
  stopped.addEventListener('abort', () => { timers.forEach((timer) => { clearTimeout(timer) }) })
  cache.subscribe((before, after) => { enqueue((after ?? before!).metadata.name, 0) })
  return cache.start().then(async () => await turn)
}

/** Makes a control loop against an API server. Nothing happens before `prepare`, `syncOnce` or `start`. */
export function createControlLoop (options: ControlLoopOptions): ControlLoop {
  const machine = createMachine(options)
  const stopped = new AbortController()
  const recorderOf = (enabled: boolean): Loop['recorder'] => createEventRecorder(machine, enabled)
  const loop: Loop = { machine, options, active: new Map(), recorder: recorderOf(false) }

  const refresh = async (): Promise<void> => { await Promise.all(machine.caches().map((cache) => cache.refresh())) }
  const prepare = async (): Promise<void> => {
    for (const object of await readControllers(loop)) await activate(loop, object)
    await refresh()
  }
  const pick = (name: string | undefined): Controller => {
    const found = name === undefined && loop.active.size === 1 ? [...loop.active.values()][0] : loop.active.get(name ?? '')
    if (!found) throw new Error(`no controller ${name ?? '(name it, there is not exactly one)'}`)
    return found.controller
  }
  return {
    prepare,
    refresh,
    async syncOnce (key, name, { refresh: fresh = true } = {}) {
      if (loop.active.size === 0) await prepare()
      else if (fresh) await refresh()
      const report = await syncKey(loop, pick(name), key, () => {})
      options.onSync?.(report)
      return report
    },
    async start () {
      loop.recorder = recorderOf(options.events ?? true)
      machine.running.value = true
      for (const name of [...loop.active.keys()]) await deactivate(loop, name)
      await Promise.all(machine.caches().map((cache) => cache.start()))
      if (!options.controllers) return await followControllers(loop, stopped.signal)
      for (const object of options.controllers) await activate(loop, object)
    },
    async idle () {
      await Promise.all([...loop.active.values()].map(({ runner }) => runner?.queue.idle()))
    },
    written: () => machine.written,
    async close () {
      stopped.abort()
      for (const name of [...loop.active.keys()]) await deactivate(loop, name)
      await machine.close()
    }
  }
}
