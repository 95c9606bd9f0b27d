// What becomes of a model when it is validated or served: well, unless its own bytes say otherwise. So the model decides, as it does in a cluster.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What a line in a file of a model may say after `playground: `. What follows a further colon is what the container says at its end. */
export const CONDUCTS = ['fails validation', 'crashes', 'never answers'] as const
export type Conduct = (typeof CONDUCTS)[number]

const LINE = new RegExp(`playground: (${CONDUCTS.join('|')})(?:: *([^\\r\\n]{1,300}))?`, 'g')
const FILES = 100
const BYTES = 65_536

/** What the files below these folders say, with the words to it; only the beginning of each is read. */
export async function readConduct (folders: readonly string[]): Promise<ReadonlyMap<Conduct, string>> {
  const files = (await Promise.all(folders.map(filesBelow))).flat().slice(0, FILES)
  const texts = await Promise.all(files.map(beginningOf))
  return new Map(texts.flatMap((text) => [...text.matchAll(LINE)]).map(([, conduct, words]) => [conduct as Conduct, words ?? `the model ${conduct}`]))
}

async function filesBelow (folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).toSorted()
}

async function beginningOf (path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTES), 0, BYTES, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}
