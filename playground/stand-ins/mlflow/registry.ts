// The model registry in memory: models, versions, aliases and tags, with the rules of MLflow's SQL store.
import { invalid, missing, MlflowError } from './errors.ts'

export type VersionStatus = 'READY' | 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION'

export interface Version {
  readonly name: string
  readonly version: string
  /** Milliseconds. */
  readonly createdAt: number
  updatedAt: number
  description: string
  readonly source: string
  /** What get-download-uri answers; the source unless it was a reference that the server resolved. */
  readonly downloadUri: string
  readonly runId: string
  readonly runLink: string
  status: VersionStatus
  statusMessage: string
  readonly tags: Map<string, string>
}

export interface Model {
  readonly name: string
  readonly createdAt: number
  updatedAt: number
  description: string
  readonly tags: Map<string, string>
  readonly versions: Map<string, Version>
  /** Alias → version. */
  readonly aliases: Map<string, string>
  /** Highest number ever given, deleted versions included. */
  lastNumber: number
}

export interface NewVersion {
  readonly source: string
  readonly downloadUri?: string
  readonly runId?: string
  readonly runLink?: string
  readonly description?: string
  readonly tags?: ReadonlyArray<readonly [string, string]>
  readonly status?: VersionStatus
}

/** What a webhook of the registry hears. */
export interface RegistryEvent {
  readonly entity: 'registered_model' | 'model_version' | 'model_version_tag' | 'model_version_alias'
  readonly action: 'created' | 'deleted' | 'set'
  readonly data: Readonly<Record<string, unknown>>
}

export interface Registry {
  readonly models: ReadonlyMap<string, Model>
  createModel (name: string, description?: string, tags?: ReadonlyArray<readonly [string, string]>): Model
  /** Throws RESOURCE_DOES_NOT_EXIST. */
  model (name: string): Model
  updateModel (name: string, description: string): Model
  deleteModel (name: string): void
  createVersion (name: string, version: NewVersion): Version
  /** Throws RESOURCE_DOES_NOT_EXIST. */
  version (name: string, version: string): Version
  updateVersion (name: string, version: string, description: string): Version
  /** READY, PENDING_REGISTRATION or FAILED_REGISTRATION; a Databricks registry passes through these. */
  setStatus (name: string, version: string, status: VersionStatus, message?: string): void
  /** Also removes the version's aliases, of which no webhook hears. */
  deleteVersion (name: string, version: string): void
  setAlias (name: string, alias: string, version: string): void
  deleteAlias (name: string, alias: string): void
  /** Throws INVALID_PARAMETER_VALUE when the alias is unknown; `latest` (any release ≥ 3.3) is the newest version. */
  byAlias (name: string, alias: string): Version
  setModelTag (name: string, key: string, value: string): void
  deleteModelTag (name: string, key: string): void
  setVersionTag (name: string, version: string, key: string, value: string): void
  deleteVersionTag (name: string, version: string, key: string): void
}

export interface RegistryOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly notify: (event: RegistryEvent) => void
  /** Answers as a release before 3.3: no `latest` alias. */
  readonly isOlder: () => boolean
}

/** An empty registry. Every method throws MlflowError with MLflow's own words. */
export function createRegistry (options: RegistryOptions): Registry {
  const models = new Map<string, Model>()

  function model (name: string): Model {
    const found = models.get(name)
    if (found === undefined) throw missing(`Registered Model with name=${name} not found`)
    return found
  }

  function version (name: string, number: string): Version {
    const found = models.get(name)?.versions.get(number)
    if (found === undefined) throw missing(`Model Version (name=${name}, version=${number}) not found`)
    return found
  }

  return {
    models,
    model,
    version,
    ...modelWrites(models, model, options),
    ...versionWrites(model, version, options),
    ...aliasCalls(model, version, options),
    ...tagWrites(model, version, options)
  }
}

type FindModel = Registry['model']
type FindVersion = Registry['version']

function modelWrites (models: Map<string, Model>, model: FindModel, { now, notify }: RegistryOptions): Pick<Registry, 'createModel' | 'updateModel' | 'deleteModel'> {
  return {
    createModel (name, description = '', tags = []) {
      if (models.has(name)) throw new MlflowError('RESOURCE_ALREADY_EXISTS', `Registered Model (name=${name}) already exists.`)
      const at = now()
      const created: Model = {
        name, createdAt: at, updatedAt: at, description, tags: new Map(tags), versions: new Map(), aliases: new Map(), lastNumber: 0
      }
      models.set(name, created)
      notify({ entity: 'registered_model', action: 'created', data: { name, tags: Object.fromEntries(tags), description } })
      return created
    },
    updateModel (name, description) {
      const found = model(name)
      found.description = description
      found.updatedAt = now()
      return found
    },
    deleteModel (name) {
      models.delete(model(name).name)
    }
  }
}

