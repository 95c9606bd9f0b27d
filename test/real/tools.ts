// Where install.sh has put the real servers.
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

/**
 * The tools, or undefined after the test was marked: skipped on a laptop, failed where CI=true, for there a skip would look like a success.
 */
export function findTools (t: Test): Tools | undefined {
  const cache = process.env['SLUICE_CACHE'] ?? join(homedir(), '.cache', 'sluice')
  const python = firstExecutable([join(cache, `mlflow-${digestOf('requirements.txt')}`, 'bin', 'python')])
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'prometheus'))
  const prometheus = firstExecutable([join(cache, 'prometheus', 'usr', 'bin', 'prometheus'), ...onPath])
  if (python !== undefined && prometheus !== undefined) return { python, prometheus }
  const missing = [python === undefined && 'MLflow', prometheus === undefined && 'Prometheus'].filter(Boolean).join(' and ')
  const sentence = `${missing} not installed; run test/real/install.sh (about 1 GB in ${cache}, a minute)`
  if (process.env['CI'] === 'true') {
    t.fail(sentence)
  } else {
    // Said here, because reporters count skips without printing why.
    process.stderr.write(`skipped: ${sentence}\n`)
    t.plan(0, sentence)
  }
  return undefined
}

// Pinned packages are part of the folder's name, as install.sh makes it.
function digestOf (file: string): string {
  return createHash('sha256').update(readFileSync(new URL(file, import.meta.url))).digest('hex').slice(0, 12)
}

function firstExecutable (paths: string[]): string | undefined {
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
