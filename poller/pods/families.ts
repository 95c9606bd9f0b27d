// Which pods are of which parent, kept up to date by the changes of both: with ten thousand pods nobody searches them at every change of one.
import { PARENT_LABEL, parentLabel } from '../../hooks/core/labels.ts'
import type { KubeObject } from '../../hooks/core/request.ts'
import type { AnnotationWriter } from '../cluster/patch.ts'
import type { Reflector } from '../cluster/reflector.ts'
import type { Change } from '../cluster/store.ts'
import { homeOf } from '../home.ts'
import { parentKey, type KnownPod } from './pod.ts'

/** A watched kind, as far as its objects are parents of pods. */
export type ParentKind = { reflector: Pick<Reflector, 'store' | 'subscribe'>, writer: AnnotationWriter<KubeObject> }

export type Parent = { uid: string, kind: ParentKind }

export type Families = {
  parentOf: (key: string) => Parent | undefined
  podsOf: (key: string) => KnownPod[]
  /** Keys of all parents that are there. */
  keys: () => Iterable<string>
  /** Stops listening. */
  end: () => void
}

export type FamiliesOptions = {
  pods: Pick<Reflector<KnownPod>, 'store' | 'subscribe'>
  kinds: ParentKind[]
  /** A pod of the parent has changed, or the parent is new, or what it carries is another. */
  onChange: (key: string) => void
  /** The annotation whose changes count. */
  annotation: string
}

/** Reads what is there, and listens from now on. */
export function keepFamilies ({ pods, kinds, onChange, annotation }: FamiliesOptions): Families {
  const parents = new Map<string, Parent>()
  const members = new Map<string, Set<string>>()

  function takePod ({ before, after }: Change<KnownPod>): void {
    const pod = after ?? before
    // A pod that gets the label of another parent was somebody else's before.
    if (before && before.parent !== after?.parent) forgetPod(before)
    if (after) addTo(members, after.parent, after.metadata.uid ?? '')
    onChange(pod.parent)
  }

  function forgetPod ({ parent, metadata }: KnownPod): void {
    const uids = members.get(parent)
    uids?.delete(metadata.uid ?? '')
    if (uids?.size === 0) members.delete(parent)
    onChange(parent)
  }

  function takeParent (kind: ParentKind, { before, after }: Change<KubeObject>): void {
    const [last, key] = [keyOf(before), keyOf(after)]
    if (last !== key) forgetParent(last, before)
    if (!after || key === undefined) return
    parents.set(key, { uid: after.metadata.uid ?? '', kind })
    if (last !== key || carried(before) !== carried(after)) onChange(key)
  }

  function forgetParent (key: string | undefined, parent: KubeObject | undefined): void {
    // A namesake may have come before this one was seen to go.
    if (key !== undefined && parents.get(key)?.uid === parent?.metadata.uid) parents.delete(key)
  }

  function carried (parent: KubeObject | undefined): string | undefined {
    return parent?.metadata.annotations?.[annotation]
  }

  for (const after of pods.store.all()) takePod({ after })
  for (const kind of kinds) for (const after of kind.reflector.store.all()) takeParent(kind, { after })
  const endings = [pods.subscribe(takePod), ...kinds.map((kind) => kind.reflector.subscribe((change) => { takeParent(kind, change) }))]
  return {
    parentOf: (key) => parents.get(key),
    podsOf: (key) => [...members.get(key) ?? []].map((uid) => pods.store.get(uid)).filter((pod) => pod !== undefined),
    keys: () => parents.keys(),
    end () { for (const end of endings) end() }
  }
}

function addTo (members: Map<string, Set<string>>, key: string, uid: string): void {
  const uids = members.get(key)
  if (uids) uids.add(uid)
  else members.set(key, new Set([uid]))
}

/**
 * As pods of this parent are labelled, and where they are: beside it, or for one of no namespace where its status says that it lives. Undefined before
 * it says so. Pods elsewhere are not believed: whoever may create one labels it as he likes.
 */
function keyOf (parent: KubeObject | undefined): string | undefined {
  const namespace = parent && homeOf(parent)
  return namespace === undefined ? undefined : parentKey(namespace, parentLabel(parent as KubeObject)[PARENT_LABEL])
}
