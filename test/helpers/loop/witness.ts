// Sees all that happens in a running system from the outside: every committed change, every pass of the operator, every write.
import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestInfo } from '../../../playground/api-server/request-info.ts'
import type { System } from '../../../playground/system/system.ts'
import { openEye, type Eye, type Life } from './life.ts'

export interface Witness {
  /** What was seen of the MlflowModel of this name. */
  of: (name: string) => Life
  /** Waits for what the condition returns; fails at once when an invariant is broken, or after `seconds` with what was seen last. */
  until: <T>(what: string, condition: () => T | undefined | false, seconds?: number) => Promise<T>
  /** What is done inside is a person's doing and excused from the invariants. */
  asPerson: <T>(action: () => T) => T
  violations: () => string[]
  close: () => void
}

const MODELS = 'sluice.dev/mlflowmodels'
const SERVINGS = 'machinelearning.seldon.io/seldondeployments'
const NAMESPACE = 'models'
const PATIENCE_S = 100

/** Begins to watch. */
export function openWitness ({ api, seldon }: Pick<System, 'api' | 'seldon'>): Witness {
  const eyes = new Map<string, Eye>()
  const waiting = new Set<() => void>()
  let personal = false

  function eye (name: string): Eye {
    const found = eyes.get(name) ?? openEye(name)
    eyes.set(name, found)
    return found
  }
  function lookAround (): void {
    for (const [name, { look }] of eyes) look(seldon.world(NAMESPACE, name), performance.now())
    for (const wake of waiting) wake()
  }
  const unsubscribe = api.store.subscribe('*', ({ storage, type, object }) => {
    const now = type === 'DELETED' ? undefined : object
    if (storage === MODELS) eye(object.metadata.name).takeModel(now)
    if (storage === SERVINGS) {
      // The router may have moved since the last look.
      eye(object.metadata.name).look(seldon.world(NAMESPACE, object.metadata.name), performance.now())
      eye(object.metadata.name).takeServing(now, personal)
    }
    for (const wake of waiting) wake()
  })
  // Never true: this is how to be called after every pass of the operator.
  seldon.until(() => { lookAround(); return false }).catch(() => undefined)
  const regularly = setInterval(lookAround, 100)
  const violations = (): string[] => [...eyes.values()].flatMap(({ life }) => life.violations)

  async function until <T> (what: string, condition: () => T | undefined | false, seconds = PATIENCE_S): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const over = new AbortController()
    const look = (): void => {
      const result = condition()
      if (violations().length > 0) reject(new Error(violations().join('\n')))
      else if (result !== undefined && result !== false) resolve(result)
    }
    waiting.add(look)
    sleep(seconds * 1000, undefined, { signal: over.signal })
      .then(() => { reject(new Error(`not within ${seconds} s: ${what}\n${describe(eyes, what)}`)) }, () => undefined)
    try {
      look()
      return await promise
    } finally {
      over.abort()
      waiting.delete(look)
    }
  }

  return {
    of: (name) => eye(name).life,
    until,
    asPerson (action) {
      personal = true
      try {
        return action()
      } finally {
        personal = false
      }
    },
    violations,
    close () {
      clearInterval(regularly)
      unsubscribe()
    }
  }
}

/** The objects that a sentence names, or else all, with what was last applied and reported. */
function describe (eyes: ReadonlyMap<string, Eye>, what: string): string {
  const named = [...eyes].filter(([name]) => what.startsWith(`${name}:`))
  return (named.length > 0 ? named : [...eyes]).map(([name, { life: { model, applied } }]) => {
    const { conditions: _conditions, ...status } = (model?.status ?? {}) as Record<string, unknown>
    return `${name}: ${JSON.stringify({ applied: applied.at(-1), status })}`
  }).join('\n')
}

/** A request that changes something, other than the poller's lease, which is renewed for ever. */
export function isWrite ({ verb, plural }: RequestInfo): boolean {
  return ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(verb) && plural !== 'leases'
}
