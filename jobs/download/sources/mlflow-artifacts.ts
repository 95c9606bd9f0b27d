// mlflow-artifacts:/path: a file or a folder behind the artifact proxy of a tracking server.
import { Type } from '@sinclair/typebox'
import { DownloadError } from '../failure.ts'
import { webFile } from '../http/web-file.ts'
import type { RemoteFile, RemoteModel } from '../remote.ts'
import { safePath } from '../safe-path.ts'
import { refuseMany } from './bucket.ts'
import type { Mlflow } from './mlflow-server.ts'
import type { Context } from './source.ts'

const PROXY = 'api/2.0/mlflow-artifacts/artifacts'

const File = Type.Object({
  path: Type.String({ minLength: 1 }),
  is_dir: Type.Optional(Type.Boolean()),
  file_size: Type.Optional(Type.Union([Type.Integer(), Type.String({ pattern: '^[0-9]+$' })]))
})
const Listing = Type.Object({ files: Type.Optional(Type.Array(File)) })

type Listed = { path: string, size: number | undefined }

/** The file, or all files below the folder. */
export async function findProxied (uri: string, server: Mlflow, { http }: Context): Promise<RemoteModel> {
  const root = pathOf(uri, server)
  const listed = await list(root, server, uri)
  const open = (path: string, at: string, size?: number): RemoteFile =>
    webFile(http, { path, ...(size !== undefined && { size }), url: new URL(`${PROXY}/${encode(at)}`, server.url), authorization: server.authorization, headers: server.headers })
  // A file's own listing is empty.
  if (listed.length === 0) return { uri, isFile: true, files: [open(root.slice(root.lastIndexOf('/') + 1), root)] }
  return { uri, isFile: false, files: listed.map(({ path, size }) => open(path, `${root}/${path}`, size)) }
}

/** mlflow-artifacts:/path, or mlflow-artifacts://host/path with the host of the tracking server: others would get its credentials. */
function pathOf (uri: string, { url }: Mlflow): string {
  const [, host = '', path = ''] = /^mlflow-artifacts:(?:\/\/([^/]*))?\/*(.*)$/i.exec(uri) ?? []
  if (host !== '' && host !== url.host && host !== url.hostname) throw new DownloadError('SourceUnsupported', `the artifacts are behind the proxy of ${host}, and MLFLOW_TRACKING_URI is ${url.host}; set it to that server`)
  const plain = safePath(path, { reason: 'SourceUnsupported', where: 'the source' })
  if (plain === '') throw new DownloadError('SourceUnsupported', `${uri} names all artifacts of the server; give the folder of one model`)
  return plain
}

async function list (root: string, server: Mlflow, uri: string): Promise<Listed[]> {
  const found: Listed[] = []
  const folders = ['']
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const { files = [] } = await server.ask(PROXY, { path: folder === '' ? root : `${root}/${folder}` }, Listing)
    for (const { path, is_dir: isFolder, file_size: size } of files) {
      const at = safePath(folder === '' ? path : `${folder}/${path}`, { reason: 'LayoutInvalid', where: uri })
      if (isFolder) folders.push(at)
      else found.push({ path: at, size: size === undefined ? undefined : Number(size) })
    }
    refuseMany(found.length + folders.length, uri)
  }
  return found
}

function encode (path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
