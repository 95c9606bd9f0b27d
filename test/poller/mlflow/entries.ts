// MLflow objects as registries: the entry that follows from one, and what becomes of it when the object changes.
import t from 'tap'
import { createStore } from '../../../poller/cluster/store.ts'
import { parseMlflowServersConfig } from '../../../poller/mlflow/config.ts'
import { keepServerEntries, makeEntry } from '../../../poller/mlflow/entries.ts'
import type { MLflow } from '../../../poller/served/mlflow.ts'
import { logger } from '../../helpers/poller-cluster.ts'
import { ADDRESS, kept, server } from './servers.ts'

const PACE = { minInterval: '30s', staleAfter: '5m', replicaLag: '30s', pageSize: 500, workspaces: ['', '{namespace}'] }
const reader = { namespace: 'sluice', serviceAccount: 'reader' }
const token = { ...reader, expirationSeconds: 3600 }
const basic = { basic: { username: 'sluice', passwordFile: '/p' } }
const SECRET = { namespace: 'opendatahub', name: 'mlflow-tls' }
const none = { mode: 'None' }

type Row = { name: string, config?: object, object?: Parameters<typeof kept>[0], serviceCa?: string, want: object }

const rows: Row[] = [
  { name: 'one that lets everybody in', object: { spec: { auth: none } }, want: { derived: {} } },
  { name: 'a token of a ServiceAccount for one that asks the API server', config: { kubernetesAuth: reader }, want: { kubernetesAuth: token, derived: {} } },
  { name: 'a name and password for one that has its own', config: { kubernetesAuth: reader, auth: basic }, object: { spec: { auth: { mode: 'Basic' } } }, want: { auth: basic, derived: {} } },
  { name: 'nothing for one that needs nothing, whatever is configured', config: { kubernetesAuth: reader, auth: basic }, object: { spec: { auth: none } }, want: { derived: {} } },
  { name: 'no token is configured', want: { derived: { trouble: { cause: 'MLflow object mlflow lets in nobody unknown (auth.mode Kubernetes), and the poller has nothing to show', remedy: "set mlflowServers.kubernetesAuth, or an entry registries.mlflow, in the poller's configuration" } } } },
  { name: 'no password is configured', object: { spec: { auth: { mode: 'Basic' } } }, want: { derived: { trouble: { cause: 'MLflow object mlflow lets in nobody unknown (auth.mode Basic), and the poller has nothing to show', remedy: "set mlflowServers.auth.basic, or an entry registries.mlflow, in the poller's configuration" } } } },
  { name: 'no address yet', object: { spec: { auth: none }, status: { address: undefined } }, want: { url: '', derived: { trouble: { cause: 'MLflow object mlflow has no address yet', remedy: 'look at its conditions (kubectl describe mlflow mlflow)' } } } },
  { name: 'an address that is none', object: { spec: { auth: none }, status: { address: { url: 'https://u:p@mlflow' } } }, want: { url: 'https://u:p@mlflow', derived: { trouble: { cause: 'the address of MLflow object mlflow is none', remedy: 'look at who has written its status.address.url' } } } },
  { name: 'artifacts on its own disk are nobody else\'s', object: { spec: { auth: none, artifactsDestination: 'file:///mlflow/artifacts' } }, want: { artifactsDestination: undefined, derived: {} } },
  { name: 'what it does not serve leads nowhere', object: { spec: { auth: none, serveArtifacts: false } }, want: { artifactsDestination: undefined, derived: {} } },
  { name: 'credentials in a URI are not handed on', object: { spec: { auth: none, artifactsDestination: 's3://k:s@mlflow' } }, want: { artifactsDestination: undefined, derived: {} } },
  { name: 'OpenShift says whom to trust', object: { spec: { auth: none } }, config: { caSecrets: true }, serviceCa: '/sa/service-ca.crt', want: { caFile: '/sa/service-ca.crt', derived: {} } },
  { name: 'without OpenShift the Secret does, if it may be read', object: { spec: { auth: none } }, config: { caSecrets: true }, want: { derived: { caSecret: SECRET } } },
  { name: 'so it does of a certificate of one\'s own, with a file for those that name nobody', object: { spec: { auth: none, tls: { mode: 'Secret', secretName: 'mine' } } }, config: { caSecrets: true, caFile: '/ca' }, serviceCa: '/sa/service-ca.crt', want: { caFile: '/ca', derived: { caSecret: { ...SECRET, name: 'mine' } } } },
  { name: 'a file', object: { spec: { auth: none, tls: { mode: 'CertManager', issuerRef: { name: 'i' } } } }, config: { caFile: '/ca' }, want: { caFile: '/ca', derived: {} } },
  { name: 'without TLS there is nobody to trust', object: { spec: { auth: none, tls: { mode: 'Off' } } }, config: { caSecrets: true, caFile: '/ca' }, want: { derived: {} } },
  { name: 'who may use it, and how it is asked', object: { spec: { auth: none } }, config: { namespaces: ['bank'], workspaces: ['w'], artifactRoots: ['s3://mlflow'], minInterval: '1m', headers: { 'X-Team': 'a' } }, want: { namespaces: ['bank'], workspaces: ['w'], artifactRoots: ['s3://mlflow'], minInterval: '1m', headers: { 'X-Team': 'a' }, derived: {} } }
]