function versionWrites (model: FindModel, version: FindVersion, { now, notify }: RegistryOptions): Pick<Registry, 'createVersion' | 'updateVersion' | 'setStatus' | 'deleteVersion'> {
  return {
    createVersion (name, given) {
      const owner = model(name)
      const at = now()
      owner.lastNumber += 1
      owner.updatedAt = at
      const created = makeVersion(name, String(owner.lastNumber), at, given)
      owner.versions.set(created.version, created)
      notify({
        entity: 'model_version',
        action: 'created',
        data: { name, version: created.version, source: created.source, run_id: created.runId || null, tags: Object.fromEntries(created.tags), description: created.description || null }
      })
      return created
    },
    updateVersion (name, number, description) {
      const found = version(name, number)
      found.description = description
      found.updatedAt = now()
      return found
    },
    setStatus (name, number, status, message = '') {
      const found = version(name, number)
      found.status = status
      found.statusMessage = message
      found.updatedAt = now()
    },
    deleteVersion (name, number) {
      version(name, number)
      const owner = model(name)
      owner.versions.delete(number)
      owner.updatedAt = now()
      for (const [alias, target] of owner.aliases) if (target === number) owner.aliases.delete(alias)
    }
  }
}

function makeVersion (name: string, version: string, at: number, given: NewVersion): Version {
  return {
    name,
    version,
    createdAt: at,
    updatedAt: at,
    description: given.description ?? '',
    source: given.source,
    downloadUri: given.downloadUri ?? given.source,
    runId: given.runId ?? '',
    runLink: given.runLink ?? '',
    status: given.status ?? 'READY',
    statusMessage: '',
    tags: new Map(given.tags)
  }
}

function aliasCalls (model: FindModel, version: FindVersion, { notify, isOlder }: RegistryOptions): Pick<Registry, 'setAlias' | 'deleteAlias' | 'byAlias'> {
  return {
    setAlias (name, alias, number) {
      checkAliasName(alias)
      if (alias.toLowerCase() === 'latest') throw invalid("'latest' alias name (case insensitive) is reserved.")
      if (/^v\d+$/i.test(alias)) throw invalid(`Version alias name '${alias}' is reserved.`)
      version(name, number)
      model(name).aliases.set(alias, number)
      // Moving an alias, or setting it again, counts as created.
      notify({ entity: 'model_version_alias', action: 'created', data: { name, alias, version: number } })
    },
    deleteAlias (name, alias) {
      checkAliasName(alias)
      model(name).aliases.delete(alias)
      notify({ entity: 'model_version_alias', action: 'deleted', data: { name, alias } })
    },
    byAlias (name, alias) {
      checkAliasName(alias)
      if (alias.toLowerCase() === 'latest' && !isOlder()) return newest(model(name))
      const number = model(name).aliases.get(alias)
      if (number === undefined) throw invalid(`Registered model alias ${alias} not found.`)
      return version(name, number)
    }
  }
}

function newest ({ name, versions }: Model): Version {
  const found = [...versions.values()].at(-1)
  if (found === undefined) throw missing(`Latest version not found for model ${name}.`)
  return found
}

function checkAliasName (alias: string): void {
  if (alias.length > 255) throw invalid(`Registered model alias name '${alias}' is too long.`)
  if (!/^[\w-]+$/.test(alias)) {
    throw invalid(`Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`)
  }
}

function tagWrites (model: FindModel, version: FindVersion, { notify }: RegistryOptions): Pick<Registry, 'setModelTag' | 'deleteModelTag' | 'setVersionTag' | 'deleteVersionTag'> {
  return {
    setModelTag (name, key, value) { model(name).tags.set(key, value) },
    deleteModelTag (name, key) { model(name).tags.delete(key) },
    setVersionTag (name, number, key, value) {
      version(name, number).tags.set(key, value)
      notify({ entity: 'model_version_tag', action: 'set', data: { name, version: number, key, value } })
    },
    deleteVersionTag (name, number, key) {
      version(name, number).tags.delete(key)
      notify({ entity: 'model_version_tag', action: 'deleted', data: { name, version: number, key } })
    }
  }
}
