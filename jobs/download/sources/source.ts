// What a source is, and which one a URI belongs to.
import { DownloadError } from '../failure.ts'
import type { HttpClient } from '../http/client.ts'
import type { RemoteModel } from '../remote.ts'
import type { Settings } from '../settings.ts'
import { findWeb } from './web.ts'

export type Context = {
  settings: Settings
  http: HttpClient
  signal: AbortSignal
  /** Performs a question, again if it fails in passing. */
  persistently: <T>(question: () => Promise<T>) => Promise<T>
  /** Performed at the end. */
  atEnd: (close: () => void) => void
}

/** Finds out what a URI stands for. Throws DownloadError. What only some sources need is loaded for those. */
export async function findModel (uri: string, context: Context): Promise<RemoteModel> {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(uri)?.[0].toLowerCase()
  switch (scheme) {
    case 'http':
    case 'https': return findWeb(uri, context)
    case 's3': return await (await import('./s3.ts')).findS3(uri, context)
    case 'gs': return await (await import('./gs.ts')).findGs(uri, context)
    case 'models':
    case 'runs':
    case 'mlflow-artifacts': return await (await import('./mlflow.ts')).findMlflow(uri, context, findModel)
    default: throw new DownloadError('SourceUnsupported', `${scheme === undefined ? 'the source has no scheme' : `${scheme}: is no source`} that this program can read; use http, https, s3, gs, models, runs or mlflow-artifacts`)
  }
}
