// What the hooks and the program that downloads models (jobs/download-model.ts) agree on: its environment, and the line it leaves behind.
import { Type, type Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { PodsFact } from './facts.ts'
import { makeContainer } from './pod.ts'
import type { Resources } from './schema.ts'

/** The program's exit codes: a Job must not try again what can never succeed. */
export const EXIT = { done: 0, retryable: 1, permanent: 42 } as const

/** When a Job whose container `download` runs the program is not tried again, and when it has not failed at all. */
export const DOWNLOAD_FAILURE_POLICY = {
  rules: [
    // What another try cannot mend.
    { action: 'FailJob', onExitCodes: { containerName: 'download', operator: 'In', values: [EXIT.permanent] } },
    // A drained node says nothing of the model.
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }
  ]
}

/** What is to be downloaded, and how it must lie when it is done. */
export type Download = {
  /** http(s), s3, gs, models:/, runs:/, mlflow-artifacts:/. */
  uri: string
  /** The hash that the bytes must have; empty: any. Of what is sent, for an archive of the archive; of several files as DownloadResult says. */
  sha256: string
  /** The folder that is there, whole, when the program has succeeded, and not before. Absolute. */
  folder: string
  /** Name of a single file in it; empty: as in the URI. */
  fileName: string
  /** Whether .zip, .tar.gz and .tgz are unpacked. */
  unpack: boolean
  /** File or folder name (`*` stands for any part of it) that must lie directly in `folder`; of an archive, what lies beside it is what is taken. Empty: nothing is demanded. */
  mustHold: string
  /** The name that settings in the folder must not contradict (config.pbtxt of Triton, model-settings.json of MLServer): another one is taken out. Absent: any. */
  servedAs?: string
  /** Bytes that may lie on the volume at once, an archive and what becomes of it together; 0: as many as there is room for. */
  maxBytes: number
}

/** The environment of the program; all that it is told but credentials. */
export function downloadEnvironment ({ uri, sha256, folder, fileName, unpack, mustHold, servedAs = '', maxBytes }: Download): Array<{ name: string, value: string }> {
  const variables = {
    MODEL_URI: uri,
    MODEL_SHA256: sha256,
    MODEL_FOLDER: folder,
    MODEL_FILE_NAME: fileName,
    MODEL_UNPACK: String(unpack),
    MODEL_MUST_HOLD: mustHold,
    MODEL_MAX_BYTES: String(maxBytes),
    MODEL_SERVED_AS: servedAs
  }
  return Object.entries(variables).filter(([, value]) => value !== '').map(([name, value]) => ({ name, value }))
}

/** What the program needs to run: a small heap, streams. */
const RESOURCES: Resources = { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } }

/** The container that downloads, for Jobs and as an init container. `mount` is the volume that holds the folder. */
export function makeDownloadContainer (download: Download, { image, credentialsSecret, mount, name = 'download' }: { image: string, credentialsSecret: string, mount: { name: string, mountPath: string }, name?: string }): Record<string, unknown> {
  return makeContainer({
    name,
    image,
    command: ['node', 'jobs/download-model.ts'],
    env: downloadEnvironment(download),
    envSecret: credentialsSecret,
    resources: RESOURCES,
    mounts: [mount],
    readOnlyRootFilesystem: true
  })
}

/**
 * What a successful download leaves in its termination message. `uri` is what a moving reference was resolved to, `version` that of the registry.
 * `sha256` of one file is the file's, of an archive the archive's; of several the hash of lines `<sha256 of the file>  <path>`, each with its line end, in the
 * order of the paths' bytes. `bytes` and `files` are those of the folder.
 */
export const DownloadResult = Type.Object({
  uri: Type.String({ maxLength: 1024 }),
  version: Type.Optional(Type.String({ maxLength: 64 })),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  bytes: Type.Integer({ minimum: 0 }),
  files: Type.Integer({ minimum: 1 })
})
export type DownloadResult = Static<typeof DownloadResult>

const result = TypeCompiler.Compile(DownloadResult)

/** The result that the newest finished pod of this owner (`Job/name`) left, if it did. */
export function findDownloadResult (pods: PodsFact | undefined, owner: string): DownloadResult | undefined {
  return pods?.filter((pod) => pod.owner === owner).map((pod) => parseDownloadResult(pod.result)).find((found) => found !== undefined)
}

/** The result that a termination message, or its copy in a fact, is; undefined when it is none. */
export function parseDownloadResult (text: string | undefined): DownloadResult | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return result.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}
