// The command line of the server, its probes and its images: cases of the operator whose samples work here, by number, and D for its defects that are none here.
import t from 'tap'
import { answerTo, find, podOf, type Container } from './rendered.ts'

const args = (given?: Parameters<typeof podOf>[0]) => podOf(given).server.args
const valueOf = (list: string[], flag: string) => list.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1)
const hosts = (given?: Parameters<typeof podOf>[0]) => valueOf(args(given), '--allowed-hosts')?.split(',') ?? []

t.test('images', async (t) => {
  const all = ({ spec }: ReturnType<typeof podOf>) => [...spec.containers, ...spec.initContainers ?? []]
  const plain = all(podOf({ platform: { image: 'example.com/default:1' }, spec: { caBundleConfigMap: { name: 'ca' } } }))
  t.strictSame([...new Set(plain.map(({ image, imagePullPolicy }) => `${image} ${imagePullPolicy}`))], ['example.com/default:1 undefined'], 'case 1: no image in the spec: all containers have the one of the platform, and no pull policy')
  const own = podOf({ spec: { image: { image: 'custom/mlflow:v2.0.0', imagePullPolicy: 'IfNotPresent' } } }).server
  t.strictSame([own.image, own.imagePullPolicy], ['custom/mlflow:v2.0.0', 'IfNotPresent'], 'case 2: the image and policy of the spec')
  t.equal(podOf({ platform: { mode: 'rhoai', image: 'example.com/related:1' } }).server.image, 'example.com/related:1', 'case 3: the image of the settings wins over that of the mode')
  t.equal(podOf({ platform: { mode: 'opendatahub' } }).server.image, 'quay.io/opendatahub/mlflow:odh-stable', 'the mode has one of its own')
})

t.test('arguments', async (t) => {
  t.strictSame(args().filter((arg) => !arg.startsWith('--allowed-hosts')), [
    'server', '--serve-artifacts', '--artifacts-destination=s3://b/a', '--app-name=kubernetes-auth', '--enable-workspaces', '--workspace-store-uri=kubernetes://',
    '--host=0.0.0.0', '--port=8443', '--workers=1',
    '--uvicorn-opts=--ssl-keyfile=/etc/tls/private/tls.key --ssl-certfile=/etc/tls/private/tls.crt --proxy-headers --forwarded-allow-ips=*',
    '--static-prefix=/mlflow', '--expose-prometheus=/prometheus'
  ], 'case 8: all of them, in order')
  const has = (spec: object, arg: string) => args({ spec }).some((found) => found === arg || found.startsWith(`${arg}=`))
  t.ok(has({}, '--static-prefix') && hosts().length > 0, 'case 6: a static prefix and allowed hosts in every rendering')
  t.ok(has({ workers: 4 }, '--workers=4') && has({}, '--artifacts-destination=s3://b/a') && has({}, '--serve-artifacts'), 'case 10: artifacts and workers')
  t.notOk(has({}, '--default-artifact-root'), 'case 11: no root, no flag')
  t.ok(has({ defaultArtifactRoot: 's3://b/root' }, '--default-artifact-root=s3://b/root'), 'case 11: a root, its flag')
  const elsewhere = args({ spec: { serveArtifacts: false, defaultArtifactRoot: 's3://b/root' } })
  t.ok(elsewhere.includes('--no-serve-artifacts') && valueOf(elsewhere, '--artifacts-destination') === undefined, 'artifacts that are not served have no destination')
  t.notOk(args({ without: ['prometheusOperator'] }).some((arg) => arg.startsWith('--expose-prometheus')) || podOf({ without: ['prometheusOperator'] }).spec.volumes.some(({ name }) => name === 'metrics'), 'case 39: no ServiceMonitors, no metrics and no volume for them')
  t.equal(valueOf(args({ name: 'team-a' }), '--static-prefix'), '/mlflow-team-a', 'D16: the prefix of another object is its own')
  t.equal(valueOf(args({ spec: { tls: { mode: 'Off' } } }), '--uvicorn-opts'), '--proxy-headers --forwarded-allow-ips=*', 'without TLS there is no certificate')
  t.notOk(args({ spec: { auth: { mode: 'None' } } }).some((arg) => /app-name|workspace/.test(arg)), 'without authentication there is no plugin and are no workspaces')
  t.notMatch(JSON.stringify(args({ spec: { backendStoreUri: 'postgresql://user:secret@db/mlflow', registryStoreUri: 'postgresql://user:secret@db/registry' } })), /secret/, 'D19: no address of a database stands in the arguments')
})

