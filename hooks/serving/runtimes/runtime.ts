// The interface of a model server that runs as a plain Deployment: its image, how a model must lie for it, and how it is started and asked.
import type { Download } from '../../core/download.ts'
import { readSource, type Source } from '../../core/model-source.ts'
import type { Identity } from '../../core/pod.ts'
import type { EnvVar } from '../../core/schema.ts'

/** Where the volume with the model is mounted, in the program that downloads and in the server alike. */
export const MODEL_ROOT = '/models'

/** How a download must lie for the server; `folder` is absolute. See hooks/core/download.ts. */
export type Layout = Pick<Download, 'folder' | 'fileName' | 'unpack' | 'mustHold' | 'servedAs'>

/** A model that this server cannot load: what it takes instead, as a sentence. */
export type Unsupported = { unsupported: string }

/** What the server's container needs beyond its image. */
export type Start = { command?: string[], args?: string[], env?: EnvVar[] }

/** What a server may be told beside where its model lies. */
export type Told = {
  /** Where it is asked. */
  port: number
  /** Of the model, where it is a single file; empty: not known. */
  sha256: string
}

export type Runtime = {
  /** Pinned; settings and the spec may name another. */
  image: string
  /** Whom it runs as where the image does not say, or says root. */
  identity: Identity
  /** By port name. `http` is the one that is asked. */
  ports: Record<string, number> & { http: number }
  /** Names are those of models: that of the object. */
  layout: (source: Source, name: string) => Layout | Unsupported
  start: (name: string, layout: Layout, told: Told) => Start
  /** Paths on `http`. */
  readiness: (name: string) => string
  liveness: (name: string) => string
  predict: (name: string) => string
}

/** How what the URI points at must lie. Where a folder may have been taken for a file, it says how to tell them apart. */
export function layoutFor (runtime: Runtime, uri: string, name: string): Layout | Unsupported {
  const source = readSource(uri)
  const layout = runtime.layout(source, name)
  const isGuess = source.form === 'file' && !/^https?:/i.test(uri)
  if (!isUnsupported(layout) || !isGuess) return layout
  return { unsupported: `${layout.unsupported}; ${source.fileName} is taken for a file, as its name has an extension: give the URI of a folder with a slash at its end` }
}

/** Whether there is no layout. */
export function isUnsupported (layout: Layout | Unsupported): layout is Unsupported {
  return 'unsupported' in layout
}
