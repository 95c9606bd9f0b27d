// What the Secrets and ConfigMaps that the spec names were like when the pods were started. A change of one is seen by its resourceVersion, which the poller
// tells; what was never told of says nothing, so that to be told of it for the first time replaces no pod.
import type { ReferencesFact } from '../core/facts.ts'
import { contentHash } from '../core/names.ts'
import { defined, isMap } from '../core/plain-value.ts'
import { readTemplate } from '../core/pod-template.ts'
import type { KubeObject } from '../core/request.ts'
import { tlsSecretOf, type Request } from './place.ts'
import { REFERENCES_ANNOTATION } from './resources/server-template.ts'
import { referencesOf } from './schema/references.ts'
import type { Spec } from './schema.ts'

/** `seen`: resourceVersions by kind/name, '' for what was absent. `pods`, `stores`: of all of them, and of those with addresses of databases, when one last changed. */
export type Marks = { seen: Record<string, string>, pods?: string, stores?: string }

/** What the Deployment carries, with what is told now. */
export function marksOf (request: Request, deployment: KubeObject | undefined, told: ReferencesFact | undefined): Marks {
  const { spec } = request.parent
  const before = parseMarks(deployment)
  const names = referencesOf(spec, tlsSecretOf(request)).map(({ kind, name }) => `${kind}/${name}`)
  const seen: Record<string, string> = {}
  for (const name of names) {
    const version = own(told, name) ?? own(before.seen, name)
    if (version !== undefined) seen[name] = version
  }
  const changed = names.filter((name) => own(before.seen, name) !== undefined && before.seen[name] !== seen[name])
  const ofStores = storeNames(spec)
  return defined({
    seen,
    pods: changed.length > 0 ? contentHash(seen) : before.pods,
    stores: changed.some((name) => ofStores.includes(name)) ? contentHash(ofStores.map((name) => seen[name] ?? '')) : before.stores
  }) as Marks
}

function storeNames ({ backendStoreUriFrom, registryStoreUriFrom }: Spec): string[] {
  return [backendStoreUriFrom, registryStoreUriFrom].flatMap((from) => from ? [`Secret/${from.name}`] : [])
}

/** Annotations for the Deployment; none while nothing is known. */
export function formatMarks ({ seen, ...marks }: Marks): Record<string, string> {
  const names = Object.keys(seen).toSorted()
  if (names.length === 0 && Object.keys(marks).length === 0) return {}
  return { [REFERENCES_ANNOTATION]: JSON.stringify({ ...marks, seen: Object.fromEntries(names.map((name) => [name, seen[name]])) }) }
}

/** Where the annotation is lost, the template still has its part of it. */
function parseMarks (deployment: KubeObject | undefined): Marks {
  const { seen, pods, stores } = parsed(deployment?.metadata.annotations?.[REFERENCES_ANNOTATION])
  const mark = text(pods) ?? markIn(deployment)
  return {
    seen: isMap(seen) ? Object.fromEntries(Object.entries(seen).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) : {},
    ...(mark !== undefined && { pods: mark }),
    ...(text(stores) !== undefined && { stores: text(stores) as string })
  }
}

function parsed (annotation: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(annotation ?? '{}')
    return isMap(value) ? value : {}
  } catch {
    return {}
  }
}

function markIn (deployment: KubeObject | undefined): string | undefined {
  const { annotations } = (deployment && readTemplate(deployment)?.metadata) ?? {}
  return isMap(annotations) ? text(annotations[REFERENCES_ANNOTATION]) : undefined
}

/** A mark is a hash; whatever else stands there is none. */
function text (value: unknown): string | undefined {
  return typeof value === 'string' && /^[0-9a-f]{1,16}$/.test(value) ? value : undefined
}

function own (map: Record<string, string> | undefined, name: string): string | undefined {
  return map && Object.hasOwn(map, name) ? map[name] : undefined
}
