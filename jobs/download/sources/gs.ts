// gs://bucket/object: one object, or all below a prefix, of Google Cloud Storage, by its JSON API.
import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { GoogleAuthOptions } from 'google-auth-library'
import { DownloadError } from '../failure.ts'
import { webFile } from '../http/web-file.ts'
import type { RemoteFile, RemoteModel } from '../remote.ts'
import { below, folderOf, parseBucketUri, refuseMany, type Listed } from './bucket.ts'
import type { Context } from './source.ts'

/** int64 are text in Google's JSON. */
const Item = Type.Object({ name: Type.String(), size: Type.String({ pattern: '^[0-9]+$' }), generation: Type.String({ pattern: '^[0-9]+$' }), contentEncoding: Type.Optional(Type.String()) })
type Item = Static<typeof Item>
const Page = Type.Object({ items: Type.Optional(Type.Array(Item)), nextPageToken: Type.Optional(Type.String()) })

type Place = { context: Context, base: string, uri: string, authorize: () => Promise<string | undefined> }

/** The object, or all objects of the folder. An object wins over a folder of the same name. */
export async function findGs (uri: string, context: Context): Promise<RemoteModel> {
  const { bucket, key } = parseBucketUri(uri)
  const base = `${hostOf(context)}/storage/v1/b/${encodeURIComponent(bucket)}/o`
  const place = { context, base, uri, authorize: await authorizer(context) }
  const object = key === '' || key.endsWith('/') ? undefined : await context.persistently(() => look(place, key))
  if (object) return { uri, isFile: true, files: [fileOf(place, { ...object, path: key.slice(key.lastIndexOf('/') + 1) }, { isPinned: false })] }
  const listed = await context.persistently(() => list(place, folderOf(key)))
  return { uri, isFile: false, files: below(folderOf(key), listed, uri).map((file) => fileOf(place, file, { isPinned: true })) }
}

/** Google's own libraries know this variable, too. */
function hostOf ({ settings: { STORAGE_EMULATOR_HOST } }: Context): string {
  if (STORAGE_EMULATOR_HOST === '') return 'https://storage.googleapis.com'
  return (/^https?:/.test(STORAGE_EMULATOR_HOST) ? STORAGE_EMULATOR_HOST : `http://${STORAGE_EMULATOR_HOST}`).replace(/\/+$/, '')
}

const READ_ONLY = 'https://www.googleapis.com/auth/devstorage.read_only'

/**
 * How to get the header: by GOOGLE_CREDENTIALS (a service account's key, or a federated identity), by the file that GOOGLE_APPLICATION_CREDENTIALS names, or
 * by what the pod is on Google's cloud. Without any of these a public bucket is read without.
 */
async function authorizer ({ settings: { GOOGLE_CREDENTIALS, STORAGE_EMULATOR_HOST } }: Context): Promise<Place['authorize']> {
  if (STORAGE_EMULATOR_HOST !== '' && GOOGLE_CREDENTIALS === '') return async () => undefined
  const { GoogleAuth } = await import('google-auth-library')
  const auth = new GoogleAuth({ scopes: READ_ONLY, ...(GOOGLE_CREDENTIALS !== '' && { credentials: parseCredentials(GOOGLE_CREDENTIALS) }) })
  let anonymous = false
  return async () => {
    if (anonymous) return undefined
    try {
      const token = await auth.getAccessToken()
      return token ? `Bearer ${token}` : undefined
    } catch (error) {
      const { message } = error as Error
      anonymous = /could not load the default credentials/i.test(message)
      if (anonymous) return undefined
      throw new DownloadError('AccessDenied', `Google gives no token for these credentials: ${message}; check GOOGLE_CREDENTIALS of the credentials Secret`, { cause: error })
    }
  }
}

function parseCredentials (text: string): NonNullable<GoogleAuthOptions['credentials']> {
  try {
    return JSON.parse(text) as NonNullable<GoogleAuthOptions['credentials']>
  } catch {
    throw new DownloadError('SettingsInvalid', 'GOOGLE_CREDENTIALS is no JSON; put the content of the key file into it')
  }
}

async function look ({ context: { http, signal }, base, authorize }: Place, key: string): Promise<Listed | undefined> {
  const url = new URL(`${base}/${encodeURIComponent(key)}`)
  try {
    const item = await http.askJson(url, { authorization: await authorize(), signal })
    return listedOf(check(Item, item, url))
  } catch (error) {
    if (error instanceof DownloadError && error.reason === 'NotFound') return undefined
    throw error
  }
}

async function list ({ context: { http, signal }, base, uri, authorize }: Place, prefix: string): Promise<Listed[]> {
  const found: Listed[] = []
  let token: string | undefined
  do {
    const url = new URL(base)
    url.search = new URLSearchParams({ prefix, ...(token !== undefined && { pageToken: token }) }).toString()
    const { items = [], nextPageToken } = check(Page, await http.askJson(url, { authorization: await authorize(), signal }), url)
    found.push(...items.map(listedOf))
    refuseMany(found.length, uri)
    token = nextPageToken
  } while (token !== undefined)
  return found
}

function check<T extends typeof Item | typeof Page> (schema: T, value: unknown, url: URL): Static<T> {
  if (Value.Check(schema, value)) return value
  throw new DownloadError('Refused', `${url.host} answers otherwise than Google Cloud Storage does; check STORAGE_EMULATOR_HOST`)
}

/** What is stored compressed is sent unpacked, and has another length than it says. */
function listedOf ({ name, size, generation, contentEncoding }: Item): Listed {
  return { key: name, size: contentEncoding === 'gzip' ? NaN : Number(size), validator: generation }
}

/** A generation is one content of an object: as long as it is asked for by that, no other bytes come. */
function fileOf (place: Place, { key, size, validator: generation, path }: Listed & { path: string }, { isPinned }: { isPinned: boolean }): RemoteFile {
  const { context: { http }, base, uri, authorize } = place
  return {
    path,
    ...(!Number.isNaN(size) && { size }),
    validator: generation,
    async open (opening) {
      const url = new URL(`${base}/${encodeURIComponent(key)}`)
      url.search = new URLSearchParams({ alt: 'media', generation }).toString()
      try {
        return await webFile(http, { path, url, authorization: await authorize(), pinnedBy: generation }).open(opening)
      } catch (error) {
        if (!(error instanceof DownloadError) || error.reason !== 'NotFound') throw error
        throw new DownloadError('Changed', `${uri} was ${isPinned ? 'written to' : 'replaced'} while it was downloaded; it is tried again, leave it alone meanwhile`, { cause: error })
      }
    }
  }
}
