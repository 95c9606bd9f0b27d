// Tells of every change of the objects of one kind whose story follows from their status: Events for people, metrics for programs.
import type { KubeObject } from '../../hooks/core/request.ts'
import type { EventRecorder } from '../cluster/event-recorder.ts'
import type { Reflector } from '../cluster/reflector.ts'
import type { Change } from '../cluster/store.ts'
import { findNews, type Story } from '../object-event.ts'
import type { ServedMetrics } from './metrics.ts'

export type TellParts = {
  recorder: Pick<EventRecorder, 'record'>
  served: ServedMetrics
  /** The API server's time in ms, undefined before its first answer. */
  serverTime: () => number | undefined
}

/** Begins with what is there. Returns the function that ends it. */
export function tellStories ({ recorder, served, serverTime }: TellParts, story: Story<never>, { store, subscribe }: Pick<Reflector, 'store' | 'subscribe'>): () => void {
  function tell ({ before, after }: Change<KubeObject>, now: number): void {
    if (after === undefined || after.metadata.deletionTimestamp !== undefined) return
    // The kind's slim has made them what the story is about.
    for (const event of findNews(story as Story<KubeObject>, { before, after }, now)) recorder.record(after, event)
  }

  const seconds = (): number => (serverTime() ?? 0) / 1000
  const end = subscribe((change) => {
    served.observe(change.before, change.after, seconds())
    tell(change, seconds())
  })
  for (const after of store.all()) {
    served.show(after)
    tell({ after }, seconds())
  }
  return () => {
    end()
    served.forgetAll()
  }
}
