// Many MlflowModels in the middle of their rollouts, the real poller as a process, and the real Prometheus if it is installed.
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { formatFact, parseFacts } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import { predictorName } from '../../hooks/core/names.ts'
import { formatInstant, parseInstant } from '../../hooks/core/time.ts'
import { startApiServer, type ApiServer } from '../../playground/api-server/server.ts'
import { startMlflow } from '../../playground/stand-ins/mlflow/server.ts'
import { startPrometheus } from '../../playground/stand-ins/prometheus/server.ts'
import { freePort, startProgram } from '../../playground/system/processes.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { createServerProcess } from '../helpers/servers/server-process.ts'
import { CACHE, firstExecutable } from '../helpers/servers/tools.ts'
import { startCountingFront, type Front } from './canaries-front.ts'
import { exposeTraffic, type Predictor } from './canaries-traffic.ts'

export interface CanaryScene {
  prometheus: 'Prometheus' | 'the stand-in for Prometheus'
  front: Front
  /** Begins the rollouts of the first `count` objects anew, checks due as `spread` says; all others are paused. */
  begin: (count: number, spread: 'evenly' | 'at once') => void
  /** Each check that was written since the last call. */
  takeWrites: () => Array<{ name: string, lateSeconds: number, at: number, outcome: string }>
  /** Requests of the poller that changed something since the last call, leases left out: by verb and plural. */
  takeRequests: () => Record<string, number>
  /** Counters of a program's own /metrics, summed over their labels. */
  pollerMetrics: () => Promise<Map<string, number>>
  prometheusMetrics: () => Promise<Map<string, number>>
  close: () => Promise<void>
}

/** Between two checks, in seconds: the default of the CRD. */
export const INTERVAL = 10
/** Between two scrapes, in seconds: after half a minute there are as many samples as in five minutes of usual scrapes. */
export const SCRAPE = 2
const PER_NAMESPACE = 50
const CREATED = ['2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'] as const
const V7 = { version: '7', createdAt: CREATED[0], uri: 's3://models/7' }
const V8 = { version: '8', createdAt: CREATED[1], uri: 's3://models/8' }
const CRD = fileURLToPath(new URL('../../manifests/crds/mlflowmodels.yaml', import.meta.url))

const nameOf = (index: number) => `canary-${String(index).padStart(4, '0')}`
const namespaceOf = (index: number) => `team-${Math.floor(index / PER_NAMESPACE)}`

