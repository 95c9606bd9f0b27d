// Turns what a server sent into JSON of the expected shape, or into a RemoteError that says what came in its place.
import type { Static, TSchema } from '@sinclair/typebox'
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler'
import type { Dispatcher } from 'undici'
import { forPeople } from '../../hooks/core/safe-text.ts'
import { RemoteError, type RemoteErrorKind } from './errors.ts'
import { headerOf, retryAfterOf } from './headers.ts'
import { parseItems, type Items } from './json-items.ts'
import { readText, TooLongError } from './text.ts'

/** What is known of an answer when its kind is decided. `body` is undefined when it was not JSON. */
export type Answer = { status: number, body: unknown, text: string }

/** Lets the user of a client overrule the kind of an answer that is not 2xx, by what its JSON body says. */
export type Classify = (answer: Answer) => RemoteErrorKind | undefined

export type ReadOptions<T extends TSchema> = { schema: T, items?: Items | undefined, maxBytes: number, classify?: Classify | undefined, redact: (text: string) => string }

/** How many characters of a foreign text go into a message. */
const EXCERPT = 160
/** In how much of a page words are looked for. */
const PAGE_BYTES = 4096
/** How much of an answer that is not JSON is read at all: more than that, or the credential that stands at its end would be half a one, and not be known. */
const READ_BYTES = 2 * PAGE_BYTES

/** Reads one answer. Throws RemoteError. */
export async function readAnswer<T extends TSchema> (response: Dispatcher.ResponseData, options: ReadOptions<T>): Promise<Static<T>> {
  const answer = await readBody(response, options)
  const { status, body } = answer
  if (status < 200 || status > 299) throw refusal(answer, response.headers, options)
  if (body === undefined) throw new RemoteError('BadAnswer', `answered ${status} with something that is not JSON${excerpt(answer.text, options.redact)}; check the url of this entry`, { status })
  const check = checkOf(options.schema)
  if (!check.Check(body)) {
    const first = check.Errors(body).First()
    throw new RemoteError('BadAnswer', `answered JSON of an unexpected shape: ${first?.path || '/'}: ${first?.message ?? 'does not match'}`, { status, body })
  }
  return body
}

/** Compiled at its first use: a page of a scan holds hundreds of models, and a check that reads the schema at each costs more than parsing it. */
const checks = new WeakMap<TSchema, TypeCheck<TSchema>>()

function checkOf<T extends TSchema> (schema: T): TypeCheck<T> {
  const check = checks.get(schema) ?? TypeCompiler.Compile<TSchema>(schema)
  checks.set(schema, check)
  return check as TypeCheck<T>
}

// 408 and 425 ask for the same request again, as 429 does.
const KINDS: Record<number, RemoteErrorKind> = { 401: 'Refused', 403: 'Refused', 407: 'Refused', 408: 'Unreachable', 425: 'Unreachable', 429: 'Unreachable' }

/** The kind of an error by its status alone. `isJson` tells an API's own 404 from a web server's page. */
export function kindOfStatus (status: number, isJson: boolean): RemoteErrorKind {
  if (status >= 500) return 'Unreachable'
  if (status < 400) return 'BadAnswer'
  if (status === 404 || status === 410) return isJson ? 'NotFound' : 'BadAnswer'
  return KINDS[status] ?? 'BadRequest'
}

function refusal<T extends TSchema> (answer: Answer, headers: Dispatcher.ResponseData['headers'], options: ReadOptions<T>): RemoteError {
  const { status, body, text } = answer
  const kind = options.classify?.(answer) ?? kindOfStatus(status, body !== undefined)
  const delay = retryAfterOf(headers)
  const message = `answered ${status}${excerpt(messageOf(body) ?? text, options.redact)}${remedy(answer, target(headerOf(headers, 'location'), options.redact))}`
  return new RemoteError(kind, message, {
    status,
    body,
    again: true,
    ...(delay === undefined ? {} : { retryAfter: delay })
  })
}

// The remedies for what people meet most often. The Host guard answers text/plain, so it is told by its words.
function remedy ({ status, body, text }: Answer, target: string): string {
  if (status === 403 && /host header/i.test(text)) return '; set MLFLOW_SERVER_ALLOWED_HOSTS (or --allowed-hosts) on the MLflow server to the host of this entry with and without port, or set host in the entry to a name that the server allows'
  if (status === 401 || status === 403) return '; check auth of this entry'
  if (status >= 300 && status < 400) return `; redirects are not followed${target}: set url to where the API itself answers`
  if (status === 404 && body === undefined) return '; check the path in url'
  return ''
}

// Query strings of redirects to a login page carry tokens, so only the place itself is shown.
function target (location: string | undefined, redact: (text: string) => string): string {
  const url = location === undefined ? null : URL.parse(location, 'http://same-server')
  return url === null ? '' : ` (to ${cut(forPeople(redact(`${url.host === 'same-server' ? '' : url.origin}${url.pathname}`)))})`
}

async function readBody (response: Dispatcher.ResponseData, { maxBytes, items }: Pick<ReadOptions<TSchema>, 'maxBytes' | 'items'>): Promise<Answer> {
  const status = response.statusCode
  const type = headerOf(response.headers, 'content-type') ?? ''
  if (!isJsonType(type)) return { status, body: undefined, text: await read(response, READ_BYTES, 'cut') }
  const text = await read(response, maxBytes, 'throw')
  try {
    return { status, body: items === undefined ? JSON.parse(text) as unknown : parseItems(text, items), text }
  } catch {
    return { status, body: undefined, text }
  }
}

async function read (response: Dispatcher.ResponseData, maxBytes: number, beyond: 'cut' | 'throw'): Promise<string> {
  try {
    return await readText(response.body, maxBytes, beyond)
  } catch (error) {
    if (!(error instanceof TooLongError)) throw error
    throw new RemoteError('BadAnswer', `answered with ${error.message}`, { status: response.statusCode })
  }
}

function isJsonType (type: string): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)
}

function messageOf (body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { message, error, detail } = body as Record<string, unknown>
  return [message, error, detail].find((value) => typeof value === 'string')
}

// Credentials go first, while they are whole, and the cut comes last. A page that is no page keeps the search for its tags busy for ever, so little of it is looked at.
function excerpt (text: string, redact: (text: string) => string): string {
  const page = forPeople(redact(text.slice(0, READ_BYTES))).slice(0, PAGE_BYTES)
  const words = page.replace(/<(style|script)[^>]*>.*?<\/\1>/gis, ' ').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim()
  return words === '' ? '' : `: ${cut(words)}`
}

function cut (text: string): string {
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text
}
