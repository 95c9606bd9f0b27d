// The whole system on one machine: an API server, controllers of Jobs and Deployments, a control loop with Metacontroller's rules, a Seldon operator, a
// registry, a Prometheus, a server of models and traffic in this process; hooks, poller and downloads as the real programs.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { PARENT_LABEL } from '../../hooks/core/labels.ts'
import { startApiServer, type ApiServer, type ApiServerOptions } from '../api-server/server.ts'
import { createControlLoop, type ControlLoop, type ControlLoopOptions } from '../control-loop/control-loop.ts'
import type { Clock } from '../stand-ins/clock.ts'
import { startMlflow, type MlflowStandIn } from '../stand-ins/mlflow/server.ts'
import { startModelServer, type ModelServer } from '../stand-ins/models/server.ts'
import { startPrometheus, type PrometheusStandIn } from '../stand-ins/prometheus/server.ts'
import { startSeldonOperator, type OperatorOptions, type SeldonOperator } from '../stand-ins/seldon/operator.ts'
import type { Surroundings as NodeSurroundings } from '../stand-ins/workloads/container-run.ts'
import type { Pod } from '../stand-ins/workloads/objects.ts'
import { startWorkloads, type Workloads } from '../stand-ins/workloads/workloads.ts'
import { behaviourOf } from './behaviours.ts'
import { exposeRecorder, type ExposedRecorder } from './exposed-recorder.ts'
import { findControllers, findCrds } from './installation.ts'
import { freePort, startProgram, type RunningProgram } from './processes.ts'
import { startTraffic, type RunningTraffic } from './traffic.ts'

export interface SystemOptions {
  /** Fixed ports for people; free ones otherwise. */
  ports?: Partial<Record<'api' | 'hooks' | 'metrics' | 'mlflow' | 'prometheus' | 'traffic' | 'models', number>>
  /** A real MLflow server in place of the stand-in, and settings of its registry entry. */
  mlflowUrl?: string
  registry?: Record<string, unknown>
  /** Further entries of the poller's configuration, by name. */
  entries?: { registries?: Record<string, object>, prometheus?: Record<string, object> }
  /** Further environment of the poller, such as its webhook's. */
  pollerEnv?: Record<string, string>
  /** A real Prometheus in place of the stand-in; it must scrape `System.trafficUrl`. */
  prometheusUrl?: string
  /** Versions that answer badly. */
  bad?: ReadonlySet<string>
  /** Requests a second. */
  rate?: number
  namespaces?: string[]
  apiServer?: Partial<ApiServerOptions>
  controlLoop?: Partial<ControlLoopOptions>
  seldon?: OperatorOptions['surroundings']
  /** How late the Seldon operator is, in milliseconds [not at all]. */
  seldonLag?: () => number
  /** How pods of Jobs and Deployments live. */
  pods?: Partial<NodeSurroundings>
  /** Time for all that is not a program of ours [the wall clock]; API server, registry, Prometheus, operator and traffic must agree about it. */
  clock?: Clock
  /** Gets every log line of hooks and poller. */
  onLine?: (program: 'hooks' | 'poller', line: string) => void
}

export interface System {
  api: ApiServer
  hooksUrl: string
  metricsUrl: string
  mlflowUrl: string
  prometheusUrl: string
  /** Where a real Prometheus finds the executor's metrics; absent with the stand-in. */
  trafficUrl?: string
  /** Absent with a real server. */
  mlflow?: MlflowStandIn
  prometheus?: PrometheusStandIn
  seldon: SeldonOperator
  /** Models to download, and what runs them. */
  models: ModelServer
  workloads: Workloads
  loop: ControlLoop
  traffic: RunningTraffic
  /** Ends a program and starts it again on the same port. */
  restart: (program: 'hooks' | 'poller', signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** The poller that runs now. */
  poller: () => RunningProgram
  /** Starts a further replica of the poller, as a pod of this name. */
  addPoller: (podName: string) => Promise<RunningProgram & { metricsUrl: string }>
  close: () => Promise<void>
}

/** Starts everything; resolves when hooks and poller are ready. */
export async function startSystem (options: SystemOptions = {}): Promise<System> {
  const closers: Array<() => Promise<unknown> | void> = []
  const opened = <T>(part: T, close: () => Promise<unknown> | void): T => { closers.unshift(close); return part }
  const close = async (): Promise<void> => { for (const end of closers.splice(0)) await end() }
  try {
    return { ...await start(options, opened), close }
  } catch (error) {
    await close()
    throw error
  }
}

type Opened = <T>(part: T, close: () => Promise<unknown> | void) => T

async function start (options: SystemOptions, opened: Opened): Promise<Omit<System, 'close'>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-playground-'))
  opened(folder, async () => { await rm(folder, { recursive: true, force: true }) })
  const api = await startCluster(options)
  opened(api, () => api.close())
  const outside = await startOutside(options, opened)
  const { seldon, traffic } = startServing(options, { api, outside }, opened)
  const { models, workloads } = await startRunning(options, api, opened)

