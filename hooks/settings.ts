// The settings of the hooks, from the environment. Nothing else of the hooks reads it.
import { readFileSync } from 'node:fs'
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { readEnvironment, SettingsError, type Variables } from './core/environment.ts'
import { Images } from './core/images.ts'
import { Platform } from './core/platform.ts'
import { accessProblems, RegistryAccess } from './core/registry-access.ts'
import type { OwnSettings } from './core/request.ts'
import { oneOf } from './core/schema.ts'

/** The version of this package. */
export const RELEASE = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version

/** Each property is an environment variable. */
export const Settings = Type.Object({
  HOST: Type.String({ default: '0.0.0.0', description: 'an address to listen on' }),
  PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65535, description: 'a port from 0 (any free one) to 65535' }),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info', description: 'one of trace, debug, info, warn, error, fatal, silent' }),
  /** File with the bearer tokens that callers may present, one a line. Absent: callers are not asked. */
  HOOK_TOKEN_FILE: Type.Optional(Type.String({ description: 'a file with one token a line' })),
  TLS_CERT_FILE: Type.Optional(Type.String({ description: 'a PEM file' })),
  TLS_KEY_FILE: Type.Optional(Type.String({ description: 'a PEM file' })),
  /** JSON: what objects may do with the entries of the poller's configuration, by name. Absent: every fact of the poller is believed. */
  REGISTRIES: Type.Optional(Type.String({ description: 'a JSON object such as {"default": {"artifactRoots": ["s3://mlflow"]}}, with the fields namespaces, workspaces and artifactRoots of the entries in the poller\'s configuration' })),
  /** JSON: images of the pods that hooks ask for. Absent: the pinned ones. */
  IMAGES: Type.Optional(Type.String({ description: 'a JSON object such as {"jobs": "registry.example.com/sluice:1", "runtimes": {"triton": "registry.example.com/triton:1"}}' })),
  /** JSON: what the cluster around MLflow servers is like. Absent: plain Kubernetes. */
  PLATFORM: Type.Optional(Type.String({ description: 'a JSON object such as {"mode": "opendatahub", "externalUrl": "https://gateway.example.com"}' })),
  /** Release and checksum of the settings: calls that ask for another one are sent away, so that two releases never alternate on one object. */
  HOOKS_V: Type.String({ default: RELEASE, maxLength: 128, description: 'a text of at most 128 characters' }),
  /** How much memory may hold answers, so that the same call need not be computed again. */
  ANSWER_CACHE_MIB: Type.Integer({ default: 16, minimum: 0, maximum: 4096, description: 'a whole number of MiB from 0 (none) to 4096' }),
  /** How long to send new calls away before the port closes, so that the Service has stopped sending them. */
  DRAIN_SECONDS: Type.Number({ default: 5, minimum: 0, maximum: 25, description: 'a number of seconds from 0 to 25' })
})
export type Settings = Static<typeof Settings> & { own: OwnSettings }

const Entries = Type.Record(Type.String(), RegistryAccess)

/** Reads the settings. Throws SettingsError. */
export function readSettings (variables: Variables = process.env): Settings {
  const { values, problems } = readEnvironment(Settings, variables)
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = values
  if (cert && !key) problems.push('TLS_KEY_FILE is not set but TLS_CERT_FILE is: set both, or neither for plain HTTP')
  if (key && !cert) problems.push('TLS_CERT_FILE is not set but TLS_KEY_FILE is: set both, or neither for plain HTTP')
  const own = readOwn(values, problems)
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return { ...values, own }
}

/** What is added to calls; every mistake in it is added to `problems`. */
function readOwn ({ REGISTRIES, IMAGES, PLATFORM }: Static<typeof Settings>, problems: string[]): OwnSettings {
  const registries = readJson('REGISTRIES', { text: REGISTRIES, schema: Entries, problems })
  for (const [name, access] of Object.entries(registries ?? {})) problems.push(...accessProblems(access).map((problem) => `REGISTRIES: ${name}.${problem}`))
  const images = readJson('IMAGES', { text: IMAGES, schema: Images, problems })
  const platform = readJson('PLATFORM', { text: PLATFORM, schema: Platform, problems })
  return { ...(registries && { registries }), ...(images && { images }), ...(platform && { platform }) }
}

function readJson<T extends TSchema> (name: 'REGISTRIES' | 'IMAGES' | 'PLATFORM', { text, schema, problems }: { text: string | undefined, schema: T, problems: string[] }): Static<T> | undefined {
  if (text === undefined) return undefined
  const value = parseJson(text)
  if (value === undefined) {
    problems.push(`${name} is no JSON: set it to ${Settings.properties[name].description}`)
    return undefined
  }
  if (Value.Check(schema, value)) return value
  problems.push(...[...Value.Errors(schema, value)].map(({ path, message }) => `${name}: ${path || '/'}: ${message}; correct it`))
  return undefined
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
