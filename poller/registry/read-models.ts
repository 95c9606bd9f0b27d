// Reads the models of a round, one by one or by a scan of the whole registry, and leaves out answers that are behind earlier ones.
import { LRUCache } from 'lru-cache'
import { isRemoteError, RemoteError } from '../http/errors.ts'
import type { RegisteredModel, RegistryClient } from './client.ts'
import { inTurns } from './in-turns.ts'
import { judgeAge, type Age } from './observe.ts'
import { planReads, type KnownSize, type Plan } from './scan-plan.ts'

/** What was read of one model. 'Older' is an answer that is visibly behind one that was had before. */
export type ModelReading = { kind: 'Answer', model: RegisteredModel | undefined } | { kind: 'Older' } | { kind: 'Failed', error: RemoteError }

export type ModelReader = {
  /**
   * Reads these models of a workspace the cheaper way. Of `others` it gives what a scan brings along, which costs no further request; nothing when
   * there was none, or one did not come. Never throws what a server did.
   */
  readModels (workspace: string, models: Set<string>, others?: Set<string>): Promise<{ plan: Plan, readings: Map<string, ModelReading> }>
}

/** Entries of each memory of a registry; beyond it the least recently used are forgotten and read again. */
export const REMEMBERED = 50_000

export function createModelReader (client: RegistryClient, monotonic: () => number): ModelReader {
  const ages = new LRUCache<string, Age>({ max: REMEMBERED })
  const sizes = new Map<string, { models: number, at: number }>()

  function knownSize (workspace: string): KnownSize | undefined {
    const size = sizes.get(workspace)
    return size && { models: size.models, age: (monotonic() - size.at) / 1000 }
  }

  function receive (workspace: string, name: string, model: RegisteredModel | undefined): ModelReading {
    if (!model) return { kind: 'Answer', model }
    const key = keyOf(workspace, name)
    const { older, age } = judgeAge(ages.get(key), model)
    ages.set(key, age)
    return older ? { kind: 'Older' } : { kind: 'Answer', model }
  }

  async function getOne (workspace: string, name: string): Promise<ModelReading> {
    try {
      return receive(workspace, name, await client.getModel(workspace, name))
    } catch (error) {
      return failed(error)
    }
  }

  async function getEach (workspace: string, names: string[]): Promise<Map<string, ModelReading>> {
    return new Map(await inTurns(names, async (name) => [name, await getOne(workspace, name)] as const))
  }

  // Offset paging is no snapshot: a model may come twice, then the later one counts, or be missed, then it is asked for directly.
  async function scan (workspace: string, wanted: Set<string>, others: Set<string>): Promise<Map<string, ModelReading>> {
    const seen = new Map<string, RegisteredModel>()
    try {
      const names = await readPages(client, workspace, (model) => { if (wanted.has(model.name) || others.has(model.name)) seen.set(model.name, model) })
      sizes.set(workspace, { models: names, at: monotonic() })
    } catch (error) {
      // What the pages before had is as good as ever; the rest has no answer this time.
      const rest = failed(error)
      return new Map([...wanted].map((name) => [name, seen.has(name) ? receive(workspace, name, seen.get(name)) : rest]))
    }
    const answered = [...seen].map(([name, model]) => [name, receive(workspace, name, model)] as const)
    return new Map([...answered, ...await getEach(workspace, [...wanted].filter((name) => !seen.has(name)))])
  }

  return {
    async readModels (workspace, models, others = new Set()) {
      const plan = planReads(models, knownSize(workspace))
      const readings = plan.kind === 'Scan' ? await scan(workspace, models, others) : await getEach(workspace, plan.models)
      return { plan, readings }
    }
  }
}

/** Reads all pages and gives the number of models in them. */
async function readPages (client: RegistryClient, workspace: string, receive: (model: RegisteredModel) => void): Promise<number> {
  const tokens = new Set<string>()
  let count = 0
  let token: string | undefined
  do {
    const page = await client.searchModels(workspace, token)
    page.models.forEach(receive)
    count += page.models.length
    token = page.nextPageToken
    if (token !== undefined && tokens.has(token)) throw new RemoteError('BadAnswer', 'the registry gives the same page token again and again')
    if (token !== undefined) tokens.add(token)
  } while (token !== undefined)
  return count
}

function failed (error: unknown): ModelReading {
  if (!isRemoteError(error)) throw error
  return { kind: 'Failed', error }
}

/** One key of several parts, whatever characters they hold. */
export function keyOf (...parts: string[]): string {
  return JSON.stringify(parts)
}
