// All writes of the poller go through one queue: 50 a second, urgent ones first.
import PQueue from 'p-queue'

/** Each check is a write, so this is how many canaries can be checked every second; Metacontroller is to be given as many calls. */
const WRITES_PER_SECOND = 50
/** The limit holds for this span in ms: checks that are due together do not wait for each other, as long as they are few on the whole. */
const SPAN = 2_000
const AT_ONCE = 8

/** Higher goes first: a deadline that has passed, a verdict, then what the registry says, what pods tell and what has changed around an object, then Events. */
export const PRIORITY = { clock: 3, analysis: 2, registry: 1, pods: 1, references: 1, event: 0 } as const
export type Priority = typeof PRIORITY[keyof typeof PRIORITY]

export type WriteQueue = {
  /** Resolves with the task's result; rejects with its error, or when the queue is closed first. */
  add: <T>(task: () => Promise<T>, options: { priority: Priority, id: string }) => Promise<T>
  /** Moves a waiting task forward; without effect when it has begun. */
  hurry: (id: string, priority: Priority) => void
  /** Drops what has not begun and waits for what has: the outcome of a write that is cut off would be unknown. */
  close: () => Promise<void>
}

/** A queue for one API server. */
export function createWriteQueue (limits: { perSecond?: number, atOnce?: number } = {}): WriteQueue {
  const queue = new PQueue({ concurrency: limits.atOnce ?? AT_ONCE, intervalCap: (limits.perSecond ?? WRITES_PER_SECOND) * SPAN / 1000, interval: SPAN, strict: true })
  const ended = new AbortController()
  const begun = new Set<Promise<unknown>>()

  async function begin<T> (task: () => Promise<T>): Promise<T> {
    const running = task()
    begun.add(running)
    return await running.finally(() => { begun.delete(running) })
  }

  return {
    add: async (task, { priority, id }) => await queue.add(async () => await begin(task), { priority, id, signal: ended.signal }),
    hurry (id, priority) {
      try {
        queue.setPriority(id, priority)
      } catch (error) {
        // It has begun or is done: nothing waits any more.
        if (!(error instanceof ReferenceError)) throw error
      }
    },
    async close () {
      ended.abort(new Error('the write queue is closed'))
      await Promise.allSettled(begun)
    }
  }
}
