// What must not outlive a test, though it is cut off (a timeout, Ctrl-C): processes and folders.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const endings = new Set<() => void>()

/** Has `end` called when this process ends, by a signal too, in the order of these calls. Nothing that it starts to wait for is waited for. */
export function whenCutOff (end: () => void): void {
  endings.add(end)
}

/** A new folder below the system's for temporary files; gone at the latest when this process is. */
export function temporaryFolder (name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`))
  // Servers that write into it have been killed a moment before.
  whenCutOff(() => { rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) })
  return folder
}

process.once('exit', () => { for (const end of endings) end() })
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => { process.exit(1) })
