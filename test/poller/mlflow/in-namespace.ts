// Who looks after one namespace leaves MLflow objects that live elsewhere to others.
import t from 'tap'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { createStore, type Change } from '../../../poller/cluster/store.ts'
import { inNamespace } from '../../../poller/in-namespace.ts'
import { ML_MODELS, MLFLOWS } from '../../../poller/watched.ts'
import { logger } from '../../helpers/poller-cluster.ts'

const object = (name: string, namespace: string | undefined, version: number): KubeObject => ({ apiVersion: 'v', kind: 'MLflow', metadata: { name, uid: name, resourceVersion: String(version) }, status: { namespace } })

t.test('only those that live there are seen, and moving is coming and going', async (t) => {
  const store = createStore<KubeObject>(logger)
  const kind = { watched: MLFLOWS, reflector: { store, subscribe: store.subscribe }, writer: { objects: store.all } } as unknown as Parameters<typeof inNamespace>[0]
  const { reflector, writer } = inNamespace(kind, 'models')
  const changes: string[] = []
  const nameOf = (side: KubeObject | undefined) => side?.metadata.name ?? '-'
  reflector.subscribe(({ before, after }: Change<KubeObject>) => { changes.push(`${nameOf(before)} > ${nameOf(after)}`) })
  store.put(object('a', undefined, 1))
  store.put(object('b', 'elsewhere', 1))
  t.strictSame([changes, writer.objects()], [[], []], 'who has not said where he lives, and who lives elsewhere')
  store.put(object('a', 'models', 2))
  store.put(object('a', 'models', 3))
  t.strictSame(reflector.store.all().map(nameOf), ['a'])
  t.strictSame(writer.objects().map(nameOf), ['a'])
  store.put(object('a', 'elsewhere', 4))
  store.remove(object('b', 'elsewhere', 1))
  t.strictSame(changes, ['- > a', 'a > a', 'a > -'])
  t.equal(inNamespace(kind, ''), kind, 'all of them, where no namespace is named')
  const namespaced = { ...kind, watched: ML_MODELS }
  t.equal(inNamespace(namespaced, 'models'), namespaced, 'those of a namespace are watched there')
})