  const programs = await startPrograms(options, { api, outside, folder })
  opened(programs, () => programs.stop())
  const loop = createControlLoop({ baseUrl: api.url, controllers: await findControllers(programs.hooksUrl), ...options.controlLoop })
  await loop.start()
  opened(loop, () => loop.close())
  const { hooksUrl, metricsUrl, restart, poller, addPoller } = programs
  const { mlflowUrl, prometheusUrl, mlflow, prometheus, exposed } = outside
  return { api, hooksUrl, metricsUrl, mlflowUrl, prometheusUrl, seldon, models, workloads, loop, traffic, restart, poller, addPoller, ...(exposed && { trafficUrl: exposed.url }), ...(mlflow && { mlflow }), ...(prometheus && { prometheus }) }
}

async function startCluster ({ ports = {}, clock, namespaces = [], apiServer }: SystemOptions): Promise<ApiServer> {
  return await startApiServer({
    crds: await findCrds(),
    namespaces: ['models', 'mlflow', ...namespaces],
    ...(ports.api !== undefined && { port: ports.api }),
    ...(clock && { clock: clock.now }),
    ...apiServer
  })
}

/** The operator, and requests to all that it runs. */
function startServing (options: SystemOptions, { api, outside }: Omit<Surroundings, 'folder'>, opened: Opened): Pick<System, 'seldon' | 'traffic'> {
  const { clock, seldon: surroundings, seldonLag: lag, bad = new Set<string>(), rate = 100 } = options
  const seldon = startSeldonOperator({ apiServer: { url: api.url }, ...(clock && { clock }), ...(surroundings && { surroundings }), ...(lag && { lag }) })
  opened(seldon, () => seldon.close())
  const traffic = startTraffic({ apiUrl: api.url, seldon, recorder: outside.recorder, behaviour: behaviourOf(bad), rate, scrapeInterval: 1000, ...(clock && { now: clock.now }) })
  opened(traffic, () => { traffic.stop() })
  return { seldon, traffic }
}

/** What makes pods of Jobs and Deployments, and what they download. */
async function startRunning ({ clock, ports = {}, pods }: SystemOptions, api: ApiServer, opened: Opened): Promise<Pick<System, 'models' | 'workloads'>> {
  const models = await startModelServer(ports.models)
  opened(models, () => models.close())
  const workloads = await startWorkloads({ api, ...(clock && { clock }), surroundings: { locate: models.locate, stopTime: stopTimeOf, ...pods } })
  opened(workloads, () => workloads.close())
  return { models, workloads }
}

/** Milliseconds. What serves models is left behind by others that answer; an MLflow server is waited for before its database is touched. */
function stopTimeOf ({ metadata: { labels = {} } }: Pod): number {
  return labels[PARENT_LABEL]?.startsWith('mlflow.') ? 1000 : 0
}

interface Outside {
  mlflowUrl: string
  prometheusUrl: string
  recorder: ExposedRecorder['recorder']
  mlflow?: MlflowStandIn
  prometheus?: PrometheusStandIn
  exposed?: ExposedRecorder
}

/** The registry and the Prometheus: stand-ins, or real servers. */
async function startOutside (options: SystemOptions, opened: Opened): Promise<Outside> {
  return { ...await startRegistry(options, opened), ...await startMeasuring(options, opened) }
}

async function startRegistry ({ mlflowUrl, ports = {}, clock }: SystemOptions, opened: Opened): Promise<Pick<Outside, 'mlflowUrl' | 'mlflow'>> {
  if (mlflowUrl !== undefined) return { mlflowUrl }
  const mlflow = await startMlflow({ port: ports.mlflow ?? 0, ...(clock && { now: clock.now }) })
  opened(mlflow, () => mlflow.close())
  return { mlflowUrl: mlflow.url, mlflow }
}

