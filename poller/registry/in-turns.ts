// Work on many things, few of them at a time: ten thousand that wait for their turn would each hold on to what they need for it.

/** More than requests in flight, so that those never wait for us; far fewer than objects. */
const AT_ONCE = 32

/** Does the work on each, and gives the results in the order in which they came. Rejects with the first error. */
export async function inTurns<T, Result> (things: T[], work: (thing: T) => Promise<Result>): Promise<Result[]> {
  const waiting = things.values()
  const results: Result[] = []
  async function takeTurns (): Promise<void> {
    for (const thing of waiting) results.push(await work(thing))
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, things.length) }, takeTurns))
  return results
}
