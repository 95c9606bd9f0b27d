// Which pods are of which parent, where the parent itself has no namespace: those where its status says that it lives.
import t from 'tap'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { createStore } from '../../../poller/cluster/store.ts'
import { keepFamilies, type ParentKind } from '../../../poller/pods/families.ts'
import { createSlimPod, type KnownPod } from '../../../poller/pods/pod.ts'
import { logger } from '../../helpers/poller-cluster.ts'
import { pod } from './statuses.ts'

let version = 0

function server (home?: string, name = 'mlflow'): KubeObject {
  return { apiVersion: 'sluice.dev/v1alpha1', kind: 'MLflow', metadata: { name, uid: `uid-${name}`, resourceVersion: String(version++) }, status: home === undefined ? {} : { namespace: home } }
}

function podIn (namespace: string, parent = 'mlflow.mlflow'): KubeObject {
  const { metadata, ...rest } = pod({ name: `p-${namespace}`, parent })
  return { ...rest, metadata: { ...metadata, namespace } } as KubeObject
}

t.test('pods elsewhere are not believed, whatever their label says', async (t) => {
  const parents = createStore<KubeObject>(logger)
  const pods = createStore<KnownPod>(logger, createSlimPod())
  const kind = { reflector: { store: parents, subscribe: parents.subscribe }, writer: {} } as unknown as ParentKind
  const changed: string[] = []
  parents.put(server())
  for (const namespace of ['opendatahub', 'evil']) pods.put(podIn(namespace) as KnownPod)
  const families = keepFamilies({ pods: { store: pods, subscribe: pods.subscribe }, kinds: [kind], annotation: 'a', onChange: (key) => { changed.push(key) } })
  t.teardown(families.end)
  t.strictSame([...families.keys()], [], 'who does not say where he lives has no pods')

  changed.length = 0
  parents.put(server('opendatahub'))
  t.strictSame(changed, ['opendatahub/mlflow.mlflow'], 'where he lives is looked at once he says so')
  t.equal(families.parentOf('opendatahub/mlflow.mlflow')?.uid, 'uid-mlflow')
  t.strictSame(families.podsOf('opendatahub/mlflow.mlflow').map(({ metadata }) => metadata.name), ['p-opendatahub'])
  t.equal(families.parentOf('evil/mlflow.mlflow'), undefined)

  parents.put(server('elsewhere'))
  t.strictSame([...families.keys()], ['elsewhere/mlflow.mlflow'], 'a namespace that is another')
  parents.remove(server('elsewhere'))
  t.strictSame([...families.keys()], [])
})
