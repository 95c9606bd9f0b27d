// The round that tells MLflow objects when a Secret or ConfigMap that they name has changed: each is asked for by its name, where the object lives, and of
// the answer only the resourceVersion comes here.
import PQueue from 'p-queue'
import { parseFacts, type ReferencesFact } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import type { Reference } from '../../hooks/mlflow/schema/references.ts'
import { isApiError } from '../cluster/api-error.ts'
import type { ClusterClient } from '../cluster/client.ts'
import type { AnnotationWriter } from '../cluster/patch.ts'
import type { Reflector } from '../cluster/reflector.ts'
import type { Change } from '../cluster/store.ts'
import { homeOf } from '../home.ts'
import type { Finding } from '../model.ts'
import type { ObjectWrites } from '../object-writes.ts'
import type { MLflow } from '../served/mlflow.ts'
import { coreObjectPath } from './core-object.ts'

/** How a question ended. */
export type LookOutcome = 'found' | 'absent' | 'forbidden' | 'failed'

export type ReferencesParts = {
  servers: Pick<Reflector<MLflow>, 'store' | 'subscribe'>
  writer: Pick<AnnotationWriter<MLflow>, 'object'>
  client: Pick<ClusterClient, 'get'>
  writes: ObjectWrites<ReferencesFact>
  /** What may not be asked for; once for each, until it was allowed in between. */
  onForbidden: (server: MLflow, reference: Reference, namespace: string) => void
  onLook?: (outcome: LookOutcome) => void
  /** There may be another time at which something is due. */
  onNews: () => void
  /** Ends the term of office. */
  signal: AbortSignal
  monotonic?: () => number
  /** In [0, 1), for the spread of looks. */
  random?: () => number
}

/** How often an object is looked at, in ms, and by which share of it more or less. */
const INTERVAL_MS = 60_000
const SPREAD = 0.1
/** Questions a second, for all objects. */
const PER_SECOND = 10
const AT_ONCE = 2

/** Asks for metadata alone: what is in a Secret stays where it is. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'

export type ReferencesWork = { nextDue: () => number, run: () => Promise<void> }

/** The work of one term of office. */
export function createReferencesWork (parts: ReferencesParts): ReferencesWork {
  const { servers, writes, monotonic = () => performance.now(), random = Math.random } = parts
  const questions = new PQueue({ concurrency: AT_ONCE, intervalCap: PER_SECOND, interval: 1_000 })
  const due = new Map<string, number>()
  const looking = new Set<string>()
  const ask = createAsk(parts, questions)

  function take ({ before, after }: Change<MLflow>): void {
    const uid = (after ?? before).metadata.uid ?? ''
    if (!after || after.metadata.deletionTimestamp !== undefined) due.delete(uid)
    else if (!before || !due.has(uid) || isOther(before, after)) due.set(uid, monotonic())
    parts.onNews()
  }

  async function look (uid: string): Promise<void> {
    const server = parts.writer.object(uid)
    const namespace = server && (homeOf(server) ?? server.spec.namespace)
    if (!server || namespace === undefined) return
    const told = await Promise.all(server.references.map(async (reference) => [`${reference.kind}/${reference.name}`, await ask(server, reference, namespace)] as const))
    const now = parts.writer.object(uid)
    // What it names by now is asked for in another look.
    if (!now || parts.signal.aborted || now.metadata.generation !== server.metadata.generation) return
    await writes.put(findingsOf(now, told))
  }

  function begin (uid: string): void {
    looking.add(uid)
    due.set(uid, monotonic() + INTERVAL_MS * (1 + SPREAD * (2 * random() - 1)))
    look(uid).catch(() => undefined).then(() => {
      looking.delete(uid)
      parts.onNews()
    })
  }

  for (const after of servers.store.all()) take({ after })
  const stop = servers.subscribe(take)
  parts.signal.addEventListener('abort', () => {
    stop()
    questions.clear()
  })
  return {
    nextDue: () => Math.max(0, Math.min(...[...due].filter(([uid]) => !looking.has(uid)).map(([, at]) => at - monotonic()))),
    async run () {
      for (const [uid, at] of due) if (at <= monotonic() && !looking.has(uid)) begin(uid)
    }
  }
}

/** Other names, or elsewhere. */
function isOther (before: MLflow, after: MLflow): boolean {
  return before.metadata.generation !== after.metadata.generation || homeOf(before) !== homeOf(after)
}

/** What the object should carry; nothing where there never was anything to tell. */
function findingsOf ({ metadata: { uid = '', name, annotations } }: MLflow, told: Told): Array<Finding<ReferencesFact>> {
  const fact = factOf(told, parseFacts(annotations).references)
  return Object.keys(fact).length > 0 || annotations?.[FACTS.references] !== undefined ? [{ uid, namespace: '', name, fact }] : []
}

/** Answers by `kind/name`; undefined where nobody knows. */
type Told = Array<readonly [string, string | undefined]>

/** In one order. What has no answer this time stays as it was told: to take it away would look like a change. */
function factOf (told: Told, before: ReferencesFact = {}): ReferencesFact {
  return Object.fromEntries(told.flatMap(([key, version = before[key]]) => version === undefined ? [] : [[key, version] as const]).toSorted(([a], [b]) => a < b ? -1 : 1))
}

/** A function that gives the resourceVersion of what is referred to, '' when there is no such thing, undefined when nobody knows. Never rejects. */
function createAsk ({ client, onForbidden, onLook, signal }: ReferencesParts, questions: PQueue): (server: MLflow, reference: Reference, namespace: string) => Promise<string | undefined> {
  const forbidden = new Set<string>()

  /** Rejects with an ApiError, or because the term of office has ended. */
  async function get (path: string): Promise<string | undefined> {
    const object = await questions.add(async () => await client.get<{ metadata?: { resourceVersion?: string } }>(path, { accept: METADATA_ONLY, signal }), { signal })
    return object.metadata?.resourceVersion
  }

  return async (server, reference, namespace) => {
    const path = coreObjectPath(reference, namespace)
    // What cannot be a name is that of nothing.
    if (path === undefined) return ''
    const key = `${server.metadata.uid}${path}`
    try {
      const version = await get(path)
      forbidden.delete(key)
      onLook?.('found')
      return version
    } catch (error) {
      if (signal.aborted) return undefined
      const outcome = outcomeOf(error)
      onLook?.(outcome)
      if (outcome === 'forbidden' && !forbidden.has(key)) onForbidden(server, reference, namespace)
      if (outcome === 'forbidden') forbidden.add(key)
      return outcome === 'absent' ? '' : undefined
    }
  }
}

function outcomeOf (error: unknown): LookOutcome {
  if (isApiError(error, 'NotFound')) return 'absent'
  return isApiError(error, 'Forbidden') ? 'forbidden' : 'failed'
}
