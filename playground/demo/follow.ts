// Follows one object and Events through the API server, as kubectl get -w would.
import { setTimeout as sleep } from 'node:timers/promises'
import equal from 'fast-deep-equal'
import type { KubeObject } from '../../hooks/core/request.ts'

const LOOK_MS = 100

/** Calls `onChange` with every new state of what `look` makes of the object, until the signal is aborted. A missing object is waited for. */
export async function follow<S> (url: string, look: (object: KubeObject) => S, onChange: (snapshot: S) => void, signal: AbortSignal): Promise<void> {
  let last: S | undefined
  while (!signal.aborted) {
    const answer = await fetch(url, { signal }).catch(() => undefined)
    const snapshot = answer?.ok ? look(await answer.json() as KubeObject) : undefined
    if (snapshot !== undefined && !equal(snapshot, last)) {
      last = snapshot
      onChange(snapshot)
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

export interface ToldEvent { reason: string, type: string, note: string, regarding: { kind: string, name: string } }

/** Calls `onEvent` with every Event once, oldest first, until the signal is aborted. */
export async function followEvents (url: string, onEvent: (event: ToldEvent) => void, signal: AbortSignal): Promise<void> {
  const told = new Set<string>()
  while (!signal.aborted) {
    const answer = await fetch(url, { signal }).catch(() => undefined)
    const { items = [] } = answer?.ok ? await answer.json() as { items?: Array<ToldEvent & { metadata: { name: string }, eventTime: string }> } : {}
    const fresh = items.filter(({ metadata }) => !told.has(metadata.name)).toSorted((a, b) => a.eventTime < b.eventTime ? -1 : 1)
    for (const event of fresh) {
      told.add(event.metadata.name)
      onEvent(event)
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}
