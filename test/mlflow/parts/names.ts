// Several servers live side by side: no two of them may ask for objects of the same name.
import t from 'tap'
import { namesOf, TAKEN } from '../../../hooks/mlflow/names.ts'
import { rules } from '../../../hooks/mlflow/schema.ts'
import { answerTo } from '../server/rendered.ts'

const SPEC = {
  backendStoreUri: 'postgresql://db/m',
  storage: {},
  tls: { mode: 'CertManager', issuerRef: { name: 'ca' } },
  garbageCollection: { schedule: '@daily' },
  traceArchival: { enabled: true, location: 's3://b/t', retention: '30d' },
  autoscaling: { maxReplicas: 2 },
  podDisruptionBudget: { minAvailable: 1 }
}
const PLATFORM = { externalUrl: 'https://g', openshift: true }

/** `Kind name` of all that an object of that name makes, the Secret and the claim that are no children included. */
function objectsOf (name: string): string[] {
  const children = ['HTTPRoute', 'VirtualService', 'Ingress'].flatMap((mode) => answerTo({ name, spec: { ...SPEC, ingress: { mode } }, platform: PLATFORM }).children)
  const { tlsSecret, claim } = namesOf(name)
  return [...new Set([...children.map(({ kind, metadata }) => `${kind} ${metadata.name}`), `Secret ${tlsSecret}`, `PersistentVolumeClaim ${claim}`])]
}

const isTaken = (name: string) => new RegExp(TAKEN).test(name)

/** Whatever is derived from the plain name, without `mlflow-`, and combinations of it. */
const WORDS = [...new Set(['dev', 'config', 'archival', ...objectsOf('mlflow').map((object) => object.replace(/^.* (odh-group-)?mlflow-?/, '').replace(/(pf|mg|claim)-[0-9a-f]{10}$/, '$1')).filter((word) => word !== '')])].toSorted()
const NAMES = ['mlflow', ...WORDS, ...WORDS.flatMap((first) => WORDS.map((second) => `${first}-${second}`)), ...WORDS.map((word) => `dev-${word}-dev`)]

t.test('no two admitted names make objects of one name', async (t) => {
  t.ok(['gc', 'claim', 'migration', 'metrics-monitor', 'trace-archival-config'].every((word) => WORDS.includes(word)), WORDS.join(' '))
  const owners = new Map<string, string>()
  const shared: string[] = []
  for (const name of [...new Set(NAMES)].filter((name) => name.length <= 40 && !isTaken(name))) {
    for (const object of objectsOf(name)) {
      const other = owners.get(object)
      if (other !== undefined) shared.push(`${object}: ${other}, ${name}`)
      owners.set(object, name)
    }
  }
  t.strictSame(shared, [])
})

t.test('the API refuses what could be another server\'s, and nothing else', async (t) => {
  t.ok(rules.some(({ rule }) => rule.includes(TAKEN)))
  for (const name of ['gc', 'gc-dev', 'claim', 'claim-dev', 'sa', 'pvc', 'tls', 'metrics-monitor', 'trace-archival', 'trace-archival-config', 'migration', 'dev-migration', 'view']) t.ok(isTaken(name), name)
  for (const name of ['mlflow', 'production', 'team-a', 'gcp', 'claims', 'salt', 'dev-gc', 'migration-test', 'tlsx', 'viewer']) t.notOk(isTaken(name), name)
})
