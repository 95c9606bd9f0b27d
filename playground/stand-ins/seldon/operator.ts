// The operator against an API server: follows SeldonDeployments, steps their worlds, writes their status.
import { setTimeout as sleep } from 'node:timers/promises'
import { createClock } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { createApiClient } from './api-client.ts'
import type { ApiClient, ApiClientOptions, StoredSeldonDeployment } from './api-client.ts'
import { createImaginaryParts } from './parts.ts'
import type { Parts } from './parts.ts'
import { createRealParts } from './real-parts.ts'
import { reconcileSeldon } from './reconcile.ts'
import type { Surroundings } from './reconcile.ts'
import { EMPTY_WORLD, setOutage } from './world.ts'
import type { Outage, World } from './world.ts'

export interface OperatorOptions {
  readonly apiServer: ApiClientOptions
  readonly clock?: Clock
  /** Load times, broken models, router, progress deadline; times in milliseconds of the clock. */
  readonly surroundings?: Partial<Surroundings>
  /** Milliseconds from an event until the operator gets round to it [none]. */
  readonly lag?: () => number
  /**
   * Imaginary [the default]: Deployments, pods, Services and routes exist in `world` alone. Real: they are objects of the API server, and pods are
   * what its Deployment controller, scheduler and kubelets make of them; then `kill`, load times and broken models are theirs, too.
   */
  readonly parts?: 'imaginary' | 'real'
}

export interface SeldonOperator {
  /** The truth behind an object: its Deployments and pods, the weights in force and their history. */
  world (namespace: string, name: string): World
  /** Kills none, some or all pods of a predictor, now and for those made later. */
  kill (namespace: string, name: string, predictor: string, outage: Outage): void
  /** The next `count` status writes conflict: what the reconcile did stays done, and is not reported. */
  loseStatusWrites (count: number): void
  /** Resolves once `condition` holds; looked at now and after every pass. */
  until (condition: () => boolean): Promise<void>
  /** Resolves when no pass is under way. */
  settled (): Promise<void>
  close (): Promise<void>
}

const DEFAULTS: Surroundings = {
  loadTime: () => 3000,
  isBroken: () => false,
  progressDeadline: 600_000,
  router: 'istio',
  uninstalledRouter: 'NotDefined'
}

/** An object in the operator's hands. Only one pass of it runs at a time. */
interface Item {
  readonly namespace: string
  readonly name: string
  uid: string
  world: World
  running: Promise<void> | undefined
  again: boolean
  cancelTimer: () => void
}

interface Operator {
  readonly api: ApiClient
  readonly parts: Parts
  readonly clock: Clock
  readonly surroundings: Surroundings
  readonly items: Map<string, Item>
  readonly waiting: Set<() => void>
  readonly lag: () => number
  readonly ended: AbortSignal
  lostWrites: number
  closed: boolean
}

const RETRY_MS = 100

/** Starts the operator; it reacts to the API server until closed. */
export function startSeldonOperator (options: OperatorOptions): SeldonOperator {
  const aborter = new AbortController()
  const surroundings: Surroundings = { ...DEFAULTS, ...options.surroundings }
  const api = createApiClient(options.apiServer)
  const operator: Operator = {
    api,
    parts: options.parts === 'real' ? createRealParts(api, surroundings) : createImaginaryParts(surroundings),
    clock: options.clock ?? createClock(),
    surroundings,
    items: new Map(),
    waiting: new Set(),
    lag: options.lag ?? (() => 0),
    ended: aborter.signal,
    lostWrites: 0,
    closed: false
  }
  const seen = (namespace: string, name: string): void => { trigger(operator, itemOf(operator, namespace, name)) }
  const following = Promise.all([api.follow(seen, aborter.signal), operator.parts.follow(seen, aborter.signal)])
  return {
    world: (namespace, name) => operator.items.get(`${namespace}/${name}`)?.world ?? EMPTY_WORLD,
    kill (namespace, name, predictor, outage) {
      const item = itemOf(operator, namespace, name)
      item.world = setOutage(item.world, predictor, outage, operator.clock.now())
      trigger(operator, item)
    },
    loseStatusWrites: count => { operator.lostWrites = count },
    until: async condition => { await until(operator, condition) },
    settled: async () => { await settled(operator) },
    async close () {
      operator.closed = true
      aborter.abort()
      for (const item of operator.items.values()) item.cancelTimer()
      await Promise.all([following, settled(operator)])
    }
  }
}