t.test('D19: allowed hosts are names, and never all of them', async (t) => {
  t.strictSame(hosts({ platform: { externalUrl: 'https://gateway.example.com/' }, spec: { extraAllowedHosts: ['extra.example.com', '*', ' ', 'a,b', '*:*'] } }), [
    'mlflow', 'mlflow:8443', 'mlflow.test-ns', 'mlflow.test-ns:8443', 'mlflow.test-ns.svc', 'mlflow.test-ns.svc:8443', 'mlflow.test-ns.svc.cluster.local', 'mlflow.test-ns.svc.cluster.local:8443',
    'gateway.example.com', 'localhost', 'localhost:*', '127.0.0.1', '127.0.0.1:*', '$(POD_IP)', '$(POD_IP):8443', '[$(POD_IP)]:8443', 'extra.example.com'
  ])
  t.strictSame(podOf().server.env[0], { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }, 'the kubelet puts the address of the pod in')
  t.ok(hosts({ spec: { ingress: { mode: 'Ingress', host: 'ml.example.com' } } }).includes('ml.example.com'))
})

t.test('probes, ports and security', async (t) => {
  const probes = ({ livenessProbe, readinessProbe, startupProbe, ports }: Container) => ({ livenessProbe, readinessProbe, startupProbe, ports })
  const probe = (path: string, initialDelaySeconds: number, periodSeconds: number, port = 'https') => ({ httpGet: { path, port, scheme: port.toUpperCase() }, initialDelaySeconds, periodSeconds, timeoutSeconds: 1, failureThreshold: 3 })
  t.strictSame(probes(podOf().server), { livenessProbe: probe('/mlflow/health', 30, 10), readinessProbe: probe('/mlflow/api/3.0/mlflow/server-info', 5, 5), startupProbe: undefined, ports: [{ name: 'https', containerPort: 8443, protocol: 'TCP' }] }, 'case 7: paths under the prefix')
  t.strictSame(probes(podOf({ spec: { tls: { mode: 'Off' } } }).server).livenessProbe, probe('/mlflow/health', 30, 10, 'http'), 'without TLS by HTTP')
  const base = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }
  const user = { ...base, runAsUser: 1000, runAsGroup: 1000 }
  t.strictSame([podOf().spec.securityContext, podOf().server.securityContext], [user, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }])
  const withVolume = { ...user, fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch' }
  t.strictSame(podOf({ spec: { storage: {} } }).spec.securityContext, withVolume, 'a new volume is root\'s, and becomes the group\'s of the pod')
  t.strictSame(podOf({ spec: { storage: {} }, platform: { openshift: true } }).spec.securityContext, base, 'OpenShift chooses user and group')
  const { children } = answerTo({ spec: { storage: {}, garbageCollection: { schedule: '@daily' } } })
  const contextOf = (kind: string) => children.filter((child) => child.kind === kind && JSON.stringify(child).includes('mlflow-storage')).map(({ spec }) => JSON.stringify(spec).includes(JSON.stringify(withVolume)))
  t.strictSame([contextOf('Job'), contextOf('CronJob')], [[true], [true]], 'all pods that have the volume')
  const own = podOf({ spec: { podSecurityContext: { fsGroup: 1000 }, securityContext: { readOnlyRootFilesystem: false } } })
  t.strictSame([own.spec.securityContext, own.server.securityContext], [{ fsGroup: 1000 }, { readOnlyRootFilesystem: false }], "the user's replace them whole")
})

t.test('replicas and the strategy', async (t) => {
  const deployment = (spec: object) => find<{ strategy: object }>(answerTo({ spec }).children, 'Deployment', 'mlflow')?.spec.strategy
  const rolling = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  t.strictSame(deployment({}), rolling, 'case 26: no volume, one pod after the other')
  t.strictSame(deployment({ storage: {} }), { type: 'Recreate' }, 'case 27: a volume that one node has, the old pod goes first')
  t.strictSame(deployment({ storage: { accessMode: 'ReadWriteMany' } }), rolling, 'a volume that all nodes have')
  t.strictSame(deployment({ storage: { accessMode: 'ReadWriteMany' }, backendStoreUri: 'sqlite:////mlflow/mlflow.db' }), { type: 'Recreate' }, 'but never two servers on one SQLite file')
  const { children } = answerTo({ spec: { replicas: 3, traceArchival: { enabled: true, location: 's3://b/t', retention: '30d' } } })
  t.strictSame(children.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name), ['mlflow'], 'case 5: archival makes no second Deployment')
})
