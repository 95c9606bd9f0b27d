// Keeps the program small: bytes that have been written are garbage, and V8 by itself would collect them only when about a hundred megabytes of them lie about.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'minor' }) => void

/** A collection of what is new costs a fraction of a millisecond, for next to nothing of it is still in use. */
const EVERY = 8 * 2 ** 20

// As a flag of the process it would have to stand in the command of every pod.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as Collect
let since = 0

/** So many bytes that came in have been dealt with; every few megabytes their memory is given back. */
export function dealtWith (bytes: number): void {
  since += bytes
  if (since < EVERY) return
  since = 0
  collect({ type: 'minor' })
}
