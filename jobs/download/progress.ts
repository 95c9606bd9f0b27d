// How far it is, as a line of the log every few seconds.
import type { Logger } from 'pino'

const EVERY_MS = 5_000

export type Progress = {
  /** Bytes that have arrived; fewer than none where they are asked for again. */
  onBytes: (bytes: number) => void
  /** The size of one file, as soon as it is known. */
  onSize: (path: string, bytes: number) => void
  /** What happens from now on, with a count of its own. */
  begin: (doing: string) => void
  stop: () => void
}

/** Begins to report. A line that says the same as the last one is left out, so that a stall is seen as silence and then as its own line. */
export function reportProgress (logger: Logger): Progress {
  const sizes = new Map<string, number>()
  let doing = 'downloading'
  let bytes = 0
  let said = 0
  let since = performance.now()

  function report (): void {
    const now = performance.now()
    const rate = Math.round((bytes - said) / Math.max(0.001, (now - since) / 1000))
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    if (bytes !== said) logger.info({ bytes, ...(total > 0 && { total }), bytesPerSecond: rate }, doing)
    said = bytes
    since = now
  }

  const timer = setInterval(report, EVERY_MS)
  timer.unref()
  return {
    onBytes (more) { bytes += more },
    onSize (path, size) { sizes.set(path, size) },
    begin (what) {
      doing = what
      bytes = 0
      said = 0
      since = performance.now()
      sizes.clear()
    },
    stop () { clearInterval(timer) }
  }
}
