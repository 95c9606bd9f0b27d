// Where a test of the real control plane plays: a folder for its files and logs, and everything that was started in it ended in order.
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { startControlPlane, type ControlPlane, type PlanePlan } from './control-plane.ts'
import { findPrograms, type Programs } from './programs.ts'

export interface Stage {
  programs: Programs
  folder: string
  plane: ControlPlane
  /** Ends what was started last first, with the test. */
  atEnd: (end: () => Promise<unknown>) => void
}

/** Where outputs and the logs of failed tests are kept. */
export const OUTPUT = process.env['E2E_OUTPUT'] ?? '.ci/out/e2e'

const TAIL = 40

/** Starts a control plane; undefined where the programs are missing. All of it ends with the test, however it ends; a failed one shows the logs. */
export async function openStage (t: Test, plan?: PlanePlan): Promise<Stage | undefined> {
  const programs = findPrograms(t)
  if (!programs) return undefined
  const folder = temporaryFolder('e2e')
  const endings: Array<() => Promise<unknown>> = [async () => { await rm(folder, { recursive: true, force: true }) }]
  const atEnd = (end: () => Promise<unknown>): void => { endings.unshift(end) }
  const end = async (): Promise<void> => { for (const ending of endings.splice(0)) await ending() }
  t.teardown(async () => {
    if (!t.passing()) await showLogs(folder)
    await end()
  })
  await mkdir(join(folder, 'logs'))
  try {
    return { programs, folder, plane: await startControlPlane(programs, folder, atEnd, plan), atEnd }
  } catch (error) {
    await showLogs(folder)
    throw error
  }
}

/** Prints the end of every log, and keeps the whole of them. */
async function showLogs (folder: string): Promise<void> {
  const kept = join(OUTPUT, 'logs', basename(process.argv[1] ?? 'e2e'))
  await mkdir(kept, { recursive: true })
  await cp(join(folder, 'logs'), kept, { recursive: true })
  await cp(join(folder, 'audit.log'), join(kept, 'audit.log')).catch(() => { /* The API server did not come that far. */ })
  for (const file of await readdir(join(folder, 'logs'))) {
    const lines = (await readFile(join(folder, 'logs', file), 'utf8')).trimEnd().split('\n')
    process.stderr.write(`--- ${file}, its last lines (all of it in ${kept})\n${lines.slice(-TAIL).map((line) => line.slice(0, 400)).join('\n')}\n`)
  }
}
