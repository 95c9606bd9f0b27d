// What kubectl prints, kept as people see it, so that documentation can quote it.
import { appendFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CAST } from './cast.ts'
import type { Kubectl } from './commands.ts'
import { OUTPUT } from './stage.ts'

/** Runs kubectl with each line of arguments, and keeps commands and outputs under this title. Resolves with the outputs. */
export type Transcript = (title: string, ...lines: string[]) => Promise<string[]>

/** Transcripts of one story go into a folder of its own, numbered in their order. */
export function transcriptOf (story: string, kubectl: Kubectl): Transcript {
  const folder = join(OUTPUT, CAST, story)
  let count = 0
  return async (title, ...lines) => {
    count += 1
    const file = join(folder, `${String(count).padStart(2, '0')}-${title}.txt`)
    // What an earlier run has left is not of this one.
    if (count === 1) await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const outputs: string[] = []
    for (const line of lines) {
      const output = await kubectl(line.split(' '))
      outputs.push(output)
      await appendFile(file, `$ kubectl ${line}\n${output}\n`)
    }
    return outputs
  }
}
