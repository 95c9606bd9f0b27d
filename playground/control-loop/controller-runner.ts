// A controller at work: events of parents, children and related objects become keys in its queue.
import equal from 'fast-deep-equal'
import { objectKey, splitApiVersion } from '../api-server/kube-object.ts'
import type { KubeObject } from '../api-server/kube-object.ts'
import { controllerOf, parentSelector } from './claim.ts'
import type { Controller } from './composite-controller.ts'
import type { LoopMachine } from './loop-machine.ts'
import type { Version } from './object-cache.ts'
import { isOurs } from './parent-sync.ts'
import { createWorkQueue } from './work-queue.ts'
import type { Outcome, WorkQueue } from './work-queue.ts'

export interface Runner {
  queue: WorkQueue
  stop (): Promise<void>
}

function keyOf (object: KubeObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name)
}

/** With ignoreStatusChanges an update counts only if generation, labels or annotations changed, or the parent is being deleted. */
function isStatusOnly (before: KubeObject, after: KubeObject): boolean {
  return before.metadata.generation === after.metadata.generation && equal(before.metadata.labels, after.metadata.labels) &&
    equal(before.metadata.annotations, after.metadata.annotations) && after.metadata.deletionTimestamp === undefined
}

/** The parent that controls a child, found by name and checked by uid. */
function parentOf (controller: Controller, child: KubeObject): KubeObject | undefined {
  const owner = controllerOf(child)
  const { apiVersion, kind, namespaced } = controller.parents.client.resource
  if (!owner || owner.kind !== kind || splitApiVersion(owner.apiVersion).group !== splitApiVersion(apiVersion).group) return undefined
  const parent = controller.parents.cache.get(namespaced ? child.metadata.namespace : undefined, owner.name)
  return parent?.metadata.uid === owner.uid && isOurs(controller, parent) ? parent : undefined
}

/** Parents whose selector matches an orphan. A parent without a usable selector matches nothing. */
function potentialParents (controller: Controller, child: KubeObject): KubeObject[] {
  const { namespaced } = controller.parents.client.resource
  return controller.parents.cache.listNewest().filter((parent) => {
    if (namespaced && parent.metadata.namespace !== child.metadata.namespace) return false
    try {
      return parentSelector(parent, controller.spec.generateSelector === true)(child.metadata.labels ?? {})
    } catch {
      return false
    }
  })
}

function parentsWokenBy (controller: Controller, before: Version, after: Version): KubeObject[] {
  const child = after ?? before!
  const gone = after === undefined || child.metadata.deletionTimestamp !== undefined
  const parent = parentOf(controller, child)
  if (parent) return [parent]
  return gone || controllerOf(child) ? [] : potentialParents(controller, child)
}

async function wakeRelated (controller: Controller, queue: WorkQueue, changed: readonly KubeObject[]): Promise<void> {
  for (const parent of controller.parents.cache.listNewest()) {
    for (const object of changed) {
      // A rule that cannot be evaluated is skipped here; the sync itself reports it.
      if (await controller.customizer.concerns(parent, object).catch(() => false)) queue.add(keyOf(parent))
    }
  }
}

/** Starts a controller: subscribes to its caches, which must be running, and works off its queue until stopped. */
export function runController (machine: LoopMachine, controller: Controller, options: { workers: number, process: (key: string) => Promise<Outcome> }): Runner {
  const queue = createWorkQueue({ workers: options.workers, timeScale: machine.timeScale, process: options.process })
  const undo: (() => void)[] = []
  const enqueue = (parent: KubeObject): void => { if (isOurs(controller, parent)) queue.add(keyOf(parent)) }
  const enqueueAll = (): void => { controller.parents.cache.listNewest().forEach(enqueue) }

  undo.push(controller.parents.cache.subscribe((before, after) => {
    if (controller.spec.parentResource.ignoreStatusChanges === true && before && after && isStatusOnly(before, after)) return
    enqueue(after ?? before!)
  }))
  for (const kind of controller.children) {
    undo.push(kind.cache.subscribe((before, after) => { parentsWokenBy(controller, before, after).forEach(enqueue) }))
  }
  controller.customizer.onKind((cache) => {
    undo.push(cache.subscribe((before, after) => { wakeRelated(controller, queue, [before, after].filter((object) => object !== undefined)).catch(() => {}) }))
  })
  // All parents at once: the resync period, and the flush of Metacontroller's caches every half hour.
  const periods = [Math.max(controller.spec.resyncPeriodSeconds ?? 1800, 1), 1800]
  const timers = periods.map((seconds) => setInterval(enqueueAll, Math.min(seconds * 1000 * machine.timeScale, 2 ** 31 - 1)))
  enqueueAll()
  return {
    queue,
    async stop () {
      timers.forEach((timer) => { clearInterval(timer) })
      for (const unsubscribe of undo) unsubscribe()
      await queue.stop()
    }
  }
}
