// s3://bucket/key: one object, or all below a prefix, of AWS or of anything that speaks its protocol.
import { GetObjectCommand, HeadObjectCommand, paginateListObjectsV2, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { DownloadError } from '../failure.ts'
import type { Opened, RemoteFile, RemoteModel } from '../remote.ts'
import { below, folderOf, parseBucketUri, refuseMany, type Listed } from './bucket.ts'
import { asS3Error, isStatus } from './s3-error.ts'
import type { Context } from './source.ts'

type Place = { client: S3Client, bucket: string, uri: string }

/** The object, or all objects of the folder. An object wins over a folder of the same name. */
export async function findS3 (uri: string, context: Context): Promise<RemoteModel> {
  const { bucket, key } = parseBucketUri(uri)
  const client = await connect(context)
  context.atEnd(() => { client.destroy() })
  const place = { client, bucket, uri }
  const object = key === '' || key.endsWith('/') ? undefined : await context.persistently(() => head(place, key, context.signal))
  if (object) return { uri, isFile: true, files: [{ ...fileOf(place, object, { isPinned: false }), path: key.slice(key.lastIndexOf('/') + 1) }] }
  const listed = await context.persistently(() => list(place, folderOf(key), context.signal))
  return { uri, isFile: false, files: below(folderOf(key), listed, uri).map((file) => ({ ...fileOf(place, file, { isPinned: true }), path: file.path })) }
}

const CONNECT_TIMEOUT_MS = 10_000

async function connect ({ settings }: Context): Promise<S3Client> {
  const { AWS_REGION, AWS_DEFAULT_REGION, DOWNLOAD_STALL_SECONDS } = settings
  const endpoint = settings.AWS_ENDPOINT_URL_S3 || settings.AWS_ENDPOINT_URL || settings.MLFLOW_S3_ENDPOINT_URL
  const stall = DOWNLOAD_STALL_SECONDS * 1000
  const config: S3ClientConfig = {
    region: AWS_REGION || AWS_DEFAULT_REGION || 'us-east-1',
    followRegionRedirects: true,
    // Ours are the tries: they know what has arrived.
    maxAttempts: 1,
    // Parts have no checksum of the whole, and the whole is hashed anyway.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: stall, socketTimeout: stall, throwOnRequestTimeout: true },
    // Stores of others seldom have a name for each bucket.
    ...(endpoint !== '' && { endpoint, forcePathStyle: true })
  }
  const client = new S3Client(config)
  if (await hasCredentials(client)) return client
  client.destroy()
  // A public bucket is read without.
  return new S3Client({ ...config, credentials: { accessKeyId: '', secretAccessKey: '' }, signer: { sign: async (request) => request } })
}

async function hasCredentials (client: S3Client): Promise<boolean> {
  try {
    await client.config.credentials()
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'CredentialsProviderError') return false
    throw asS3Error(error, 'the credentials of AWS')
  }
}

async function head ({ client, bucket, uri }: Place, key: string, signal: AbortSignal): Promise<Listed | undefined> {
  try {
    const { ContentLength, ETag } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal })
    return { key, size: ContentLength ?? 0, validator: ETag ?? '' }
  } catch (error) {
    signal.throwIfAborted()
    if (isStatus(error, 404)) return undefined
    throw asS3Error(error, uri)
  }
}

async function list ({ client, bucket, uri }: Place, prefix: string, signal: AbortSignal): Promise<Listed[]> {
  const found: Listed[] = []
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
      signal.throwIfAborted()
      found.push(...Contents.map(({ Key = '', Size = 0, ETag = '' }) => ({ key: Key, size: Size, validator: ETag })))
      refuseMany(found.length, uri)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw asS3Error(error, uri)
  }
  return found
}

/** A file of several must be the one that was listed: otherwise two models would be mixed. */
function fileOf (place: Place, { key, size, validator: listed }: Listed, { isPinned }: { isPinned: boolean }): Omit<RemoteFile, 'path'> {
  return {
    ...(isPinned && { size, validator: listed }),
    async open ({ offset, validator, signal }) {
      try {
        return await get(place, key, { offset, validator, signal })
      } catch (error) {
        signal.throwIfAborted()
        const isOther = isStatus(error, 412) || isStatus(error, 416)
        if (isOther && isPinned) throw new DownloadError('Changed', `${place.uri} was written to while it was downloaded; it is tried again, leave it alone meanwhile`)
        if (isOther && offset > 0) return await this.open({ offset: 0, validator: undefined, signal })
        throw asS3Error(error, place.uri)
      }
    }
  }
}

async function get ({ client, bucket, uri }: Place, key: string, { offset, validator, signal }: { offset: number, validator: string | undefined, signal: AbortSignal }): Promise<Opened> {
  const from = validator === undefined ? 0 : offset
  const range = from > 0 ? { Range: `bytes=${from}-` } : {}
  const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...range, ...(validator !== undefined && { IfMatch: validator }) }), { abortSignal: signal })
  const { Body, ContentLength, ContentRange, ETag } = answer
  const [, first, whole] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange ?? '') ?? []
  const start = first === undefined ? 0 : Number(first)
  const total = whole === undefined ? ContentLength : Number(whole)
  return { offset: start, total, validator: ETag, body: chunksOf(Body as AsyncIterable<Uint8Array> & { destroy: () => void }, uri, signal) }
}

function chunksOf (body: AsyncIterable<Uint8Array> & { destroy: () => void }, uri: string, signal: AbortSignal): Opened['body'] {
  async function * chunks (): AsyncGenerator<Uint8Array> {
    try {
      yield * body
    } catch (error) {
      signal.throwIfAborted()
      throw asS3Error(error, uri)
    }
  }
  const bytes = chunks()
  return { [Symbol.asyncIterator]: () => bytes, destroy: () => { body.destroy() } } as Opened['body']
}
