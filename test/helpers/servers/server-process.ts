// A real server as a process of the test: started until it is ready, stopped hard or frozen, and gone when the test is.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { whenCutOff } from './cut-off.ts'

export interface ServerPlan {
  command: string
  args: string[]
  env: Record<string, string>
  folder: string
  url: string
  /** Path that answers 200 once the server works, or for what does not speak HTTP: whether it works. */
  readyPath: string | (() => Promise<boolean>)
  /** Milliseconds within which it must. */
  patience: number
  /** For a server whose certificate only we trust [the global fetch]. */
  fetch?: typeof fetch
  /** The user that it runs as, and the group of the same number [whoever runs the test]. */
  user?: number | undefined
  /** Keeps all that it writes; otherwise only the last lines are remembered. */
  logFile?: string
}

export interface ServerProcess {
  url: string
  /** Starts it, again on the same port and with the same data. Throws with its last lines when it does not become ready. */
  start: () => Promise<void>
  /** Ends it at once, as a crash does, and waits until it is gone. */
  stop: () => Promise<void>
  /** Has it end in order, and waits until it is gone. */
  leave: () => Promise<void>
  /** It keeps its connections and answers nothing, until it is thawed. */
  freeze: () => void
  thaw: () => void
  /** Sends it any other signal. */
  signal: (name: NodeJS.Signals) => void
}

const running = new Set<ChildProcess>()

/** Describes a server; nothing runs before start(). */
export function createServerProcess (plan: ServerPlan): ServerProcess {
  let child: ChildProcess | undefined
  return {
    url: plan.url,
    async start () {
      child = launch(plan)
      await waitUntilReady(plan, child)
    },
    async stop () {
      if (child) await end(child)
      child = undefined
    },
    async leave () {
      if (child) await end(child, 'SIGTERM')
      child = undefined
    },
    signal (name) { if (child) signal(child, name) },
    freeze () { if (child) signal(child, 'SIGSTOP') },
    thaw () { if (child) signal(child, 'SIGCONT') }
  }
}

const lines = new WeakMap<ChildProcess, string[]>()

// In a process group of its own, because MLflow's server is a program that starts another one.
function launch ({ command, args, env, folder, logFile, user }: ServerPlan): ChildProcess {
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(user === undefined ? {} : { uid: user, gid: user })
  })
  const last: string[] = []
  lines.set(child, last)
  running.add(child)
  child.on('error', (error) => last.push(error.message))
  const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log?.write(text)
      last.push(...text.split('\n').filter((line) => line !== ''))
      last.splice(0, last.length - 30)
    })
  }
  return child
}

async function waitUntilReady ({ command, args, url, readyPath, patience, fetch: ask = fetch }: ServerPlan, child: ChildProcess): Promise<void> {
  const giveUp = performance.now() + patience
  const look = typeof readyPath === 'function'
    ? readyPath
    : async () => (await ask(url + readyPath, { signal: AbortSignal.timeout(1000) })).ok
  while (isAlive(child) && performance.now() < giveUp) {
    if (await look().catch(() => false)) return
    await sleep(100)
  }
  await end(child)
  throw new Error(`${[command, ...args].join(' ')} did not become ready. Its last lines:\n${(lines.get(child) ?? []).join('\n')}`)
}

function isAlive ({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null
}

async function end (child: ChildProcess, how: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const gone = isAlive(child) ? once(child, 'exit') : undefined
  signal(child, how)
  await gone
  running.delete(child)
}

function signal ({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // The group is gone already.
  }
}

// The groups of their own do not hear of it when the test is cut off.
whenCutOff(() => {
  for (const child of running) signal(child, 'SIGKILL')
  running.clear()
})
