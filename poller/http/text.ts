// The text of a body, decoded chunk by chunk: the chunks of a page of megabytes, kept until its end, are memory that comes back late or never.

/** A body that is longer than it may be. */
export class TooLongError extends Error {
  override name = 'TooLongError'
}

/**
 * Reads a body as UTF-8 to its end. Of one with more bytes than `maxBytes` it gives the beginning (`cut`), or throws TooLongError; either way the rest
 * is never received, and the connection is closed.
 */
export async function readText (body: AsyncIterable<Uint8Array>, maxBytes = Infinity, beyond: 'cut' | 'throw' = 'throw'): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let left = maxBytes
  for await (const chunk of body) {
    text += decoder.decode(chunk.length > left ? chunk.subarray(0, left) : chunk, { stream: true })
    left -= chunk.length
    if (left >= 0) continue
    if (beyond === 'throw') throw new TooLongError(`more than ${maxBytes} bytes`)
    break
  }
  return text + decoder.decode()
}
