// The two servers of the bench `hooks`, each a process, and what a stretch of load does to one of them.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort, startProgram } from '../../playground/system/processes.ts'
import { STAMP, type Call } from './hooks-requests.ts'

/** What one stretch of load showed: latencies in milliseconds, CPU in milliseconds an answer, memory in MiB at its end, answers that were computed and given again. */
export interface Stretch { perSecond: number, p50: number, p99: number, cpu: number, rss: number, computed: number, givenAgain: number }

/** `fresh`: every call is one that was never made before. `repeated`: all are the same, as in resyncs of an object that nothing happens to. */
export type Mode = 'fresh' | 'repeated'

export interface Servers {
  /** Puts a server under load with a call, and the other one is left alone meanwhile. Throws when not every answer is 200. */
  load: (server: 'hooks' | 'bare', what: { call: Call, mode: Mode, seconds: number }) => Promise<Stretch>
  stop: () => Promise<void>
}

/** As many as workers are recommended for Metacontroller, and half as many again. */
const CONNECTIONS = 15

/** Starts the real hooks (`env`: more settings of theirs), asks them for their answers, and starts the bare route with those. */
export async function startServers (calls: Call[], env: Record<string, string> = {}): Promise<Servers> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'))
  const ports = { hooks: await freePort(), bare: await freePort() }
  const base = { hooks: `http://127.0.0.1:${ports.hooks}`, bare: `http://127.0.0.1:${ports.bare}` }
  const fileOf = (index: number): string => path.join(folder, `${index}.json`)
  const programs: Array<Awaited<ReturnType<typeof startProgram>>> = []
  const stop = async (): Promise<void> => {
    await Promise.all(programs.map(async (program) => { await program.stop() }))
    rmSync(folder, { recursive: true })
  }
  try {
    programs.push(await startProgram({ file: 'hooks/main.ts', env: { HOST: '127.0.0.1', PORT: String(ports.hooks), DRAIN_SECONDS: '0', ...env }, readyUrl: `${base.hooks}/readyz` }))
    const answers = await Promise.all(calls.map(async ({ body }) => await answerOf(`${base.hooks}/mlflowmodels/sync`, body)))
    writeFileSync(path.join(folder, 'answers.json'), JSON.stringify(answers))
    calls.forEach(({ body }, index) => { writeFileSync(fileOf(index), body) })
    programs.push(await startProgram({ file: 'test/bench/hooks-bare.ts', env: { PORT: String(ports.bare), ANSWERS: path.join(folder, 'answers.json') }, readyUrl: `${base.bare}/metrics` }))
    await assertSameBytes(calls, base)
  } catch (error) {
    await stop()
    throw error
  }
  const load: Servers['load'] = async (server, { call, mode, seconds }) => {
    const index = calls.indexOf(call)
    const url = server === 'hooks' ? `${base.hooks}/mlflowmodels/sync` : `${base.bare}/?call=${index}`
    const before = await processOf(base[server])
    const { stdout } = await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'hooks-load.ts'), JSON.stringify({ url, file: fileOf(index), connections: CONNECTIONS, seconds, ...(mode === 'fresh' && { stamp: STAMP }) })])
    const after = await processOf(base[server])
    const found = JSON.parse(stdout) as { answers: number, failures: number, seconds: number, p50: number, p99: number }
    if (found.failures > 0 || found.answers === 0) throw new Error(`${found.failures} of ${found.answers} answers of ${server} to ${call.name} were failures`)
    return {
      perSecond: found.answers / found.seconds,
      p50: found.p50,
      p99: found.p99,
      cpu: (after.cpuSeconds - before.cpuSeconds) * 1000 / found.answers,
      rss: after.rss / 2 ** 20,
      computed: after.computed - before.computed,
      givenAgain: after.givenAgain - before.givenAgain
    }
  }
  return { load, stop }
}

async function answerOf (url: string, body: string): Promise<unknown> {
  return JSON.parse(await textOf(url, body))
}

async function textOf (url: string, body: string): Promise<string> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 300)}`)
  return text
}

/** A baseline that answers less would prove nothing. */
async function assertSameBytes (calls: Call[], base: { hooks: string, bare: string }): Promise<void> {
  for (const [index, { name, body }] of calls.entries()) {
    const [ours, bare] = await Promise.all([textOf(`${base.hooks}/mlflowmodels/sync`, body), textOf(`${base.bare}/?call=${index}`, body)])
    if (ours !== bare) throw new Error(`the two servers answer ${name} differently`)
  }
}

/** Both servers tell this of themselves in Prometheus' text format; only the hooks tell of answers. */
async function processOf (base: string): Promise<{ cpuSeconds: number, rss: number, computed: number, givenAgain: number }> {
  const text = await (await fetch(`${base}/metrics`)).text()
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? 0)
  const answers = (result: string): number => value(`sluice_hook_answer_cache_requests_total\\{result="${result}"\\}`)
  return { cpuSeconds: value('process_cpu_seconds_total'), rss: value('process_resident_memory_bytes'), computed: answers('miss'), givenAgain: answers('hit') }
}
