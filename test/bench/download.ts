// The program that downloads models, with one large file: its memory, and its speed against the shortest way from a socket to a file.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { makeDownloadContainer } from '../../hooks/core/download.ts'
import type { Report } from './bench.ts'

export const description = 'a download of one large file, against a plain copy from the socket to the disk'

const GB = 10 ** 9
const MB = 10 ** 6
const ROUNDS = 3
/** Of the container, whose limit is 256 MiB. */
const MOST_MEMORY = 150 * MB

type Run = { seconds: number, memory: number }

export async function run (report: Report): Promise<void> {
  const size = report.quick ? 200 * MB : 2 * GB
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-bench-'))
  const server = spawn(process.execPath, [path.join(import.meta.dirname, 'download-server.ts')], { env: { BYTES: String(size) }, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = await once(server.stdout, 'data') as [Buffer]
    const url = `http://127.0.0.1:${Number(port.toString())}/model.bin`
    const ours: Run[] = []
    const plain: Run[] = []
    // In turns, so that both find the same disk.
    for (let round = 0; round < (report.quick ? 1 : ROUNDS); round++) {
      plain.push(await measure(['test/bench/download-plain.ts'], { URL: url, FILE: path.join(folder, 'plain') }, path.join(folder, 'plain'), size))
      ours.push(await measure(program(), environment(url, folder), path.join(folder, 'models', 'model', 'model.bin'), size))
      await rm(folder, { recursive: true })
      await mkdir(folder)
    }
    show(report, size, { ours, plain })
  } finally {
    server.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

/** As the container starts it. */
function program (): string[] {
  const download = { uri: 'http://host/model.bin', sha256: '', folder: '/models/model', fileName: '', unpack: false, mustHold: '', maxBytes: 0 }
  const { command } = makeDownloadContainer(download, { image: 'sluice', credentialsSecret: '', mount: { name: 'models', mountPath: '/models' } }) as { command: string[] }
  return command.slice(1)
}

function environment (url: string, folder: string): Record<string, string> {
  return { MODEL_URI: url, MODEL_FOLDER: path.join(folder, 'models', 'model'), TERMINATION_LOG: path.join(folder, 'termination-log') }
}

/** Runs a program of ours to its end. Its last line says how much memory it had at most. */
async function measure (args: string[], env: Record<string, string>, file: string, size: number): Promise<Run> {
  const began = performance.now()
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: path.join(import.meta.dirname, '../..'), env })
  const seconds = (performance.now() - began) / 1000
  const { memory } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { memory: number }
  const { size: found } = await stat(file)
  if (found !== size) throw new Error(`${file} has ${found} bytes, not ${size}`)
  return { seconds, memory }
}

function show (report: Report, size: number, { ours, plain }: { ours: Run[], plain: Run[] }): void {
  const row = (name: string, runs: Run[]): Array<string | number> => [name, Math.max(...runs.map(({ memory }) => memory)) / MB, median(runs.map(({ seconds }) => size / MB / seconds))]
  report.table(`${size / MB} MB from a server on this machine, start of the process included`, ['', 'memory at most, MB', 'MB a second'], [row('plain copy', plain), row('jobs/download-model.ts', ours)])
  report.target('memory of a download at most, MB', Math.max(...ours.map(({ memory }) => memory)) / MB, { atMost: MOST_MEMORY / MB })
  report.target('speed of a download, hashed and kept for going on, of a plain copy', median(ours.map(({ seconds }, index) => (plain[index]?.seconds ?? NaN) / seconds)), { atLeast: 0.5 })
}

function median (values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
