// A Kubernetes control plane on loopback ports: etcd, API server with RBAC, controller manager, scheduler, and KWOK in place of kubelets.
// Deployments, garbage collection, namespaces and tokens are the real ones; containers are not run.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../playground/system/processes.ts'
import { createServerProcess, type ServerPlan, type ServerProcess } from '../helpers/servers/server-process.ts'
import { createApi, type Api } from './api.ts'
import { kubectlWith, type Kubectl } from './commands.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import type { Programs } from './programs.ts'
import { until } from './until.ts'

export interface ControlPlane {
  /** The API server, asked as an administrator. */
  api: Api
  kubectl: Kubectl
  etcd: ServerProcess
  /** Its stop() is a kill. What is stored survives it. */
  apiServer: ServerProcess
  /** An administrator's kubeconfig. */
  kubeconfig: string
  /** A file with a line of JSON for each answer of the API server. */
  audit: string
}

/** CRDs of others. They are there before the controller manager starts: its garbage collector looks for new kinds every 30 s only. */
const FOREIGN_CRDS = [
  'seldondeployments.machinelearning.seldon.io', 'compositecontrollers.metacontroller.k8s.io', 'controllerrevisions.metacontroller.k8s.io', 'decoratorcontrollers.metacontroller.k8s.io',
  'virtualservices.networking.istio.io', 'destinationrules.networking.istio.io', 'servicemonitors.monitoring.coreos.com',
  'httproutes.gateway.networking.k8s.io', 'consolelinks.console.openshift.io'
]

/** Every request is logged, with who asked and how it was answered. */
const AUDIT_POLICY = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] }

const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const ATTEMPTS = 3

/** What differs from test to test. */
export interface PlanePlan {
  /** Further arguments of the API server, and of the controller manager. */
  apiServerArgs?: string[]
  controllerManagerArgs?: string[]
  /** What KWOK is told of nodes and pods, given what its module has (YAML) [that]. */
  stages?: (own: string) => string
  /** How many nodes there are [1]. */
  nodes?: number
}

interface Setting {
  programs: Programs
  folder: string
  adminToken: string
  apiPort: number
  kubeconfig: string
  plan: PlanePlan
}

/** Starts it below `folder`; everything is ready when this resolves. `atEnd` is told how each part is ended. */
export async function startControlPlane (programs: Programs, folder: string, atEnd: (end: () => Promise<unknown>) => void, plan: PlanePlan = {}): Promise<ControlPlane> {
  const setting: Setting = { programs, folder, adminToken: randomBytes(16).toString('hex'), apiPort: 0, kubeconfig: join(folder, 'admin.kubeconfig'), plan }
  await writeFiles(setting)
  const etcd = await startOnFreePort(async (port) => etcdPlan(setting, port, await freePort()), atEnd)
  const server = await startOnFreePort(async (port) => apiServerPlan({ ...setting, apiPort: port }, etcd.url), atEnd)
  const ca = await readFile(join(folder, 'certs', 'apiserver.crt'), 'utf8')
  await writeKubeconfig(setting.kubeconfig, { url: server.url, ca, token: setting.adminToken })
  const api = createApi({ url: server.url, ca, token: setting.adminToken })
  atEnd(() => api.close())
  const kubectl = kubectlWith(programs.kubectl, setting.kubeconfig)
  await kubectl(['apply', '--server-side', ...FOREIGN_CRDS.flatMap((crd) => ['-f', `test/crds/${crd}.yaml`])])
  // One that has no status yet is an error to kubectl wait, and nothing to wait for.
  await until('the CRDs are established', async () => await kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']).then(() => true, () => false), 30)
  await Promise.all([controllerManagerPlan, schedulerPlan, kwokPlan].map(async (plan) => await startOnFreePort(async (port) => plan(setting, port), atEnd)))
  await kubectl(['apply', '-f', '-'], { input: Array.from({ length: plan.nodes ?? 1 }, (_, index) => JSON.stringify(nodeOf(`kwok-${index}`))).join('\n---\n') })
  await kubectl(['wait', '--for=create', '--timeout=30s', 'serviceaccount/default', '-n', 'default'])
  return { api, kubectl, etcd, apiServer: server, kubeconfig: setting.kubeconfig, audit: join(folder, 'audit.log') }
}

/** A node that KWOK plays, large enough for everything. */
function nodeOf (name: string): object {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, annotations: { 'kwok.x-k8s.io/node': 'fake' }, labels: { 'kubernetes.io/hostname': name } } }
}

/** Another process may take a free port before the server does: then it is tried with another. */
async function startOnFreePort (describe: (port: number) => Promise<ServerPlan>, atEnd: (end: () => Promise<unknown>) => void): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    const server = createServerProcess(await describe(await freePort()))
    try {
      await server.start()
      atEnd(() => server.stop())
      return server
    } catch (error) {
      if (attempt === ATTEMPTS || !/address already in use/i.test(String(error))) throw error
    }
  }
}

