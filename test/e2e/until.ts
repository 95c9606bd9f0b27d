// Waiting for what no event tells of.
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves once `condition` holds, looked at every `pause` milliseconds. Throws after `seconds`. */
export async function until (what: string, condition: () => Promise<boolean>, seconds = 60, pause = 200): Promise<void> {
  const giveUp = performance.now() + seconds * 1000
  while (!await condition()) {
    if (performance.now() > giveUp) throw new Error(`not within ${seconds} s: ${what}`)
    await sleep(pause)
  }
}
