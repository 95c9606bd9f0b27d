// How far a download is, in a file beside it, so that the next process goes on: which bytes are on the disk for certain, and of which state of the source.
import { createHash } from 'node:crypto'
import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { readJson, startOver, writeDurably, type Places } from './places.ts'
import type { RemoteModel } from './remote.ts'

const FileState = Type.Object({
  validator: Type.Optional(Type.String()),
  size: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Bytes that have been synchronized with the disk. */
  synced: Type.Integer({ minimum: 0 })
})
export type FileState = Static<typeof FileState>

/** `model` stands for what the URI was resolved to. */
const State = Type.Object({ model: Type.String(), files: Type.Record(Type.String(), FileState) })

export type PartialState = {
  of: (path: string) => FileState
  /** Remembers and saves; calls that overlap are saved together. */
  save: (path: string, state: FileState) => Promise<void>
}

/** The state of an earlier run; where the source holds something else by now, what has arrived is forgotten. */
export async function openState (places: Places, { uri, isFile, files }: RemoteModel): Promise<PartialState> {
  const model = createHash('sha256').update(JSON.stringify([uri, isFile, files.map(({ path, size, validator }) => [path, size, validator])])).digest('hex')
  const found = await readJson(places.state)
  const state = Value.Check(State, found) && found.model === model ? found : { model, files: {} }
  if (state !== found) await startOver(places)
  let saving: Promise<void> = Promise.resolve()
  let waiting: Promise<void> | undefined
  return {
    of: (path) => Object.hasOwn(state.files, path) ? state.files[path] ?? { synced: 0 } : { synced: 0 },
    async save (path, file) {
      state.files[path] = file
      waiting ??= saving.then(async () => {
        waiting = undefined
        saving = writeDurably(places.state, JSON.stringify(state))
        await saving
      })
      await waiting
    }
  }
}
