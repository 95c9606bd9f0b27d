// What every kind of source comes down to: files that can be opened at an offset.

/** From where to read. `validator` is what the source said of the bytes that are here already. */
export type Opening = { offset: number, validator: string | undefined, signal: AbortSignal }

/** What is sent. `offset` is 0 where the source has no ranges, or has other bytes by now than those of the validator. */
export type Opened = {
  offset: number
  /** Bytes of the whole file, where the source says it. */
  total: number | undefined
  /** Nothing but the end of the connection says that all has been sent. */
  endsWithLine?: boolean
  /** Names these very bytes; undefined: a later part could belong to others. */
  validator: string | undefined
  body: AsyncIterable<Uint8Array>
}

/** One file of a model, wherever it lies. */
export type RemoteFile = {
  /** Relative, with slashes, made by safePath. */
  path: string
  /** As listed. */
  size?: number | undefined
  /** As listed; files without it are pinned by their first answer. */
  validator?: string | undefined
  /** Throws DownloadError. */
  open: (opening: Opening) => Promise<Opened>
}

/** What a URI stands for. */
export type RemoteModel = {
  /** What a moving reference was resolved to, else the URI. */
  uri: string
  /** The registry's. */
  version?: string
  /** Whether the URI names one file, rather than a folder that may hold just one. */
  isFile: boolean
  files: RemoteFile[]
}