async function until ({ waiting }: Operator, condition: () => boolean): Promise<void> {
  await new Promise<void>(resolve => {
    function look (): void {
      if (!condition()) return
      waiting.delete(look)
      resolve()
    }
    waiting.add(look)
    look()
  })
}

function itemOf ({ items }: Operator, namespace: string, name: string): Item {
  const key = `${namespace}/${name}`
  const item = items.get(key) ?? { namespace, name, uid: '', world: EMPTY_WORLD, running: undefined, again: false, cancelTimer: () => {} }
  items.set(key, item)
  return item
}

async function settled ({ items }: Operator): Promise<void> {
  while ([...items.values()].some(({ running }) => running !== undefined)) {
    await Promise.all([...items.values()].map(async ({ running }) => { await running }))
  }
}

function trigger (operator: Operator, item: Item): void {
  item.again = true
  item.running ??= work(operator, item).finally(() => {
    item.running = undefined
    // Called between the last look at `again` and here.
    if (item.again && !operator.closed) trigger(operator, item)
  })
}

// Passes until one changes nothing: in a cluster the events of what a pass wrote bring about the next one.
async function work (operator: Operator, item: Item): Promise<void> {
  while (item.again && !operator.closed) {
    await linger(operator)
    item.again = false
    try {
      item.again = await pass(operator, item) || item.again
      for (const look of operator.waiting) look()
    } catch {
      schedule(operator, item, operator.clock.now() + RETRY_MS)
      return
    }
  }
}

/** Events that come meanwhile are worked off together. */
async function linger ({ lag, ended }: Operator): Promise<void> {
  const milliseconds = lag()
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: ended }).catch(() => undefined)
}

/** One reconcile; true when it did something, so that another has to look. */
async function pass (operator: Operator, item: Item): Promise<boolean> {
  const object = await operator.api.get(item.namespace, item.name)
  item.cancelTimer()
  if (object === undefined) {
    operator.items.delete(`${item.namespace}/${item.name}`)
    return false
  }
  if (object.metadata.deletionTimestamp !== undefined) return false
  if (item.uid !== object.metadata.uid) Object.assign(item, { uid: object.metadata.uid, world: EMPTY_WORLD })
  return await step(operator, item, object)
}

async function step (operator: Operator, item: Item, object: StoredSeldonDeployment): Promise<boolean> {
  const { surroundings } = operator
  const now = operator.clock.now()
  const before = JSON.stringify(item.world)
  const observed = await operator.parts.observe(object, item.world, now)
  const result = reconcileSeldon(object, observed, now, surroundings)
  await operator.parts.carryOut(object, observed, result.world)
  item.world = result.world
  const next = operator.parts.nextInstant(item.world, now)
  if (next !== undefined) schedule(operator, item, next)
  if (result.changed) await writeStatus(operator, object, result.status)
  return result.changed || JSON.stringify(item.world) !== before
}

async function writeStatus (operator: Operator, object: StoredSeldonDeployment, status: StoredSeldonDeployment['status'] & object): Promise<void> {
  if (operator.lostWrites > 0) {
    operator.lostWrites -= 1
    return
  }
  await operator.api.putStatus(object, status)
}

function schedule (operator: Operator, item: Item, at: number): void {
  item.cancelTimer()
  if (!operator.closed) item.cancelTimer = operator.clock.schedule(at, () => { trigger(operator, item) })
}
