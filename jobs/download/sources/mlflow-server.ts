// The questions to an MLflow tracking server, with its own words for what does not exist.
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { DownloadError } from '../failure.ts'
import { basic, bearer, fromUrl } from '../http/credentials.ts'
import { addressOf } from '../http/refusal.ts'
import type { Context } from './source.ts'

export type Mlflow = {
  /** Its address, with a slash at the end. */
  url: URL
  /** For what is asked of its own host. */
  authorization: string | undefined
  headers: Record<string, string>
  /** The version that an alias names. */
  aliasVersion: (name: string, alias: string) => Promise<string>
  versionLocation: (name: string, version: string) => Promise<string>
  loggedModelLocation: (id: string) => Promise<string>
  run: (id: string) => Promise<{ location: string, experiment: string }>
  /** Where the model lies that the run logged under this name, if it did. */
  loggedModel: (asked: { run: string, experiment: string, name: string }) => Promise<string | undefined>
  /** Asks, and holds the answer against a schema. Throws DownloadError. */
  ask: <T extends TSchema>(path: string, query: Record<string, string>, schema: T) => Promise<Static<T>>
}

const Alias = Type.Object({ model_version: Type.Object({ version: Type.String({ minLength: 1, maxLength: 64 }) }) })
const Location = Type.Object({ artifact_uri: Type.Optional(Type.String()) })
const Info = Type.Object({ model_id: Type.String(), name: Type.Optional(Type.String()), artifact_uri: Type.Optional(Type.String()), source_run_id: Type.Optional(Type.String()) })
const Model = Type.Object({ model: Type.Object({ info: Info }) })
const Models = Type.Object({ models: Type.Optional(Type.Array(Type.Object({ info: Info }))), next_page_token: Type.Optional(Type.String()) })
const Run = Type.Object({ run: Type.Object({ info: Type.Object({ artifact_uri: Type.Optional(Type.String()), experiment_id: Type.String() }) }) })

/** The tracking server of the settings. Throws SettingsInvalid where there is none. */
export function connectMlflow ({ settings, http, persistently, signal }: Context): Mlflow {
  const { MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_WORKSPACE } = settings
  if (MLFLOW_TRACKING_URI === '') throw new DownloadError('SettingsInvalid', 'the source is one of MLflow, and nobody says where that is; put MLFLOW_TRACKING_URI into the credentials Secret')
  const url = new URL(`${MLFLOW_TRACKING_URI.replace(/\/+$/, '')}/`)
  // As MLflow's own client: name and password win.
  const authorization = basic(MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD) ?? bearer(MLFLOW_TRACKING_TOKEN) ?? fromUrl(url)
  const headers: Record<string, string> = MLFLOW_WORKSPACE === '' ? {} : { 'x-mlflow-workspace': MLFLOW_WORKSPACE }

  async function send<T extends TSchema> (path: string, schema: T, { query = {}, body }: { query?: Record<string, string>, body?: object }): Promise<Static<T>> {
    const asked = new URL(path, url)
    asked.search = new URLSearchParams(query).toString()
    const content = body && { method: 'POST' as const, body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } }
    const answer = await persistently(() => http.askJson(asked, { headers, authorization, signal, ...content }))
    if (Value.Check(schema, answer)) return answer
    throw new DownloadError('Refused', `${addressOf(asked)} answers otherwise than MLflow does; check MLFLOW_TRACKING_URI`)
  }
  const ask: Mlflow['ask'] = (path, query, schema) => send(path, schema, { query })

  return {
    url,
    authorization,
    headers,
    ask,
    async aliasVersion (name, alias) {
      const { model_version: { version } } = await naming(`${name}@${alias}`, ask('api/2.0/mlflow/registered-models/alias', { name, alias }, Alias))
      return version
    },
    async versionLocation (name, version) {
      const { artifact_uri: location } = await naming(`${name}/${version}`, ask('api/2.0/mlflow/model-versions/get-download-uri', { name, version }, Location))
      return named(location, `version ${version} of ${name}`)
    },
    async loggedModelLocation (id) {
      const { model: { info } } = await ask(`api/2.0/mlflow/logged-models/${id}`, {}, Model)
      return named(info.artifact_uri, id)
    },
    async run (id) {
      const { run: { info } } = await ask('api/2.0/mlflow/runs/get', { run_id: id }, Run)
      return { location: named(info.artifact_uri, `run ${id}`), experiment: info.experiment_id }
    },
    async loggedModel ({ run, experiment, name }) {
      let token: string | undefined
      do {
        const body = { experiment_ids: [experiment], filter: `name = '${name.replaceAll("'", '')}'`, ...(token !== undefined && { page_token: token }) }
        const page = await send('api/2.0/mlflow/logged-models/search', Models, { body }).catch(nothing) as Static<typeof Models>
        const found = page.models?.find(({ info }) => info.source_run_id === run && info.name === name)
        if (found) return found.info.artifact_uri
        token = page.next_page_token
      } while (token !== undefined && token !== '')
      return undefined
    }
  }
}

/** A server before MLflow 3 does not know the question. */
function nothing (error: unknown): Record<string, never> {
  if (error instanceof DownloadError && ['NotFound', 'Refused'].includes(error.reason)) return {}
  throw error
}

/** An alias that does not exist is a 400 to MLflow. */
async function naming<T> (what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof DownloadError) || error.reason !== 'Refused' || !/not found/i.test(error.message)) throw error
    throw new DownloadError('NotFound', `MLflow knows no ${what} (${error.message}); check name, version and alias`, { cause: error })
  }
}

function named (location: string | undefined, what: string): string {
  if (location === undefined || location === '') throw new DownloadError('NotFound', `MLflow names no artifacts of ${what}; log or register it again`)
  return location
}
