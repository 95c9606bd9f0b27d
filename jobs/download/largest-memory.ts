// How much memory this process has had.
import { readFileSync } from 'node:fs'

/**
 * The most at once, in bytes. From /proc where there is one: what getrusage says (`maxRSS`) begins with the size of the process that started this one,
 * for it is kept over fork and exec.
 */
export function largestMemory (): number {
  return (ownPeak() ?? process.resourceUsage().maxRSS) * 1024
}

/** In KiB. */
function ownPeak (): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib)
  } catch {
    return undefined
  }
}
