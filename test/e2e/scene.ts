// The whole system on a real control plane: the chart installed with helm, hooks and poller as processes with the chart's identities, a control loop
// with the chart's rights, real MLflow and Prometheus, and requests to what Seldon runs.
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { exposeRecorder } from '../../playground/system/exposed-recorder.ts'
import { behaviourOf } from '../../playground/system/behaviours.ts'
import { freePort } from '../../playground/system/processes.ts'
import { startTraffic, type RunningTraffic } from '../../playground/system/traffic.ts'
import { describeMlflow, describePrometheus, type Placing } from '../helpers/servers/mlflow-prometheus.ts'
import type { Front } from '../real/front.ts'
import { startRegistryClient, type RegistryClient } from '../helpers/servers/registry-client.ts'
import type { ServerProcess } from '../helpers/servers/server-process.ts'
import { watchModel, type WatchedModel } from '../helpers/servers/watched-model.ts'
import { CAST_SENTENCE } from './cast.ts'
import type { Kubectl } from './commands.ts'
import { CHART, installChart, olderChart, type Release } from './release.ts'
import { followSeldon, type SeldonHistory } from './seldon-history.ts'
import { startSeldon } from './seldon-operator.ts'
import { viewSeldon } from './seldon-view.ts'
import { startSluice, type Sluice, type Ways } from './sluice-programs.ts'
import { openStage, type Stage } from './stage.ts'

export interface ScenePlan {
  /** Versions that answer badly. */
  bad?: string[]
  /** Further settings of the poller's entries for MLflow and Prometheus. */
  registry?: object
  provider?: object
  /** The version that the chart in use has [that of this checkout]. */
  chartVersion?: string
  /** Further arguments of the API server. */
  apiServerArgs?: string[]
  /** What the poller finds in MLflow's place, given its URL [itself]. */
  front?: (url: string) => Promise<Front>
  /** What poller and control loop find in the API server's place [itself]. */
  ways?: (stage: Stage, mlflow: ServerProcess) => Promise<Ways>
  /** Under which path MLflow answers, and to which names. */
  placing?: Placing
  /** Further sections of the poller's configuration. */
  config?: { mlflowServers: object }
  /** What KWOK is told, given what its module has. */
  stages?: (own: string) => string
}

export interface Scene extends Stage, Sluice {
  mlflow: ServerProcess
  prometheus: ServerProcess
  registry: RegistryClient
  release: Release
  traffic: RunningTraffic
  /** Every state of every SeldonDeployment since the beginning. */
  history: SeldonHistory
  model: (name: string, namespace?: string) => WatchedModel
  /** Applies the demo's sample under another name, with these parts of spec replaced. */
  create: (name: string, changes?: { rollout?: object, analysis?: object }, namespace?: string) => Promise<WatchedModel>
}

interface Sample { spec: { rollout: object, analysis: object } }

const SAMPLE = 'manifests/samples/mlflow-model-demo.yaml'
const RATE = 400
/** Of the verdicts of a whole rollout. The sample's 0.95 would let chance roll back a good version too often for a test. */
const CONFIDENCE = 0.999

/** Starts everything; undefined where programs are missing. All of it ends with the test, however it ends. */
export async function openScene (t: Test, plan: ScenePlan = {}): Promise<Scene | undefined> {
  t.comment(CAST_SENTENCE)
  const stage = await openStage(t, { apiServerArgs: plan.apiServerArgs ?? [], ...(plan.stages && { stages: plan.stages }) })
  return stage && await furnish(stage, plan)
}

async function furnish (stage: Stage, { bad = [], registry = {}, provider = {}, chartVersion, front, ways, placing, config }: ScenePlan): Promise<Scene> {
  const { programs: { servers }, plane: { api, kubectl }, atEnd } = stage
  const trafficPort = await freePort()
  const folder = join(stage.folder, 'servers')
  await mkdir(folder)
  const mlflow = await describeMlflow(servers, folder, placing)
  const prometheus = await describePrometheus(servers, folder, `127.0.0.1:${trafficPort}`)
  for (const server of [mlflow, prometheus]) atEnd(() => server.stop())
  const registryUrl = front ? await placed(stage, await front(mlflow.url)) : mlflow.url
  const chart = chartVersion === undefined ? CHART : await olderChart(stage.folder, chartVersion)
  const [, , release] = await Promise.all([
    mlflow.start(),
    prometheus.start(),
    installChart(stage, chart, { registries: { default: { url: registryUrl, minInterval: '1s', replicaLag: '0s', ...registry } }, prometheus: { default: { url: prometheus.url, ...provider } }, ...config })
  ])
  const client = await startRegistryClient(servers, mlflow.url)
  atEnd(() => client.close())
  const sluice = await startSluice(stage, release, await ways?.(stage, mlflow))
  await kubectl(['create', 'namespace', 'models'])
  const history = await followSeldon(api)
  const seldon = await viewSeldon(api)
  await startSeldon(stage)
  const exposed = await exposeRecorder(trafficPort)
  atEnd(() => exposed.close())
  const traffic = startTraffic({ apiUrl: api.url, fetch: api.fetch, seldon, recorder: exposed.recorder, behaviour: behaviourOf(new Set(bad)), rate: RATE, scrapeInterval: 1000 })
  atEnd(async () => { traffic.stop() })
  const model = (name: string, namespace?: string): WatchedModel => watchModel({ api, seldon, traffic, fetch: api.fetch }, name, namespace)
  const create: Scene['create'] = async (name, changes = {}, namespace = 'models') => {
    await apply(kubectl, { name, namespace }, changes)
    return model(name, namespace)
  }
  return { ...stage, ...sluice, mlflow, prometheus, registry: client, release, traffic, history, model, create }
}

async function placed ({ atEnd }: Stage, { url, close }: Front): Promise<string> {
  atEnd(close)
  return url
}

async function apply (kubectl: Kubectl, { name, namespace }: { name: string, namespace: string }, { rollout = {}, analysis = {} }: { rollout?: object, analysis?: object }): Promise<void> {
  const sample = parse(await readFile(SAMPLE, 'utf8')) as Sample
  const spec = { ...sample.spec, modelName: name, rollout: { ...sample.spec.rollout, ...rollout }, analysis: { ...sample.spec.analysis, confidence: CONFIDENCE, ...analysis } }
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify({ ...sample, metadata: { name, namespace }, spec }) })
}
