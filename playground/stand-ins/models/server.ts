// A web server with models to download: whatever path is asked for, there is a model of the form that its name promises, unless another was put there
// by PUT.
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { create } from 'tar'

export interface ModelServer {
  /** `http://127.0.0.1:<port>`. */
  url: string
  /** Puts a model at a path, and says its SHA-256. A text is the one file; a record is an archive of the files at these paths. */
  put (path: string, content: string | Buffer | Record<string, string>): Promise<{ url: string, sha256: string }>
  /** From where a URI that leads nowhere is really loaded; any other stays as it is. */
  locate (uri: string): string
  /** `METHOD path` of what was asked for, newest last. */
  readonly asked: readonly string[]
  close (): Promise<void>
}

/** What a packed model holds that nobody put there: something for every runtime. */
const PACKED = { 'model/saved_model.pb': 'hello', 'model/config.pbtxt': 'platform: "onnxruntime_onnx"\n', 'model/1/model.onnx': 'hello', 'model/model-settings.json': '{}\n', 'model/MLmodel': 'flavors: {}\n' }
/** Hosts that are reserved for examples, and that of a sample which is somebody else's. */
const NOWHERE = /^https?:\/\/([^/]*\.)?(example\.(com|org|net)|dummy\.com)(?::\d+)?(?=\/)/i
/** Stores and registries, none of which is here. */
const STORE = /^(?:s3|gs):\/\/|^(?:models|runs|mlflow-artifacts):\/*/i

/** Starts it on 127.0.0.1; port 0 takes a free one. */
export async function startModelServer (port = 0): Promise<ModelServer> {
  const models = new Map<string, Buffer>()
  const asked: string[] = []
  const find = async (path: string): Promise<Buffer> => {
    const found = models.get(path) ?? await contentOf(/\.(tar\.gz|tgz)$/.test(path) ? PACKED : 'hello')
    models.set(path, found)
    return found
  }
  const put = async (path: string, content: string | Buffer | Record<string, string>): Promise<{ url: string, sha256: string }> => {
    const bytes = await contentOf(content)
    models.set(path, bytes)
    return { url: `${url}${path}`, sha256: createHash('sha256').update(bytes).digest('hex') }
  }
  const server = createServer((request, response) => {
    const path = decodeURI(request.url ?? '/').replace(/\?.*$/, '')
    const answer = async (): Promise<void> => {
      if (request.method === 'PUT') keep(response, await put(path, await buffer(request)))
      else send(request, response, await find(path))
    }
    asked.push(`${request.method} ${path}`)
    answer().catch(() => { response.destroy() })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    put,
    locate (uri) {
      if (NOWHERE.test(uri)) return uri.replace(NOWHERE, url)
      if (!STORE.test(uri)) return uri
      // A folder of a store comes packed.
      const path = uri.replace(STORE, '')
      return `${url}/${path.replaceAll('@', '/')}${/\.[a-z0-9]{1,11}$/i.test(path) ? '' : '.tar.gz'}`
    },
    async close () {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

async function contentOf (content: string | Buffer | Record<string, string>): Promise<Buffer> {
  if (Buffer.isBuffer(content)) return content
  return typeof content === 'string' ? Buffer.from(content) : await pack(content)
}

/** The same files always give the same bytes. */
async function pack (files: Record<string, string>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-model-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    return await buffer(create({ gzip: true, cwd: folder, portable: true, mtime: new Date(0) }, Object.keys(files).toSorted()))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function keep (response: ServerResponse, kept: object): void {
  response.writeHead(201, { 'content-type': 'application/json' }).end(`${JSON.stringify(kept)}\n`)
}

/** With a strong ETag and ranges, so that a download goes on after a cut. */
function send ({ headers, method }: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? NaN)
  const isPart = Number.isInteger(from) && from < bytes.length && [undefined, etag].includes(headers['if-range'] as string | undefined)
  const body = isPart ? bytes.subarray(from) : bytes
  response.writeHead(isPart ? 206 : 200, {
    'content-type': 'application/octet-stream', 'content-length': body.length, 'accept-ranges': 'bytes', etag, ...(isPart && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` })
  })
  response.end(method === 'HEAD' ? undefined : body)
}
