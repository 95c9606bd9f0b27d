// The registry's REST calls: parameters → registry → answer.
import { compareBy, parseFilter, parseOrder, PROMPT_TAG, takePage } from './filter.ts'
import type { Searchable } from './filter.ts'
import { list, modelName, optional, pageSize, required, tagList, versionNumber } from './parameters.ts'
import type { Parameters } from './parameters.ts'
import type { Model, Registry, Version } from './registry.ts'
import { aliasesOf, showModel, showVersion } from './shapes.ts'

export interface Call {
  readonly registry: Registry
  readonly parameters: Parameters
  /** True while the server plays a release before IN and `latest`. */
  readonly older: boolean
}

type Handler = (call: Call) => object

/** Handlers by path (below /api/2.0/mlflow/) and method. */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  'registered-models/create': { POST: createModel },
  'registered-models/get': { GET: ({ registry, parameters }) => ({ registered_model: showModel(registry.model(modelName(parameters))) }) },
  'registered-models/update': { PATCH: updateModel },
  'registered-models/delete': { DELETE: deleteModel },
  'registered-models/search': { GET: searchModels },
  'registered-models/alias': { GET: getAlias, POST: setAlias, DELETE: deleteAlias },
  'registered-models/set-tag': { POST: setModelTag },
  'registered-models/delete-tag': { DELETE: deleteModelTag },
  'model-versions/create': { POST: createVersion },
  'model-versions/get': { GET: getVersion },
  'model-versions/get-download-uri': { GET: getDownloadUri },
  'model-versions/update': { PATCH: updateVersion },
  'model-versions/delete': { DELETE: deleteVersion },
  'model-versions/search': { GET: searchVersions },
  'model-versions/set-tag': { POST: setVersionTag },
  'model-versions/delete-tag': { DELETE: deleteVersionTag }
}

function createModel ({ registry, parameters }: Call): object {
  const model = registry.createModel(modelName(parameters), optional(parameters, 'description'), tagList(parameters))
  return { registered_model: showModel(model) }
}

function updateModel ({ registry, parameters }: Call): object {
  return { registered_model: showModel(registry.updateModel(modelName(parameters), optional(parameters, 'description'))) }
}

function deleteModel ({ registry, parameters }: Call): object {
  registry.deleteModel(modelName(parameters))
  return {}
}

function searchModels ({ registry, parameters, older }: Call): object {
  const size = pageSize(parameters, 100, 1000)
  const filter = optional(parameters, 'filter')
  const accepts = parseFilter(filter, { attributes: ['name'], allowIn: !older })
  const hidesPrompts = !filter.includes(PROMPT_TAG)
  const orders = parseOrder(list(parameters, 'order_by'),
    { name: 'name', timestamp: 'timestamp', last_updated_timestamp: 'timestamp' }, ['name', 'timestamp'])
  const found = [...registry.models.values()]
    .map(model => ({ model, ...searchableModel(model) }))
    .filter(found => accepts(found) && !(hidesPrompts && found.tags.has(PROMPT_TAG)))
    .sort(compareBy([...orders, { key: 'name', descending: false }]))
  const { items, token } = takePage(found, size, optional(parameters, 'page_token'))
  return {
    ...(items.length > 0 && { registered_models: items.map(({ model }) => showModel(model)) }),
    ...(token !== undefined && { next_page_token: token })
  }
}

function searchableModel (model: Model): Searchable {
  return { attributes: { name: model.name, timestamp: model.updatedAt }, tags: model.tags }
}

function getAlias ({ registry, parameters }: Call): object {
  const name = modelName(parameters)
  const version = registry.byAlias(name, required(parameters, 'alias'))
  return { model_version: showVersion(version, aliasesOf(registry.model(name), version.version)) }
}

function setAlias ({ registry, parameters }: Call): object {
  registry.setAlias(modelName(parameters), required(parameters, 'alias'), required(parameters, 'version'))
  return {}
}

function deleteAlias ({ registry, parameters }: Call): object {
  registry.deleteAlias(modelName(parameters), required(parameters, 'alias'))
  return {}
}

function setModelTag ({ registry, parameters }: Call): object {
  registry.setModelTag(modelName(parameters), required(parameters, 'key'), optional(parameters, 'value'))
  return {}
}

function deleteModelTag ({ registry, parameters }: Call): object {
  registry.deleteModelTag(modelName(parameters), required(parameters, 'key'))
  return {}
}

function createVersion ({ registry, parameters }: Call): object {
  const version = registry.createVersion(modelName(parameters), {
    source: required(parameters, 'source'),
    runId: optional(parameters, 'run_id'),
    runLink: optional(parameters, 'run_link'),
    description: optional(parameters, 'description'),
    tags: tagList(parameters)
  })
  return { model_version: showVersion(version) }
}

function getVersion ({ registry, parameters }: Call): object {
  const version = registry.version(modelName(parameters), versionNumber(parameters))
  return { model_version: showVersion(version, aliasesOf(registry.model(version.name), version.version)) }
}

function getDownloadUri ({ registry, parameters }: Call): object {
  return { artifact_uri: registry.version(modelName(parameters), versionNumber(parameters)).downloadUri }
}

function updateVersion ({ registry, parameters }: Call): object {
  const version = registry.updateVersion(modelName(parameters), versionNumber(parameters), optional(parameters, 'description'))
  return { model_version: showVersion(version, aliasesOf(registry.model(version.name), version.version)) }
}

function deleteVersion ({ registry, parameters }: Call): object {
  registry.deleteVersion(modelName(parameters), versionNumber(parameters))
  return {}
}

function searchVersions ({ registry, parameters }: Call): object {
  const size = pageSize(parameters, 200_000, 200_000)
  const attributes = ['version_number', 'source_path', 'name', 'run_id']
  const accepts = parseFilter(optional(parameters, 'filter'), { attributes, allowIn: false })
  const orders = parseOrder(list(parameters, 'order_by'), {
    name: 'name', version_number: 'version_number', creation_timestamp: 'creation_timestamp', last_updated_timestamp: 'last_updated_timestamp'
  }, ['name', 'version_number', 'creation_timestamp', 'last_updated_timestamp'])
  const found = [...registry.models.values()].flatMap(model => [...model.versions.values()])
    .map(version => ({ version, ...searchableVersion(version) }))
    .filter(accepts)
    .sort(compareBy([...orders,
      { key: 'last_updated_timestamp', descending: true }, { key: 'name', descending: false }, { key: 'version_number', descending: true }]))
  const { items, token } = takePage(found, size, optional(parameters, 'page_token'))
  return {
    ...(items.length > 0 && { model_versions: items.map(({ version }) => showVersion(version)) }),
    ...(token !== undefined && { next_page_token: token })
  }
}

function searchableVersion (version: Version): Searchable {
  return {
    attributes: {
      name: version.name,
      version_number: Number(version.version),
      source_path: version.source,
      run_id: version.runId,
      creation_timestamp: version.createdAt,
      last_updated_timestamp: version.updatedAt
    },
    tags: version.tags
  }
}

function setVersionTag ({ registry, parameters }: Call): object {
  registry.setVersionTag(modelName(parameters), versionNumber(parameters), required(parameters, 'key'), optional(parameters, 'value'))
  return {}
}

function deleteVersionTag ({ registry, parameters }: Call): object {
  registry.deleteVersionTag(modelName(parameters), versionNumber(parameters), required(parameters, 'key'))
  return {}
}
