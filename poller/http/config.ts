// How a server that the poller asks is described in the configuration file. MLflow registries and Prometheus share it.
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

const text = (description: string) => Type.String({ minLength: 1, maxLength: 4096, description })
const file = (description: string) => Type.Optional(text(`${description} Re-read for every request, so that a rotated Secret is picked up.`))

export const BasicAuth = Type.Object({
  username: Type.Optional(text('User name.')),
  usernameFile: file('File with the user name.'),
  password: Type.Optional(text('The password itself; prefer passwordFile.')),
  passwordFile: file('File with the password.')
}, { additionalProperties: false, description: 'Authorization: Basic.' })

export const Auth = Type.Object({
  bearer: Type.Optional(Type.Object({
    token: Type.Optional(text('The token itself; prefer tokenFile.')),
    tokenFile: file('File with the token.')
  }, { additionalProperties: false, description: 'Authorization: Bearer.' })),
  basic: Type.Optional(BasicAuth)
}, { additionalProperties: false, description: 'How the poller proves who it is: bearer or basic; absent or empty means not at all.' })
export type Auth = Static<typeof Auth>

/** File with authorities. */
export const caFile = Type.Optional(text('PEM file with the authorities to trust in place of the system\'s; re-read for new connections.'))

/** The fields of every server, to be spread into a larger schema. */
export const endpointProperties = {
  url: Type.String({ minLength: 1, maxLength: 2048, description: 'Base URL, http or https, with the base path if there is one; no credentials in it.' }),
  auth: Type.Optional(Auth),
  caFile,
  host: Type.Optional(Type.String({ minLength: 1, maxLength: 512, pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$', description: 'Host header to send in place of the one in url, for servers that refuse theirs.' })),
  headers: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z0-9-]+$' }), Type.String({ maxLength: 4096, pattern: '^[\\t\\x20-\\x7e]*$' }), { additionalProperties: false, description: 'Further headers, such as X-Scope-OrgID.' }))
}

export const Endpoint = Type.Object(endpointProperties)
export type Endpoint = Static<typeof Endpoint>

/** The configuration is wrong. The message names every wrong field, one a line. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * A value of the configuration file with its defaults filled in. `at` is where it stands, such as `registries.default`.
 * Throws ConfigError. `rules` finds what a schema cannot say and returns sentences that begin with a field's name.
 */
export function parseConfig<T extends TSchema> (schema: T, value: unknown, at: string, rules: (config: Static<T>) => string[] = () => []): Static<T> {
  const config: unknown = Value.Default(schema, Value.Clone(value))
  const problems = [...Value.Errors(schema, config)].map((error) => `${fieldName(at, error.path)}: ${error.message}`)
  if (problems.length > 0) throw new ConfigError([...new Set(problems)].join('\n'))
  const broken = rules(config as Static<T>).map((sentence) => `${at}.${sentence}`)
  if (broken.length > 0) throw new ConfigError(broken.join('\n'))
  return config as Static<T>
}

/** What is wrong with an endpoint beyond its schema: sentences that begin with the field's name. */
export function endpointProblems (endpoint: Endpoint): string[] {
  return [...urlProblems(endpoint.url), ...authProblems(endpoint.auth ?? {}), ...headerProblems(endpoint.headers ?? {})]
}

/** What is wrong with a base URL: sentences that begin with `url`. */
export function urlProblems (text: string): string[] {
  const url = URL.parse(text)
  if (url === null) return ['url: is not a URL; write it like http://mlflow.mlflow.svc:5000']
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return ['url: must begin with http:// or https://']
  if (url.username !== '' || url.password !== '') return ['url: must not hold credentials; use auth.basic']
  if (url.search !== '' || url.hash !== '') return ['url: must not have a query or a fragment; it is the base of all requests']
  return []
}

/** What is wrong with credentials, likewise. */
export function authProblems ({ bearer, basic }: Auth): string[] {
  if (bearer && basic) return ['auth: has both bearer and basic; keep one']
  if (bearer) return exactlyOne(bearer, 'auth.bearer', 'token', 'tokenFile')
  if (basic) return [...exactlyOne(basic, 'auth.basic', 'username', 'usernameFile'), ...exactlyOne(basic, 'auth.basic', 'password', 'passwordFile')]
  return []
}

function exactlyOne (given: Record<string, unknown>, at: string, plain: string, inFile: string): string[] {
  const count = [plain, inFile].filter((name) => given[name] !== undefined).length
  return count === 1 ? [] : [`${at}: needs exactly one of ${plain} and ${inFile}`]
}

// These are set by the client itself; a second source for them would make the answer to "which one wins" a guess.
const OWN_HEADERS = new Set(['authorization', 'host', 'content-length', 'content-type', 'transfer-encoding', 'connection', 'accept', 'expect', 'keep-alive', 'te', 'trailer', 'upgrade', 'x-mlflow-workspace'])

function headerProblems (headers: Record<string, string>): string[] {
  const names = Object.keys(headers)
  const twice = names.filter((name, index) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) < index)
  return [
    ...names.filter((name) => OWN_HEADERS.has(name.toLowerCase())).map((name) => `headers.${name}: is set by the poller itself; use auth or host, and spec.workspace of the objects`),
    ...twice.map((name) => `headers.${name}: is there twice, in another spelling; keep one`)
  ]
}

function fieldName (at: string, pointer: string): string {
  return at + pointer.replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
}
