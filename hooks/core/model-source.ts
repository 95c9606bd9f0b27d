// What a model's URI says by its looks, before anything is downloaded: whether it can be fetched, and whether it is a file, an archive or a folder.

/** Schemes that the program which downloads knows (jobs/download-model.ts). */
export const SOURCE_SCHEMES = ['http', 'https', 's3', 'gs', 'models', 'runs', 'mlflow-artifacts'] as const

/** The same as a pattern of CRDs. */
export const SOURCE_URI = `^(${SOURCE_SCHEMES.join('|')}):/[^\\s]+$`

export type SourceForm = 'file' | 'archive' | 'folder'

export type Source = {
  form: SourceForm
  /** The last part of the path, such as model.onnx; empty where there is none. */
  fileName: string
  /** Its extension in lower case, with the dot; `.tar.gz` is one. Empty: none. */
  extension: string
}

const ARCHIVES = ['.zip', '.tar.gz', '.tgz']

/** What a URI points at. Registries and object stores hold folders where no extension says otherwise, web servers hold files. */
export function readSource (uri: string): Source {
  const [path = ''] = uri.split(/[?#]/)
  const fileName = path.slice(path.lastIndexOf('/') + 1)
  const extension = /(\.tar\.gz|\.[a-z][a-z0-9]{0,15})$/i.exec(fileName)?.[0].toLowerCase() ?? ''
  if (ARCHIVES.includes(extension)) return { form: 'archive', fileName, extension }
  const isFile = /^https?:/i.test(uri) || (extension !== '' && !/^models:/i.test(uri))
  return isFile ? { form: 'file', fileName, extension } : { form: 'folder', fileName, extension: '' }
}
