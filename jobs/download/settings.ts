// The settings of the program, from the environment: what to download, with which credentials. Nothing else of it reads the environment,
// but for the SDKs of AWS and Google, which find credentials of the pod by themselves.
import { Type, type Static } from '@sinclair/typebox'
import { readEnvironment, type Variables } from '../../hooks/core/environment.ts'
import { oneOf } from '../../hooks/core/schema.ts'
import { ProgramSettings } from '../program/settings.ts'
import { DownloadError } from './failure.ts'

const text = (description = 'a text') => Type.String({ default: '', description })
const flag = (fallback: 'true' | 'false') => oneOf(['true', 'false'], { default: fallback, description: 'true or false' })
const seconds = (value: number) => Type.Number({ default: value, minimum: 0.001, maximum: 3600, description: 'a number of seconds up to 3600' })

/** Each property is an environment variable. The first eight are those of hooks/core/download.ts. */
export const Settings = Type.Object({
  MODEL_URI: Type.String({ description: 'the URI of a model' }),
  MODEL_SHA256: Type.String({ default: '', pattern: '^([0-9a-fA-F]{64})?$', description: '64 hexadecimal digits' }),
  MODEL_FOLDER: Type.String({ pattern: '^/([^/]+/)*[^/]+$', description: 'an absolute path without a slash at its end' }),
  MODEL_FILE_NAME: Type.String({ default: '', pattern: '^[^/]{0,255}$', description: 'a file name' }),
  MODEL_UNPACK: flag('false'),
  MODEL_MUST_HOLD: text('names with | between them'),
  MODEL_MAX_BYTES: Type.Integer({ default: 0, minimum: 0, description: 'a number of bytes; 0 for as many as there is room for' }),
  MODEL_SERVED_AS: text('the name of a model'),
  HTTP_USERNAME: text(),
  HTTP_PASSWORD: text(),
  HTTP_BEARER_TOKEN: text(),
  MLFLOW_TRACKING_URI: Type.String({ default: '', pattern: '^(https?://\\S+)?$', description: 'the http or https address of the tracking server' }),
  MLFLOW_TRACKING_USERNAME: text(),
  MLFLOW_TRACKING_PASSWORD: text(),
  MLFLOW_TRACKING_TOKEN: text(),
  MLFLOW_TRACKING_SERVER_CERT_PATH: text('a PEM file'),
  MLFLOW_WORKSPACE: text('the name of a workspace'),
  MLFLOW_S3_ENDPOINT_URL: text('the address of an S3 service'),
  AWS_ENDPOINT_URL: text('the address of an S3 service'),
  AWS_ENDPOINT_URL_S3: text('the address of an S3 service'),
  AWS_REGION: text('the name of a region'),
  AWS_DEFAULT_REGION: text('the name of a region'),
  GOOGLE_CREDENTIALS: text('the JSON of a service account key or of a workload identity federation'),
  STORAGE_EMULATOR_HOST: text('the address of a stand-in for Google Cloud Storage'),
  /** PEM text rather than a file, because the credentials Secret arrives as variables. */
  CA_CERTIFICATES: text('certificates of authorities in PEM'),
  ...ProgramSettings,
  /** The wait after the first failure; it doubles each time, up to thirtyfold. */
  DOWNLOAD_RETRY_SECONDS: seconds(1),
  /** How often a request is repeated that brings nothing further; with the waits above about a minute. */
  DOWNLOAD_RETRIES: Type.Integer({ default: 6, minimum: 0, maximum: 100, description: 'a number up to 100' }),
  /** A source that sends nothing for so long is asked anew. */
  DOWNLOAD_STALL_SECONDS: seconds(60)
})
export type Settings = Static<typeof Settings>

/** Reads the settings. Throws DownloadError with one sentence a mistake. */
export function readSettings (variables: Variables = process.env): Settings {
  const { values, problems } = readEnvironment(Settings, variables)
  if (problems.length > 0) throw new DownloadError('SettingsInvalid', problems.join('; '))
  return { ...values, MODEL_SHA256: values.MODEL_SHA256.toLowerCase() }
}

/** HTTPS_PROXY and its like, as Node's agents take them. */
export function proxyVariables (variables: Variables = process.env): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => /^(https?|no)_proxy$/i.test(name)))
}
