// What the spec asks for in one attempt, as identities: which download it needs, which downloaded models would do, and which pods.
import type { Download } from '../core/download.ts'
import { contentHash } from '../core/names.ts'
import { placementOf } from '../core/placement.ts'
import type { Template } from '../core/pod-template.ts'
import { canonicalQuantity, quantityBytes } from '../core/quantity.ts'
import type { SyncRequest } from '../core/request.ts'
import type { Layout, Runtime } from '../serving/runtimes/runtime.ts'
import type { Model } from './memory.ts'
import { makeServerTemplate } from './resources/server-template.ts'
import { findRuntime, isUnsupported, layoutOf } from './runtime.ts'
import type { Spec, Status } from './schema.ts'

/** What the pods of a model depend on. */
export type Located = Pick<Model, 'key' | 'volume' | 'folder' | 'fileName'>

/** A volume's parameters as the spec gives them. */
export type VolumeParameters = { size: string, storageClassName: string, accessMode: 'ReadWriteOnce' | 'ReadWriteMany' }

export type Wanted = {
  attempt: number
  /** Identity of the download, part of the names of its Job and volume: everything that either of them depends on, down to the retries. */
  key: string
  /** Identity of what must lie on a volume for it to be used, whatever Job brought it there. */
  content: string
  /** Identity of the pods that serve, without the model. */
  recipe: string
  runtime: Runtime
  layout: Layout
  download: Download
  volume: VolumeParameters
  /** The pods that serve such a model. */
  template: (model: Located) => Template
}

/** A spec that nothing is downloaded for. */
export type Impossible = { attempt: number, problem: { reason: 'SourceUnsupported' | 'SpecTooLarge', message: string } }

/**
 * Characters of a template that memory holds: the Deployment carries the template up to five times (of two versions, in the annotation with memory, and
 * all of it again in Metacontroller's), and all annotations of an object may have 256 KiB.
 */
const LONGEST_TEMPLATE = 32_000

/** What the spec asks for in this attempt. */
export function wantedOf (request: SyncRequest<Spec, Status>, attempt: number): Wanted | Impossible {
  const { spec, metadata } = request.parent
  const runtime = findRuntime(spec)
  const layout = layoutOf(runtime, spec, metadata.name)
  if (!runtime || isUnsupported(layout)) {
    return { attempt, problem: { reason: 'SourceUnsupported', message: `${isUnsupported(layout) ? layout.unsupported : 'the runtime is not known'}.` } }
  }
  const wanted = identify(request, attempt, { runtime, layout })
  const length = JSON.stringify(wanted.template({ key: wanted.key, volume: { ...wanted.volume, name: '', uid: '' }, folder: layout.folder, fileName: layout.fileName })).length
  if (length <= LONGEST_TEMPLATE) return wanted
  return { attempt, problem: { reason: 'SpecTooLarge', message: `The template of the server's pods has ${length} characters and may have ${LONGEST_TEMPLATE}: move long values of env into a ConfigMap, and shorten affinity.` } }
}

export function isImpossible (wanted: Wanted | Impossible): wanted is Impossible {
  return 'problem' in wanted
}

/**
 * Only the spec goes into the hashes, not what this release makes of it, nor the images of the settings: an upgrade of Sluice neither downloads nor restarts
 * anything. So a field that a later release adds has to be optional: a default would change every hash. The parent's uid is in them, so that an object
 * that is created again never finds Jobs and volumes of the one before it.
 */
function identify (request: SyncRequest<Spec, Status>, attempt: number, { runtime, layout }: { runtime: Runtime, layout: Layout }): Wanted {
  const { spec, metadata } = request.parent
  const { source, storage, replicas: _replicas, progressDeadline: _deadline, download, credentialsSecret, ...server } = spec
  const volume: VolumeParameters = { ...storage, size: canonicalQuantity(storage.size) }
  const placement = placementOf(spec)
  const isBound = storage.accessMode === 'ReadWriteOnce'
  // A volume that only one node can mount may be out of reach of where the pods are to be now.
  const content = contentHash({ uid: metadata.uid, attempt, source, runtime: spec.runtime, volume, ...(isBound && { placement }) })
  const key = contentHash({ content, credentialsSecret, download, placement, serviceAccountName: spec.serviceAccountName })
  const recipe = contentHash(server)
  return {
    attempt,
    key,
    content,
    recipe,
    runtime,
    layout,
    download: { uri: source.uri, sha256: source.sha256, ...layout, maxBytes: quantityBytes(storage.size) ?? 0 },
    volume,
    template: (model) => makeServerTemplate(request, runtime, model)
  }
}
