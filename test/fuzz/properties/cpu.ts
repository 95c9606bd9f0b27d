// How long one turn of the event loop is kept busy: CPU time of this thread, so that a busy machine makes no false alarm.
import { demand } from './violation.ts'

/** Milliseconds of CPU that one piece of synchronous work may take. */
export const LONGEST_TURN_MS = 200

/** CPU time of this thread, in ms. */
export function threadMs (): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Does the work and demands that it was short. What was slow once may have been compiled or collected: it is done again before it counts. */
export function withinCpu<T> (what: string, work: () => T, limit = LONGEST_TURN_MS): T {
  const began = threadMs()
  const result = work()
  if (threadMs() - began <= limit) return result
  const again = Math.min(...[0, 1].map(() => {
    const start = threadMs()
    work()
    return threadMs() - start
  }))
  demand(again <= limit, () => `${what} took ${Math.round(again)} ms of CPU, more than ${limit}`)
  return result
}
