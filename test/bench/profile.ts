// The bench `profile`: what the hooks spend their time on while they answer, by V8's sampling profiler in the real process.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Report } from './bench.ts'
import { sharesOf, type CpuProfile, type Shares } from './cpu-profile.ts'
import { makeCalls } from './hooks-requests.ts'
import { startServers } from './hooks-servers.ts'

export const description = 'CPU profile of the hooks under load with calls of 12 KB, none of them made before: the top functions, and which of our own they work for'

const SHOWN = 15

export async function run (report: Report): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-profile-'))
  try {
    const calls = makeCalls().filter(({ name }) => name === '12 KB')
    const servers = await startServers(calls, { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` })
    try {
      for (const call of calls) await servers.load('hooks', { call, mode: 'fresh', seconds: report.quick ? 2 : 15 })
    } finally {
      await servers.stop()
    }
    const [file] = readdirSync(folder)
    if (!file) throw new Error('the process has left no profile')
    const { functions, ours } = sharesOf(JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as CpuProfile, 'hooks')
    report.table('Functions by their own time', ['function', 'share'], rowsOf(functions))
    report.table('Our functions by their own time and that of libraries they call', ['function', 'share'], rowsOf(ours))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function rowsOf (shares: Shares): string[][] {
  return shares.slice(0, SHOWN).map(([name, share]) => [name, `${(100 * share).toFixed(1)} %`])
}
