// Memory that was lost, made out from the Deployment: what runs goes on running, whatever else is not known any more.
import { SOURCE_LABEL } from '../core/labels.ts'
import { isMap } from '../core/plain-value.ts'
import { readTemplate, refuseToDrop, type Template } from '../core/pod-template.ts'
import { findChild, type KubeObject, type SyncRequest } from '../core/request.ts'
import { lookupOf, type BriefMemory, type Memory, type Model, type Version, type Volume } from './memory.ts'
import { VOLUME } from './resources/names.ts'
import { observedParameters } from './resources/volume.ts'
import type { Spec, Status } from './schema.ts'
import { isImpossible, wantedOf } from './wanted.ts'

/** Volumes that wait for their pods to go. */
export const VOLUMES_KEPT = 16

/**
 * The memory with what the Deployment runs as the candidate: it becomes the accepted version as soon as all its pods answer. Nobody knows from
 * which spec its template was made, so one from the spec follows, which changes no pod where it says the same.
 */
export function runningVersion (request: SyncRequest<Spec, Status>, deployment: KubeObject, noted: BriefMemory): Memory {
  const { accepted, candidate, ...memory } = noted
  const template = readTemplate(deployment)
  const model = template && modelOf(request, template, noted)
  if (!model) refuseToDrop(deployment)
  const volumes = [...noted.leaving ?? [], ...[accepted, candidate].flatMap((version) => version ? [version.model.volume] : [])]
  const leaving = distinct(volumes).filter(({ name }) => name !== model?.volume.name)
  return { ...memory, ...(leaving.length > 0 && { leaving }), ...(template && model && { candidate: { model, recipe: '', template } satisfies Version }) }
}

/** Each volume once, the newest few. */
export function distinct (volumes: Volume[]): Volume[] {
  return [...new Map(volumes.map((volume) => [volume.name, volume])).values()].slice(-VOLUMES_KEPT)
}

/** Label and volume of the pods say which download they serve. Without the label they serve one that nobody knows, as long as they do. */
function modelOf (request: SyncRequest<Spec, Status>, { metadata, spec }: Template, { accepted, candidate, fetched, ...noted }: BriefMemory): Model | undefined {
  const label: unknown = isMap(metadata.labels) ? metadata.labels[SOURCE_LABEL] : undefined
  const key = typeof label === 'string' && label.length <= 16 ? label : ''
  const name = claimIn(spec.volumes)
  if (name === undefined) return undefined
  const known = [candidate?.model, accepted?.model, fetched].find((model) => model?.key === key && model.volume.name === name)
  return known ?? unknownModel(request, { key, name, lookup: lookupOf(noted) })
}

function unknownModel (request: SyncRequest<Spec, Status>, { key, name, lookup }: { key: string, name: string, lookup: number }): Model {
  const { source, storage } = request.parent.spec
  const wanted = wantedOf(request, lookup)
  const isWanted = !isImpossible(wanted) && wanted.key === key
  const claim = findChild(request, VOLUME, name)
  const volume: Volume = { name, uid: claim?.metadata.uid ?? '', ...storage, ...observedParameters(claim?.spec) }
  if (!isWanted) return { key, content: '', uri: '', folder: '', fileName: '', predict: '', volume }
  const { content, layout: { folder, fileName }, runtime } = wanted
  return { key, content, uri: source.uri, folder, fileName, predict: runtime.predict(request.parent.metadata.name), volume }
}

function claimIn (volumes: unknown): string | undefined {
  return claimsIn(volumes).find((claim) => /^[a-z0-9][-a-z0-9]{0,62}$/.test(claim))
}

/** Names of all claims that the pods of an observed Deployment mount. */
export function mountedClaims (deployment: KubeObject): string[] {
  const template: unknown = isMap(deployment.spec) ? deployment.spec.template : undefined
  return isMap(template) && isMap(template.spec) ? claimsIn(template.spec.volumes) : []
}

function claimsIn (volumes: unknown): string[] {
  const claims = Array.isArray(volumes) ? volumes.filter(isMap).map(({ persistentVolumeClaim }) => isMap(persistentVolumeClaim) ? persistentVolumeClaim.claimName : undefined) : []
  return claims.filter((claim) => typeof claim === 'string')
}
