// The life of one MLflow object from its first sync to a server that answers: hooks decide, and what they render is run. Jobs end as their processes do, and the
// hooks are told of it as the poller would tell them.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text as readText } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { generate } from 'selfsigned'
import type { Test } from 'tap'
import { answerSync } from '../../hooks/core/answer.ts'
import { objectMapKey, type KubeObject, type SyncRequest } from '../../hooks/core/request.ts'
import { mlflow } from '../../hooks/mlflow/index.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { feedBack } from '../helpers/feed-back.ts'
import { requestFor } from '../helpers/requests.ts'
import { createServerProcess } from '../helpers/servers/server-process.ts'
import type { Tools } from '../helpers/servers/tools.ts'
import { POD_IP, preparePod, programsOf, type Container, type Ended, type Pod, type Surroundings } from './pod-processes.ts'
import { startWorkspacesApi, type WorkspacesApi } from './workspaces-api.ts'

export interface Answer { status: number, text: string }
/** Asks the server. Host: what the kubelet would say, unless it is given. */
export type Ask = (path: string, options?: { method?: string, host?: string, headers?: Record<string, string>, body?: object | string }) => Promise<Answer>

export interface ServerScene {
  at: Surroundings
  api: WorkspacesApi
  /** Syncs, and runs Jobs, until the Deployment wants pods; resolves with what the Jobs told, in their order. */
  settle: () => Promise<object[]>
  child: (kind: string, name: string) => KubeObject
  /** Starts the server's container, and asks it from then on. */
  serve: () => Promise<{ ask: Ask, probes: Array<{ path: string, scheme: string }> }>
  /** Runs the only container of a CronJob, after its init containers. */
  runTask: (name: string) => Promise<Ended>
}

type Given = { spec: object, secrets?: Record<string, Record<string, string>>, configMaps?: Record<string, Record<string, string>>, env?: Record<string, string> }

/** More syncs than any way to a first server takes. */
const ROUNDS = 12

/** An object named mlflow in the namespace that the hooks' defaults name. Nothing has been synced yet. */
export async function openServerScene (t: Test, { python }: Tools, { spec, secrets = {}, configMaps = {}, env = {} }: Given): Promise<ServerScene> {
  const folder = temporaryFolder('mlflow-server')
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'mlflow' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }] })
  const kubeconfig = join(folder, 'kubeconfig')
  const api = await startWorkspacesApi(kubeconfig)
  t.teardown(async () => { await api.close() })
  const at: Surroundings = {
    folder,
    secrets: { 'mlflow-tls': { 'tls.crt': cert, 'tls.key': key }, ...secrets },
    configMaps,
    env: { PATH: programsOf(python, folder), KUBECONFIG: kubeconfig, PYTHONUNBUFFERED: '1', ...env },
    service: 'mlflow.mlflow.svc:8443'
  }
  let request: SyncRequest = requestFor(mlflow, { spec, metadata: { name: 'mlflow', uid: 'u', generation: 1 } })
  const child = (kind: string, name: string): KubeObject => {
    const found = Object.values(request.children).flatMap((objects) => Object.values(objects ?? {})).find((object) => object.kind === kind && object.metadata.name === name)
    if (!found) throw new Error(`there is no ${kind} ${name}`)
    return found
  }
  const podOf = async (owner: KubeObject): Promise<Pod> => {
    const pod = await preparePod({ ...at, configMaps: { ...renderedConfigMaps(request), ...at.configMaps } }, owner)
    await pod.initialise()
    return pod
  }
  return {
    at,
    api,
    child,
    async settle () {
      const told: object[] = []
      for (let round = 0; round < ROUNDS; round++) {
        request = withNoPods(feedBack(request, answerSync(mlflow, request)))
        const job = jobsOf(request).find(({ status }) => status === undefined)
        if (job) {
          const ended = await (await podOf(job)).run(onlyContainer(job))
          told.push({ code: ended.code, ...JSON.parse(ended.termination) as object })
          request = withEnded(request, job, ended)
        }
        if (replicasOf(child('Deployment', 'mlflow')) > 0) return told
      }
      throw new Error(`no pods are wanted: ${JSON.stringify(request.parent.status)} ${JSON.stringify(told)}`)
    },
    async serve () {
      const pod = await podOf(child('Deployment', 'mlflow'))
      const container = pod.container('mlflow')
      const { readinessProbe, livenessProbe } = container as unknown as Record<string, { httpGet: { path: string, scheme: string } }>
      const probes = [livenessProbe, readinessProbe].map((probe) => ({ path: probe?.httpGet.path ?? '', scheme: probe?.httpGet.scheme ?? '' }))
      const ask = askAt(pod.port, probes[0]?.scheme === 'HTTPS' ? cert : undefined)
      const server = createServerProcess({
        ...pod.processOf(container),
        folder,
        url: `localhost:${pod.port}`,
        readyPath: async () => (await ask(probes[1]?.path ?? '')).status === 200,
        patience: 180_000
      })
      t.teardown(async () => { await server.stop() })
      await server.start()
      at.serverPort = pod.port
      return { ask, probes }
    },
    async runTask (name) {
      const job = child('CronJob', name)
      return await (await podOf(job)).run(onlyContainer((job.spec as { jobTemplate: { spec: unknown } }).jobTemplate))
    }
  }
}

