// Our two programs as real processes, started with the environment that a pod would give them.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** For one that hangs; an end is noticed at once, and a busy machine needs half a minute for what takes a second. */
const START_MS = 120_000
/** What Node needs of our own environment: where programs are, and where it keeps compiled code, which halves the CPU of a start. */
const INHERITED = Object.fromEntries(['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) => process.env[name] === undefined ? [] : [[name, process.env[name]]]))

// Those that run must not outlive this process, also when it ends by an error or a test's timeout and nobody stops them in order.
const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGKILL') })

export interface Program {
  /** Path from the project's root. */
  file: string
  env: Record<string, string>
  /** Answers 200 once the program works. */
  readyUrl: string
  /** Gets every line that it writes. */
  onLine?: (line: string) => void
}

export interface RunningProgram {
  pid: number
  /** Ends it in order (SIGTERM) or at once (SIGKILL), and waits until it is gone. */
  stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** Holds it as a frozen machine would, its connections open, until `resume`. */
  pause: () => void
  resume: () => void
}

/** Starts a program and waits until it is ready. Throws with its last lines when it ends or does not become ready. */
export async function startProgram ({ file, env, readyUrl, onLine }: Program): Promise<RunningProgram> {
  const lines: string[] = []
  const child = spawn(process.execPath, [file], { cwd: ROOT, env: { ...INHERITED, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  child.once('exit', () => { running.delete(child) })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter((found) => found !== '')) {
        lines.push(line)
        onLine?.(line)
      }
      lines.splice(0, lines.length - 20)
    })
  }
  await waitUntilReady(child, readyUrl, () => `${file} did not become ready. Its last lines:\n${lines.join('\n')}`)
  return {
    pid: child.pid ?? 0,
    stop: async (signal = 'SIGTERM') => { await stop(child, signal) },
    pause () { child.kill('SIGSTOP') },
    resume () { child.kill('SIGCONT') }
  }
}

async function waitUntilReady (child: ChildProcess, url: string, complaint: () => string): Promise<void> {
  const giveUp = Date.now() + START_MS
  while (child.exitCode === null && child.signalCode === null && Date.now() < giveUp) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  await stop(child, 'SIGKILL')
  throw new Error(complaint())
}

async function stop (child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  // One that is paused would hear of it only then.
  child.kill('SIGCONT')
  await gone
}

/** Below the ports that outgoing connections and port 0 are given, or one of those could take it before the program does. */
const PORTS = { from: 20_000, to: 32_000 }

/** A loopback port that is free now. */
export async function freePort (): Promise<number> {
  const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from))
  const server = createServer()
  const taken = await new Promise<boolean>((resolve) => {
    server.once('error', () => { resolve(true) })
    server.listen(port, '127.0.0.1', () => { resolve(false) })
  })
  if (taken) return await freePort()
  await new Promise((resolve) => server.close(resolve))
  return port
}
