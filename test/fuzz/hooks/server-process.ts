// Starts the hooks' server process, and asks it for its longest turn.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Violation } from '../properties/violation.ts'
import type { Word } from './hooks-server.ts'

export type ServerProcess = {
  port: number
  /** Milliseconds of CPU of the longest turn since the last question. Throws a Violation when the process has ended. */
  longestTurn: () => Promise<number>
  close: () => Promise<void>
}

export async function startServerProcess (): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL('hooks-server.ts', import.meta.url)), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => ({ ended: `code ${String(code)}, signal ${String(signal)}` }))
  const hear = async (): Promise<Word> => {
    const heard = await Promise.race([once(child, 'message').then(([word]) => word as Word), ended])
    if ('ended' in heard) throw new Violation(`the server has ended: ${heard.ended}`)
    return heard
  }
  const first = await hear()
  return {
    port: 'port' in first ? first.port : 0,
    async longestTurn () {
      const heard = hear()
      if (child.connected) child.send('how long')
      const word = await heard
      return 'longestTurnMs' in word ? word.longestTurnMs : 0
    },
    async close () {
      if (child.exitCode === null) child.kill()
      await ended
    }
  }
}