/** Starts everything for so many objects; none has a canary before begin(). */
export async function startCanaryScene (most: number): Promise<CanaryScene> {
  const closers: Array<() => Promise<unknown>> = []
  const close = async (): Promise<void> => { for (const end of closers.splice(0)) await end() }
  const opened = <T>(part: T, end: (part: T) => Promise<unknown>): T => { closers.unshift(async () => { await end(part) }); return part }
  try {
    const folder = temporaryFolder('bench-canaries')
    const target = opened(await exposeTraffic(predictorsOf(most)), (part) => part.close())
    const prometheus = opened(await startMeasuring(folder, target.address), (part) => part.close())
    const front = opened(await startCountingFront(prometheus.url), (part) => part.close())
    const requests: Record<string, number> = {}
    const api = opened(await startApiServer({ crds: [CRD], namespaces: Array.from({ length: Math.ceil(most / PER_NAMESPACE) }, (_, i) => `team-${i}`), fault: countWrites(requests) }), (part) => part.close())
    const mlflow = opened(await startMlflow(), (part) => part.close())
    const registry = mlflow.registry()
    // Without the alias there is nothing to follow, and each object says so from the start: the registry is not what is measured here.
    for (let i = 0; i < most; i++) registry.createModel(nameOf(i))
    const objects = createObjects(api, most)
    const poller = opened(await startPoller(folder, { api: api.url, mlflow: mlflow.url, prometheus: front.url }), (part) => part.stop())
    return {
      prometheus: prometheus.name,
      front,
      ...objects,
      takeRequests () {
        const taken = { ...requests }
        for (const key of Object.keys(requests)) Reflect.deleteProperty(requests, key)
        return taken
      },
      pollerMetrics: async () => await readMetrics(`${poller.url}/metrics`),
      prometheusMetrics: async () => prometheus.name === 'Prometheus' ? await readMetrics(`${prometheus.url}/metrics`) : new Map(),
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

function predictorsOf (count: number): Predictor[] {
  return Array.from({ length: count }, (_, i) => [V7, V8].map((version) => ({ namespace: namespaceOf(i), deployment: nameOf(i), predictor: predictorName(version), version: version.version }))).flat()
}

function countWrites (requests: Record<string, number>) {
  return ({ verb, plural }: { verb: string, plural: string }): undefined => {
    if (!['create', 'update', 'patch', 'delete'].includes(verb) || plural === 'leases') return
    const key = `${verb} ${plural}`
    requests[key] = (requests[key] ?? 0) + 1
  }
}

type Measuring = { name: CanaryScene['prometheus'], url: string, close: () => Promise<unknown> }

async function startMeasuring (folder: string, target: string): Promise<Measuring> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((path) => join(path, 'prometheus'))
  const command = firstExecutable([join(CACHE, 'prometheus', 'usr', 'bin', 'prometheus'), ...onPath])
  if (command === undefined) return await startMeasuringStandIn(target)
  const port = await freePort()
  const config = join(folder, 'prometheus.yaml')
  await mkdir(join(folder, 'prometheus'))
  await writeFile(config, stringify({ global: { scrape_interval: `${SCRAPE}s`, scrape_timeout: `${SCRAPE}s` }, scrape_configs: [{ job_name: 'executors', static_configs: [{ targets: [target] }] }] }))
  const server = createServerProcess({
    command,
    args: [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'prometheus')}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    env: {},
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/-/ready',
    patience: 30_000
  })
  await server.start()
  return { name: 'Prometheus', url: server.url, close: server.stop }
}

async function startMeasuringStandIn (target: string): Promise<Measuring> {
  const standIn = await startPrometheus()
  const scraper = standIn.scraper({ url: `http://${target}/metrics` })
  const timer = setInterval(() => { scraper.scrape(Date.now()).catch(() => undefined) }, SCRAPE * 1000)
  return { name: 'the stand-in for Prometheus', url: standIn.url, async close () { clearInterval(timer); await standIn.close() } }
}

function createObjects (api: ApiServer, most: number): Pick<CanaryScene, 'begin' | 'takeWrites'> {
  const resource = api.registry.findKind('sluice.dev/v1alpha1', 'MlflowModel')
  if (!resource) throw new Error('the CRD is not served')
  const due = new Map<string, number>()
  let written: ReturnType<CanaryScene['takeWrites']> = []
  for (let i = 0; i < most; i++) {
    const fact = formatFact({ server: 'default', workspace: '', model: nameOf(i), alias: 'champion', state: 'AliasMissing', observedAt: CREATED[1] })
    api.operations.create(resource, namespaceOf(i), {
      apiVersion: 'sluice.dev/v1alpha1',
      kind: 'MlflowModel',
      metadata: { name: nameOf(i), namespace: namespaceOf(i), annotations: { [FACTS.registry]: fact } },
      spec: { modelName: nameOf(i), modelAlias: 'champion', monitoringInterval: 86_400, analysis: { initialDelay: '0s', interval: `${INTERVAL}s` } }
    } as never)
  }
  api.store.subscribe('sluice.dev/mlflowmodels', ({ object, previous }) => {
    const { name, annotations } = object.metadata
    if (annotations?.[FACTS.analysis] === previous?.metadata.annotations?.[FACTS.analysis]) return
    const { analysis } = parseFacts(annotations)
    const dueAt = due.get(name)
    const at = parseInstant(analysis?.last.at)
    if (analysis === undefined || dueAt === undefined || at === undefined) return
    written.push({ name, at, outcome: analysis.last.outcome, lateSeconds: Date.now() / 1000 - dueAt })
    due.set(name, at + INTERVAL)
  })
  return {
    begin (count, spread) {
      const now = Math.floor(Date.now() / 1000)
      due.clear()
      for (let i = 0; i < most; i++) {
        const stepStartedAt = spread === 'evenly' ? now - INTERVAL + 1 + i % INTERVAL : now - INTERVAL + 3
        if (i < count) due.set(nameOf(i), stepStartedAt + INTERVAL)
        // Canaries of all ages up to a quarter of an hour, so that all look-backs of the default window occur.
        const status = i < count ? statusOf({ stepStartedAt, trafficSince: stepStartedAt - i % 16 * 60 }) : { rollout: null, canary: null }
        api.operations.patch({ resource, namespace: namespaceOf(i), name: nameOf(i) }, 'application/merge-patch+json', { status }, { subresource: 'status' })
      }
    },
    takeWrites () {
      const taken = written
      written = []
      return taken
    }
  }
}

function statusOf ({ stepStartedAt, trafficSince }: { stepStartedAt: number, trafficSince: number }): object {
  return {
    stable: V7,
    canary: V8,
    currentModelVersion: '7',
    canaryModelVersion: '8',
    phase: 'Progressing',
    rollout: {
      id: `${predictorName(V8)}-1`, stage: 'Stepping', step: 1, losses: 0, commanded: false, present: true, raised: true,
      startedAt: formatInstant(trafficSince), stepStartedAt: formatInstant(stepStartedAt), trafficSince: formatInstant(trafficSince)
    }
  }
}

async function startPoller (folder: string, urls: { api: string, mlflow: string, prometheus: string }): Promise<{ url: string, stop: () => Promise<void> }> {
  const files = { KUBECONFIG: join(folder, 'kubeconfig'), SLUICE_CONFIG: join(folder, 'sluice.yaml') }
  const port = await freePort()
  await writeFile(files.KUBECONFIG, stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server: urls.api } }],
    users: [{ name: 'bench', user: {} }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }]
  }))
  await writeFile(files.SLUICE_CONFIG, stringify({ registries: { default: { url: urls.mlflow } }, prometheus: { default: { url: urls.prometheus } } }))
  const url = `http://127.0.0.1:${port}`
  const program = await startProgram({ file: 'poller/main.ts', env: { HOST: '127.0.0.1', METRICS_PORT: String(port), POD_NAME: 'bench', POD_NAMESPACE: 'default', LOG_LEVEL: 'error', ...files }, readyUrl: `${url}/readyz`, onLine: (line) => { process.stderr.write(`${line}\n`) } })
  return { url, stop: () => program.stop() }
}

/** By name, summed over labels. */
async function readMetrics (url: string): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  for (const line of (await (await fetch(url)).text()).split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? (\S+)$/.exec(line)
    if (match?.[1]) sums.set(match[1], (sums.get(match[1]) ?? 0) + Number(match[2]))
  }
  return sums
}
