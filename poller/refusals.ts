// Objects that may not use the registry entry they name: told once for each wish, as an Event and in the log.
import type { Logger } from 'pino'
import type { EventRecorder } from './cluster/event-recorder.ts'
import { sentence } from './event-notes.ts'
import type { Model } from './model.ts'

export type Refused = { uid: string, namespace: string, name: string, reason: string, message: string }

export type RefusalOptions = { recorder: EventRecorder, find: (uid: string) => Model | undefined, logger: Logger }

/** A function that takes all refusals of one look. */
export function createRefusalTeller ({ recorder, find, logger }: RefusalOptions): (refusals: Refused[]) => void {
  let told = new Map<string, string>()
  return (refusals) => {
    const now = new Map<string, string>()
    for (const { uid, namespace, name, reason, message } of refusals) {
      const model = find(uid)
      if (!model) continue
      const key = `${reason}/${model.metadata.generation ?? 0}`
      now.set(uid, key)
      if (told.get(uid) === key) continue
      logger.warn({ namespace, name, reason, detail: message }, 'object may not use its registry')
      recorder.record(model, { key, type: 'Warning', reason, action: 'Registry', note: `${sentence(message)}.` })
    }
    told = now
  }
}
