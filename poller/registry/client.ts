// The calls to MLflow's registry that the poller needs, with typed answers and MLflow's own error codes understood.
import { Type, type Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { Answer } from '../http/answer.ts'
import { createJsonClient, type RequestReport } from '../http/client.ts'
import type { Endpoint } from '../http/config.ts'
import type { ReadCa } from '../http/connector.ts'
import type { TokenSource } from '../http/credentials.ts'
import { isRemoteError, RemoteError, type RemoteErrorKind } from '../http/errors.ts'
import type { ResilienceOptions } from '../http/resilience.ts'
import { pick } from '../pick.ts'

// protobuf's JSON leaves out what is unset or empty, so nearly all is optional; times are milliseconds.
const Millis = Type.Optional(Type.Integer({ minimum: 0 }))

/** The end of the year 9999, the last that RFC 3339 can write. */
const LAST_MILLIS = 253_402_300_799_999

export const ModelVersion = Type.Object({
  name: Type.String(),
  version: Type.String({ minLength: 1, maxLength: 64 }),
  creation_timestamp: Type.Integer({ minimum: 0, maximum: LAST_MILLIS }),
  status: Type.Optional(Type.String()),
  status_message: Type.Optional(Type.String()),
  run_id: Type.Optional(Type.String({ maxLength: 256 }))
})
export type ModelVersion = Static<typeof ModelVersion>

export const RegisteredModel = Type.Object({
  name: Type.String(),
  creation_timestamp: Millis,
  last_updated_timestamp: Millis,
  aliases: Type.Optional(Type.Array(Type.Object({ alias: Type.String(), version: Type.String({ minLength: 1, maxLength: 64 }) }))),
  /** The newest version of each stage, in full: often the very one that an alias names. */
  latest_versions: Type.Optional(Type.Array(ModelVersion))
})
export type RegisteredModel = Static<typeof RegisteredModel>

const model = TypeCompiler.Compile(RegisteredModel)

const OneModel = Type.Object({ registered_model: RegisteredModel })
const OneVersion = Type.Object({ model_version: ModelVersion })
const Page = Type.Object({ registered_models: Type.Optional(Type.Array(RegisteredModel)), next_page_token: Type.Optional(Type.String()) })
const DownloadUri = Type.Object({ artifact_uri: Type.Optional(Type.String()) })

export type RegistryClientOptions = {
  server: string
  endpoint: Endpoint
  pageSize?: number
  token?: TokenSource
  /** Takes the place of endpoint.caFile. */
  readCa?: ReadCa
  onRequest?: (report: RequestReport) => void
  resilience?: ResilienceOptions
  /** [5000] and [30000]: milliseconds for a single read and for a page of a scan. */
  readTimeout?: number
  scanTimeout?: number
}

/** Every call takes the workspace, '' for none. All throw RemoteError; what does not exist is undefined, not an error. */
export type RegistryClient = {
  getModel (workspace: string, name: string): Promise<RegisteredModel | undefined>
  /** One page, and the token of the next if there is one. */
  searchModels (workspace: string, pageToken?: string): Promise<{ models: RegisteredModel[], nextPageToken?: string }>
  getVersion (workspace: string, name: string, version: string): Promise<ModelVersion | undefined>
  /** The version an alias names; undefined when alias or model is missing. */
  getAlias (workspace: string, name: string, alias: string): Promise<ModelVersion | undefined>
  /** Where MLflow says the artifacts are; '' when it does not say, undefined when there is no such version. */
  getDownloadUri (workspace: string, name: string, version: string): Promise<string | undefined>
  close (): Promise<void>
}

/** At most this many requests are in flight to one MLflow server. */
const MAX_IN_FLIGHT = 6

/** A client of one registry. */
export function createRegistryClient (options: RegistryClientOptions): RegistryClient {
  const { server, endpoint, pageSize = 500, readTimeout = 5_000, scanTimeout = 30_000 } = options
  const http = createJsonClient({
    server,
    endpoint,
    maxInFlight: MAX_IN_FLIGHT,
    timeout: readTimeout,
    classify: classifyMlflow,
    ...(options.token ? { token: options.token } : {}),
    ...(options.readCa ? { readCa: options.readCa } : {}),
    ...(options.onRequest ? { onRequest: options.onRequest } : {}),
    ...(options.resilience ? { resilience: options.resilience } : {})
  })

  function call (operation: string, workspace: string, query: Record<string, string>) {
    return { operation, path: `/api/2.0/mlflow/${operation}`, query, headers: workspace === '' ? {} : { 'x-mlflow-workspace': workspace } }
  }

  return {
    async getModel (workspace, name) {
      const answer = await orMissing(http.request({ ...call('registered-models/get', workspace, { name }), schema: OneModel }))
      return answer?.registered_model
    },
    async searchModels (workspace, pageToken) {
      const query = { max_results: String(pageSize), ...(pageToken === undefined ? {} : { page_token: pageToken }) }
      const page = await http.request({ ...call('registered-models/search', workspace, query), schema: Page, items: { key: 'registered_models', keep: slim }, timeout: scanTimeout })
      return { models: page.registered_models ?? [], ...(page.next_page_token ? { nextPageToken: page.next_page_token } : {}) }
    },
    async getVersion (workspace, name, version) {
      const answer = await orMissing(http.request({ ...call('model-versions/get', workspace, { name, version }), schema: OneVersion }))
      return answer?.model_version
    },
    async getAlias (workspace, name, alias) {
      const answer = await orMissing(http.request({ ...call('registered-models/alias', workspace, { name, alias }), schema: OneVersion }))
      return answer?.model_version
    },
    async getDownloadUri (workspace, name, version) {
      const answer = await orMissing(http.request({ ...call('model-versions/get-download-uri', workspace, { name, version }), schema: DownloadUri }))
      return answer && (answer.artifact_uri ?? '')
    },
    close: () => http.close()
  }
}

/**
 * What is needed of a model: thousands are held while a scan goes on, and descriptions and tags are most of it. Of the versions listed in full
 * only those that have an alias.
 */
function slim (item: unknown): unknown {
  // What has another shape is for the check of the whole answer to find.
  if (!model.Check(item)) return item
  const named = item.latest_versions?.filter(({ version }) => item.aliases?.some((pair) => pair.version === version)) ?? []
  return {
    ...pick(item, ['name', 'creation_timestamp', 'last_updated_timestamp']),
    ...(item.aliases && { aliases: item.aliases.map((pair) => pick(pair, ['alias', 'version'])) }),
    ...(named.length > 0 && { latest_versions: named.map((version) => pick(version, ['name', 'version', 'creation_timestamp', 'status', 'run_id'])) })
  }
}

type MlflowError = { code: string, message: string }

function mlflowError (body: unknown): MlflowError {
  const { error_code: code, message } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' }
}

/**
 * MLflow's codes where they say more than the HTTP status:
 * BAD_REQUEST (400) is any trouble of its database but a lost connection: it passes. FEATURE_DISABLED (500) is a workspace on a server
 * that has none: it stays. A 404 counts as "there is none" only when MLflow itself says it, and not of the workspace.
 */
function classifyMlflow ({ status, body }: Answer): RemoteErrorKind | undefined {
  if (body === undefined) return undefined
  const { code, message } = mlflowError(body)
  if (code === 'BAD_REQUEST') return 'Unreachable'
  if (code === 'FEATURE_DISABLED') return 'BadRequest'
  if (status === 404) return code === 'RESOURCE_DOES_NOT_EXIST' && !/^workspace\b/i.test(message) ? 'NotFound' : 'BadAnswer'
  return undefined
}

// An alias that does not exist is 400 INVALID_PARAMETER_VALUE, as is a missing workspace header; only the words tell them apart.
// A name that the server would never admit cannot exist there either.
const MISSING = /^(registered model alias .* not found|invalid model name)/i

async function orMissing<T> (answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (!isRemoteError(error)) throw error
    if (error.kind === 'NotFound') return undefined
    const { code, message } = mlflowError(error.body)
    if (error.kind === 'BadRequest' && code === 'INVALID_PARAMETER_VALUE' && MISSING.test(message)) return undefined
    if (code === 'FEATURE_DISABLED') throw new RemoteError('BadRequest', `${error.message}; leave spec.workspace empty, or enable workspaces on the server`, { body: error.body, cause: error, ...(error.status === undefined ? {} : { status: error.status }) })
    throw error
  }
}