/** With a real Prometheus the traffic is not recorded here but shown to it. */
async function startMeasuring ({ prometheusUrl, ports = {}, clock }: SystemOptions, opened: Opened): Promise<Pick<Outside, 'prometheusUrl' | 'prometheus' | 'recorder' | 'exposed'>> {
  if (prometheusUrl !== undefined) {
    const exposed = await exposeRecorder(ports.traffic)
    opened(exposed, () => exposed.close())
    return { prometheusUrl, exposed, recorder: exposed.recorder }
  }
  const prometheus = await startPrometheus({ port: ports.prometheus ?? 0, ...(clock && { now: clock.now }) })
  opened(prometheus, () => prometheus.close())
  return { prometheusUrl: prometheus.url, prometheus, recorder: prometheus.recorder }
}

interface Surroundings { api: ApiServer, outside: Outside, folder: string }

interface Programs {
  hooksUrl: string
  metricsUrl: string
  restart: System['restart']
  poller: System['poller']
  addPoller: System['addPoller']
  stop: () => Promise<void>
}

async function startPrograms (options: SystemOptions, surroundings: Surroundings): Promise<Programs> {
  const hooksPort = options.ports?.hooks ?? await freePort()
  const metricsPort = options.ports?.metrics ?? await freePort()
  const env = { hooks: hooksEnv(hooksPort), poller: await pollerEnv(metricsPort, options, surroundings) }
  const ports = { hooks: hooksPort, poller: metricsPort }
  const run = async (name: 'hooks' | 'poller', port: number, more = {}): Promise<RunningProgram> => await startProgram({
    file: `${name}/main.ts`, env: { ...env[name], ...more }, readyUrl: `http://127.0.0.1:${port}/readyz`, onLine: (line) => options.onLine?.(name, line)
  })
  const start = async (name: 'hooks' | 'poller'): Promise<RunningProgram> => await run(name, ports[name])
  const [hooks, poller] = await bothOrNone(start('hooks'), start('poller'))
  const running = { hooks, poller }
  const replicas: RunningProgram[] = []
  return {
    hooksUrl: `http://127.0.0.1:${hooksPort}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}`,
    async restart (name, signal) {
      await running[name].stop(signal)
      running[name] = await start(name)
    },
    poller: () => running.poller,
    async addPoller (podName) {
      const port = await freePort()
      const replica = await run('poller', port, { METRICS_PORT: String(port), POD_NAME: podName })
      replicas.push(replica)
      return { ...replica, metricsUrl: `http://127.0.0.1:${port}` }
    },
    stop: async () => { await Promise.all([running.hooks, running.poller, ...replicas].map(async (program) => { await program.stop() })) }
  }
}

/** When one of two programs does not start, the other must not stay behind. */
async function bothOrNone (...starts: [Promise<RunningProgram>, Promise<RunningProgram>]): Promise<[RunningProgram, RunningProgram]> {
  try {
    return await Promise.all(starts)
  } catch (error) {
    for (const start of await Promise.allSettled(starts)) if (start.status === 'fulfilled') await start.value.stop()
    throw error
  }
}

function hooksEnv (port: number): Record<string, string> {
  return { HOST: '127.0.0.1', PORT: String(port), DRAIN_SECONDS: '0' }
}

/** The poller reads a kubeconfig and a configuration file, as it does anywhere. */
async function pollerEnv (port: number, { registry = {}, entries = {}, pollerEnv: more = {} }: SystemOptions, { api, outside, folder }: Surroundings): Promise<Record<string, string>> {
  const kubeconfig = join(folder, 'kubeconfig')
  const config = join(folder, 'sluice.yaml')
  await writeFile(kubeconfig, stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'playground',
    clusters: [{ name: 'playground', cluster: { server: api.url } }],
    users: [{ name: 'playground', user: {} }],
    contexts: [{ name: 'playground', context: { cluster: 'playground', user: 'playground' } }]
  }))
  await writeFile(config, stringify({
    registries: { default: { url: outside.mlflowUrl, minInterval: '1s', replicaLag: '0s', ...registry }, ...entries.registries },
    prometheus: { default: { url: outside.prometheusUrl, customQueries: true }, ...entries.prometheus }
  }))
  return { HOST: '127.0.0.1', METRICS_PORT: String(port), KUBECONFIG: kubeconfig, SLUICE_CONFIG: config, POD_NAME: 'playground', POD_NAMESPACE: 'default', ...more }
}