for (const { name, config = {}, object, serviceCa, want } of rows) {
  t.test(name, async (t) => {
    const entry = makeEntry(kept(object), { config: parseMlflowServersConfig(config, 'mlflowServers'), serviceCaFile: serviceCa })
    const whole = Object.entries({ ...PACE, url: ADDRESS, artifactsDestination: 's3://mlflow', ...want }).filter(([, value]) => value !== undefined)
    t.strictSame(entry, Object.fromEntries(whole))
  })
}

t.test('mistakes of the configuration are named with their place', async (t) => {
  const mistakes: Array<[object, RegExp]> = [
    [{ auth: { bearer: { token: 'a' } } }, /^mlflowServers\.auth\.bearer: Unexpected property/],
    [{ auth: { basic: { username: 'a' } } }, /^mlflowServers\.auth\.basic: needs exactly one of password and passwordFile/],
    [{ url: 'http://a' }, /^mlflowServers\.url: Unexpected property/],
    [{ artifactRoots: ['s3://a/../b'] }, /^mlflowServers\.artifactRoots\[0\]: must be a plain URI/]
  ]
  for (const [config, want] of mistakes) t.throws(() => parseMlflowServersConfig(config, 'mlflowServers'), { message: want })
  t.match(parseMlflowServersConfig(undefined, 'mlflowServers'), { caSecrets: false, references: false })
})

t.test('entries follow their objects, and are others only when something of them is', async (t) => {
  const store = createStore<MLflow>(logger)
  const put = (parts: Parameters<typeof kept>[0]) => { store.put(kept({ ...parts, spec: { auth: none } })) }
  put({ version: 1 })
  let changes = 0
  const entries = keepServerEntries({ servers: { store, subscribe: store.subscribe }, config: parseMlflowServersConfig({}, 'mlflowServers') })
  const stop = entries.subscribe(() => { changes++ })
  const first = entries.get('mlflow')
  t.equal(first?.url, ADDRESS)
  t.equal(entries.get('other'), undefined)
  put({ version: 2, status: { phase: 'Degraded' } })
  t.equal(entries.get('mlflow'), first, 'its phase is no part of it')
  t.equal(changes, 0)
  put({ version: 3, status: { address: { url: 'https://elsewhere' } } })
  t.equal(entries.get('mlflow')?.url, 'https://elsewhere')
  put({ name: 'other', version: 4 })
  store.remove(kept())
  t.equal(entries.get('mlflow'), undefined)
  t.equal(changes, 3)
  stop()
})

t.test('of an object only what is read is kept, and slimming once more changes nothing', async (t) => {
  const once = kept({ status: { conditions: [{ type: 'Available', status: 'True', reason: 'r', message: 'long', lastTransitionTime: 't' }, { type: 'Other', status: 'True', reason: 'r', message: '', lastTransitionTime: 't' }] }, spec: { env: [{ name: 'A', value: 'b' }] } })
  t.strictSame(Object.keys(once.spec).toSorted(), ['artifactsDestination', 'auth', 'serveArtifacts', 'tls'])
  t.strictSame(once.status?.conditions, [{ type: 'Available', status: 'True', reason: 'r', lastTransitionTime: 't' }])
  t.strictSame(once.references, [{ kind: 'Secret', name: 'db' }, { kind: 'Secret', name: 'mlflow-tls' }])
  t.strictSame(kept({ spec: { tls: { mode: 'Off' } } }).references, [{ kind: 'Secret', name: 'db' }])
  t.ok(server().spec)
})