async function writeFiles ({ folder, adminToken, programs, plan: { stages = (own) => own } }: Setting): Promise<void> {
  await mkdir(join(folder, 'logs'), { recursive: true })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(join(folder, 'service-accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  await writeFile(join(folder, 'tokens.csv'), `${adminToken},admin,admin,"system:masters"\n`, { mode: 0o600 })
  await writeFile(join(folder, 'audit-policy.yaml'), stringify(AUDIT_POLICY))
  await writeFile(join(folder, 'stages.yaml'), stages(await readFile(programs.stages, 'utf8')))
}

function planOf ({ programs, folder }: Setting, name: 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok', rest: Pick<ServerPlan, 'args' | 'url' | 'readyPath'>): ServerPlan {
  return { command: programs[name], env: {}, folder, patience: 90_000, logFile: join(folder, 'logs', `${name}.log`), ...rest }
}

function etcdPlan (setting: Setting, port: number, peerPort: number): ServerPlan {
  const [url, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
  return planOf(setting, 'etcd', {
    args: [
      `--data-dir=${join(setting.folder, 'etcd')}`, '--unsafe-no-fsync', '--log-level=warn', `--listen-client-urls=${url}`, `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`, `--initial-advertise-peer-urls=${peerUrl}`, `--initial-cluster=default=${peerUrl}`
    ],
    url,
    readyPath: '/readyz'
  })
}

function apiServerPlan (setting: Setting, etcdUrl: string): ServerPlan {
  const { folder, apiPort, adminToken } = setting
  const url = `https://127.0.0.1:${apiPort}`
  const key = join(folder, 'service-accounts.key')
  const plan = planOf(setting, 'kube-apiserver', {
    args: [
      `--etcd-servers=${etcdUrl}`, `--cert-dir=${join(folder, 'certs')}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${apiPort}`,
      '--external-hostname=localhost', '--endpoint-reconciler-type=none', '--authorization-mode=RBAC', `--token-auth-file=${join(folder, 'tokens.csv')}`,
      `--service-account-issuer=${ISSUER}`, `--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`, '--service-cluster-ip-range=10.0.0.0/16',
      `--audit-policy-file=${join(folder, 'audit-policy.yaml')}`, `--audit-log-path=${join(folder, 'audit.log')}`, '--audit-log-mode=blocking', '--profiling=false',
      ...setting.plan.apiServerArgs ?? []
    ],
    url,
    readyPath: '/readyz'
  })
  // Its certificate is made at its start, so nobody can know it before.
  return { ...plan, fetch: createApi({ url, token: adminToken }).fetch }
}

function controllerManagerPlan (setting: Setting, port: number): ServerPlan {
  const { folder, kubeconfig } = setting
  return securePlan(setting, 'kube-controller-manager', {
    port, args: [
    `--kubeconfig=${kubeconfig}`, `--service-account-private-key-file=${join(folder, 'service-accounts.key')}`, `--root-ca-file=${join(folder, 'certs', 'apiserver.crt')}`,
    '--leader-elect=false', '--use-service-account-credentials=false', '--kube-api-qps=200', '--kube-api-burst=400', ...setting.plan.controllerManagerArgs ?? []
    ]
  })
}

function schedulerPlan (setting: Setting, port: number): ServerPlan {
  const { kubeconfig } = setting
  return securePlan(setting, 'kube-scheduler', { port, args: [`--kubeconfig=${kubeconfig}`, `--authentication-kubeconfig=${kubeconfig}`, `--authorization-kubeconfig=${kubeconfig}`, '--leader-elect=false'] })
}

function securePlan (setting: Setting, name: 'kube-controller-manager' | 'kube-scheduler', { port, args }: { port: number, args: string[] }): ServerPlan {
  const url = `https://127.0.0.1:${port}`
  // Whoever asks them comes from this machine: no configuration of clients is looked up.
  const plan = planOf(setting, name, { args: [...args, '--authentication-skip-lookup=true', '--bind-address=127.0.0.1', `--secure-port=${port}`, `--cert-dir=${join(setting.folder, `certs-${name}`)}`], url, readyPath: '/healthz' })
  return { ...plan, fetch: createApi({ url }).fetch }
}

function kwokPlan (setting: Setting, port: number): ServerPlan {
  const args = [`--config=${join(setting.folder, 'stages.yaml')}`, `--kubeconfig=${setting.kubeconfig}`, '--manage-all-nodes=true', '--node-lease-duration-seconds=40', `--server-address=127.0.0.1:${port}`]
  return planOf(setting, 'kwok', { args, url: `http://127.0.0.1:${port}`, readyPath: '/healthz' })
}
