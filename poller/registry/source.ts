// One registry as the observer uses it: its configuration, what is remembered of it, and what its answers mean.
import { LRUCache } from 'lru-cache'
import { VERSION_NUMBER } from '../../hooks/core/facts.ts'
import type { RegistryQuestion } from '../../hooks/core/registry-question.ts'
import type { ModelVersion, RegisteredModel, RegistryClient } from './client.ts'
import type { Entry } from './config.ts'
import { findAlias, found, hasOtherCase, missing, unnumbered, type Observation, type VersionAnswer, type VersionRecord } from './observe.ts'
import { createModelReader, keyOf, REMEMBERED, type ModelReader } from './read-models.ts'

const NUMBER = new RegExp(VERSION_NUMBER)

export type Source = ModelReader & {
  config: Entry
  /** What the model read answers to a question, with the further reads that needs. `last` is the state known before. Throws RemoteError. */
  observe (question: RegistryQuestion, model: RegisteredModel | undefined, last: string | undefined): Promise<Observation>
  close (): Promise<void>
}

export function createSource (config: Entry, client: RegistryClient, monotonic: () => number): Source {
  const versions = new LRUCache<string, VersionRecord>({ max: REMEMBERED })

  async function readVersion (question: RegistryQuestion, model: RegisteredModel, version: string, listed?: ModelVersion): Promise<VersionAnswer> {
    // Numbers are not used twice within the life of a model, and its creation time names that life.
    const key = keyOf(question.workspace, model.name, String(model.creation_timestamp), version)
    const known = versions.get(key)
    if (known) return { kind: 'Ready', record: known }
    const answer = listed ?? await client.getVersion(question.workspace, model.name, version)
    if (!answer) return { kind: 'Gone' }
    const createdAt = new Date(answer.creation_timestamp).toISOString()
    // Servers of before stages of registration leave status out; there a version is ready once it exists.
    if ((answer.status ?? 'READY') !== 'READY') return { kind: 'NotReady', createdAt, status: answer.status ?? '' }
    const downloadUri = await client.getDownloadUri(question.workspace, model.name, version)
    if (downloadUri === undefined) return { kind: 'Gone' }
    const record = { createdAt, downloadUri, ...(answer.run_id ? { runId: answer.run_id } : {}) }
    if (model.creation_timestamp !== undefined) versions.set(key, record)
    return { kind: 'Ready', record }
  }

  // The end of an alias may stop what is served, so it is never believed of one answer alone.
  async function confirmAlias (question: RegistryQuestion, model: RegisteredModel, last: string | undefined): Promise<ModelVersion | undefined> {
    if (last === 'AliasMissing' || hasOtherCase(model, question.alias)) return undefined
    return await client.getAlias(question.workspace, question.model, question.alias)
  }

  async function observeVersion (question: RegistryQuestion, model: RegisteredModel, version: string, confirmed: ModelVersion | undefined): Promise<Observation> {
    if (!NUMBER.test(version)) return unnumbered(question)
    const listed = confirmed ?? model.latest_versions?.find((candidate) => candidate.version === version)
    return found(question, version, await readVersion(question, model, version, listed), config)
  }

  return {
    config,
    readModels: createModelReader(client, monotonic).readModels,
    async observe (question, read, last) {
      const model = read ?? (last === 'ModelMissing' ? undefined : await client.getModel(question.workspace, question.model))
      if (!model) return missing(question, 'ModelMissing')
      const named = findAlias(model, question.alias)
      const confirmed = named === undefined ? await confirmAlias(question, model, last) : undefined
      const version = named ?? confirmed?.version
      if (version === undefined) return missing(question, 'AliasMissing')
      return await observeVersion(question, model, version, confirmed)
    },
    close: () => client.close()
  }
}