function onlyContainer (owner: object): Container {
  const { containers } = ((owner as KubeObject).spec as { template: { spec: { containers: Container[] } } }).template.spec
  if (containers.length !== 1 || !containers[0]) throw new Error('one container was expected')
  return containers[0]
}

function jobsOf ({ children }: SyncRequest): KubeObject[] {
  return Object.values(children[objectMapKey('batch/v1', 'Job')] ?? {})
}

function replicasOf ({ spec }: KubeObject): number {
  return (spec as { replicas?: number }).replicas ?? 0
}

function renderedConfigMaps ({ children }: SyncRequest): Record<string, Record<string, string>> {
  return Object.fromEntries(Object.values(children[objectMapKey('v1', 'ConfigMap')] ?? {}).map((object) => [object.metadata.name, (object as { data?: Record<string, string> }).data ?? {}]))
}

/** What the Deployment says while no pods are wanted. */
function withNoPods (request: SyncRequest): SyncRequest {
  const next = structuredClone(request)
  const deployment = next.children[objectMapKey('apps/v1', 'Deployment')]?.['mlflow/mlflow']
  if (deployment) deployment.status = { observedGeneration: 1, replicas: 0, terminatingReplicas: 0 }
  return next
}

/** The next call, after a Job has ended: its condition is the cluster's, what its pod left is told by the poller. */
function withEnded (request: SyncRequest, { metadata: { name, namespace } }: KubeObject, { code, termination }: Ended): SyncRequest {
  const next = structuredClone(request)
  const job = next.children[objectMapKey('batch/v1', 'Job')]?.[`${namespace}/${name}`]
  if (!job) throw new Error(`no Job ${name}`)
  job.status = { conditions: [{ type: code === 0 ? 'Complete' : 'Failed', status: 'True', reason: '', message: '' }] }
  const { annotations } = next.parent.metadata
  const { reason = code === 0 ? 'Completed' : 'Error', message, ...rest } = JSON.parse(termination) as { reason?: string, message?: string, result?: object }
  const fact = [{ owner: `Job/${name}`, uid: `pod-${name}`, reason, ...(message !== undefined && { message }), exitCode: code, result: JSON.stringify(rest.result ?? rest) }]
  next.parent.metadata.annotations = { ...annotations, 'sluice.dev/pods': JSON.stringify(fact) }
  return next
}

function askAt (port: number, ca: string | undefined): Ask {
  return async (path, { method = 'GET', host = `${POD_IP}:8443`, headers = {}, body } = {}) => await new Promise((resolve, reject) => {
    const content = typeof body === 'object' ? JSON.stringify(body) : body
    const options = { host: '127.0.0.1', port, path, method, headers: { host, ...(typeof body === 'object' && { 'content-type': 'application/json' }), ...headers }, ...(ca !== undefined && { ca, servername: 'localhost' }) }
    const call = (ca === undefined ? httpRequest : httpsRequest)(options, (response) => {
      readText(response).then((text) => { resolve({ status: response.statusCode ?? 0, text }) }, reject)
    })
    call.on('error', reject).setTimeout(20_000, () => { call.destroy(new Error('no answer')) }).end(content)
  })
}

/** Runs a program of the image, such as a client of the server. */
export async function runProgram (scene: ServerScene, command: string, args: string[], env: Record<string, string>): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { env: { ...scene.at.env, ...env } })
  return stdout
}
