// The processes of a bench of the poller: the outside world, and the real poller with the environment that a pod gives it. Both end with the bench.
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../playground/system/processes.ts'
import type { Answer, Order } from './main.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

export type Outside = {
  ask: (order: Order) => Promise<Answer>
  stop: () => Promise<void>
}

/** Starts the outside world. Its own V8 may use what it needs. */
export async function startOutside (): Promise<Outside> {
  const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), { execArgv: [], stdio: 'inherit' })
  await once(child, 'spawn')
  const gone = new AbortController()
  child.once('exit', () => { gone.abort(new Error('the outside world has ended')) })
  return {
    async ask (order) {
      // Waiting ends with the channel, too.
      const answered = once(child, 'message', { signal: gone.signal }) as Promise<[Answer]>
      child.send(order)
      const [answer] = await answered
      return answer
    },
    stop: async () => { await end(child) }
  }
}

/**
 * How the poller is run in its pod: Node's options of the chart, variables of the image, and the heap (MB) that V8 gives itself there for the container's memory
 * limit (MiB); by itself it would go by the memory of this machine. test/bench/poller.ts is where these come from.
 */
export const POD = { options: ['--optimize-for-size'], environment: { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' }, limit: 512, heap: 256 }

export type PollerProcess = {
  pid: number
  metricsUrl: string
  /** What it has written to stderr and stdout that is worse than information. */
  complaints: string[]
  /** Resolves when it has gone, whoever ended it. */
  ended: Promise<void>
  stop: () => Promise<void>
}

export type PollerWish = { api: string, registry: string, minInterval?: string, prometheus?: string, nodeOptions?: string[], environment?: Record<string, string>, onMessage?: (message: unknown) => void }

/** Starts poller/main.ts as its pod does, and waits until it knows all objects. */
export async function startPoller ({ api, registry, minInterval = '30s', prometheus, nodeOptions = [], environment = {}, onMessage }: PollerWish): Promise<PollerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const port = await freePort()
  const env = {
    PATH: process.env['PATH'] ?? '',
    NODE_ENV: 'production',
    ...await writeConfiguration(folder, { api, registries: { default: { url: registry, minInterval } }, prometheus }),
    HOST: '127.0.0.1',
    METRICS_PORT: String(port),
    POD_NAME: 'poller-0',
    ...POD.environment,
    ...environment
  }
  const child = spawn(process.execPath, [...POD.options, `--max-old-space-size=${POD.heap}`, ...nodeOptions, 'poller/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  if (onMessage) child.on('message', onMessage)
  const complaints: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => { complaints.push(...text.split('\n').filter((line) => line !== '' && !/"level":[1-3]0/.test(line))) })
  }
  const metricsUrl = `http://127.0.0.1:${port}`
  const stop = async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await untilReady(child, metricsUrl)
  } catch (error) {
    await stop()
    throw new Error(`the poller did not become ready: ${complaints.slice(-5).join('\n')}`, { cause: error })
  }
  return { pid: child.pid ?? 0, metricsUrl, complaints, ended: once(child, 'exit').then(() => {}), stop }
}

/** The files that the poller reads, and the variables that name them. JSON is YAML, too. */
async function writeConfiguration (folder: string, { api, registries, prometheus }: { api: string, registries: object, prometheus: string | undefined }): Promise<Record<string, string>> {
  const files = { SLUICE_CONFIG: join(folder, 'sluice.yaml'), KUBECONFIG: join(folder, 'kubeconfig') }
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server: api } }],
    users: [{ name: 'bench', user: {} }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench', namespace: 'sluice-system' } }]
  }
  await writeFile(files.SLUICE_CONFIG, JSON.stringify({ registries, ...(prometheus !== undefined && { prometheus: { default: { url: prometheus } } }) }))
  await writeFile(files.KUBECONFIG, JSON.stringify(kubeconfig))
  return files
}

async function untilReady (child: ChildProcess, url: string): Promise<void> {
  const giveUp = performance.now() + 60_000
  while (child.exitCode === null && performance.now() < giveUp) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error('not ready within a minute')
}

async function end (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(timer)
}

export type Usage = {
  /** Resident memory in MB (10^6 bytes): now, and the most it ever was. */
  rss: number
  peak: number
  /** Seconds that all threads have run. */
  cpu: number
}

/** What the kernel says of a process. Linux only. */
export async function usageOf (pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
  const threads = await readdir(`/proc/${pid}/task`)
  // In nanoseconds; /proc/<pid>/stat counts in hundredths of a second.
  const times = await Promise.all(threads.map(async (thread) => Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')[0])))
  return { rss: kilobytes('VmRSS') * 1024 / 1e6, peak: kilobytes('VmHWM') * 1024 / 1e6, cpu: times.reduce((sum, time) => sum + time, 0) / 1e9 }
}
