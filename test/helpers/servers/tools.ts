// Where the installation scripts of test/real and test/e2e have put real servers and programs.
import { createHash } from 'node:crypto'
import { accessSync, constants, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Test } from 'tap'

export interface Tools {
  /** The interpreter that knows MLflow. */
  python: string
  prometheus: string
}

/** The folder that everything is installed into. */
export const CACHE = process.env['SLUICE_CACHE'] ?? join(homedir(), '.cache', 'sluice')

/**
 * The tools, or undefined after the test was marked: skipped on a laptop, failed where CI=true, for there a skip would look like a success.
 */
export function findTools (t: Test): Tools | undefined {
  const python = firstExecutable([join(CACHE, `mlflow-${digestOf(['../../real/requirements.txt'])}`, 'bin', 'python')])
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'prometheus'))
  const prometheus = firstExecutable([join(CACHE, 'prometheus', 'usr', 'bin', 'prometheus'), ...onPath])
  if (python !== undefined && prometheus !== undefined) return { python, prometheus }
  const missing = [python === undefined && 'MLflow', prometheus === undefined && 'Prometheus'].filter(Boolean).join(' and ')
  return skip(t, `${missing} not installed; run test/real/install.sh (about 1½ GB in ${CACHE}, a minute or two)`)
}

/** Marks the test as one that cannot run here: skipped, or failed where CI=true. */
export function skip (t: Test, sentence: string): undefined {
  if (process.env['CI'] === 'true') {
    t.fail(sentence)
  } else {
    // Said here, because reporters count skips without printing why.
    process.stderr.write(`skipped: ${sentence}\n`)
    t.plan(0, sentence)
  }
  return undefined
}

/** The first digits of the checksum of these files, one after the other, as the installation scripts compute it. Paths are relative to this file. */
export function digestOf (files: string[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(new URL(file, import.meta.url)))
  return hash.digest('hex').slice(0, 12)
}

/** The first of these paths that can be executed. */
export function firstExecutable (paths: string[]): string | undefined {
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
