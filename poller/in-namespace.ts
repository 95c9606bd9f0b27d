// Of a kind without namespaces, the objects that live in one: who looks after that namespace alone leaves the others to others.
import type { KubeObject } from '../hooks/core/request.ts'
import type { AnnotationWriter } from './cluster/patch.ts'
import type { Reflector } from './cluster/reflector.ts'
import type { Change } from './cluster/store.ts'
import { homeOf } from './home.ts'
import type { Watched } from './watched.ts'

type Kind = { watched: Watched, reflector: Reflector, writer: AnnotationWriter<KubeObject> }

/** The kind as it is seen from this namespace; all of it where none is named, or where the API server has narrowed it already. */
export function inNamespace<K extends Kind> (kind: K, namespace: string): K {
  const { watched, reflector, writer } = kind
  if (namespace === '' || watched.scope === 'Namespaced') return kind
  const lives = (object: KubeObject | undefined) => object !== undefined && homeOf(object) === namespace
  return {
    ...kind,
    reflector: {
      ...reflector,
      store: { ...reflector.store, all: () => reflector.store.all().filter(lives) },
      subscribe: (listener) => reflector.subscribe((change) => {
        const [before, after] = [change.before, change.after].map((object) => lives(object) ? object : undefined)
        // Who moves in is new here, and who moves out is gone.
        if (before || after) listener({ before, after } as Change<KubeObject>)
      })
    },
    writer: { ...writer, objects: () => writer.objects().filter(lives) }
  }
}
