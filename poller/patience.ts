// Waiting for others, but not for ever.

/** Waits until all have ended, but no longer than this many milliseconds. Rejects when one of them does so in time. */
export async function withPatience (promises: Array<Promise<void>>, ms: number): Promise<void> {
  if (promises.length === 0) return
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => { timer = setTimeout(resolve, ms) })
  try {
    await Promise.race([Promise.all(promises), enough])
  } finally {
    clearTimeout(timer)
  }
}
