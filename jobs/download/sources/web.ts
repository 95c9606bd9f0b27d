// http and https: one file at an address.
import { DownloadError } from '../failure.ts'
import { basic, bearer, fromUrl } from '../http/credentials.ts'
import { webFile } from '../http/web-file.ts'
import type { RemoteModel } from '../remote.ts'
import type { Context } from './source.ts'

/** The file at the address, named as the last part of its path. */
export function findWeb (uri: string, { settings, http }: Context): RemoteModel {
  if (!URL.canParse(uri)) throw new DownloadError('SourceUnsupported', 'the source is no valid address; write it as https://host/path')
  const url = new URL(uri)
  const { HTTP_USERNAME, HTTP_PASSWORD, HTTP_BEARER_TOKEN } = settings
  const authorization = bearer(HTTP_BEARER_TOKEN) ?? basic(HTTP_USERNAME, HTTP_PASSWORD) ?? fromUrl(url)
  return { uri, isFile: true, files: [webFile(http, { url, authorization, path: nameOf(url) })] }
}

/** A name that is none (`/`, `..`) is replaced: an address says where the file is, not where it goes. */
function nameOf ({ pathname }: URL): string {
  const name = decode(pathname.slice(pathname.lastIndexOf('/') + 1))
  return /^\.{0,2}$|[/\\\p{Cc}]/u.test(name) || Buffer.byteLength(name) > 255 ? 'model' : name
}

function decode (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
