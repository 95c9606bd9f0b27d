// The whole system on a real control plane: the chart installed with helm, hooks and poller as processes with the chart's identities, a control loop
// with the chart's rights, real MLflow and Prometheus, and requests to what the Seldon stand-in runs.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { exposeRecorder } from '../../playground/system/exposed-recorder.ts'
import { behaviourOf } from '../../playground/system/behaviours.ts'
import { freePort } from '../../playground/system/processes.ts'
import { startTraffic, type RunningTraffic } from '../../playground/system/traffic.ts'
import { startSeldonOperator, type SeldonOperator } from '../../playground/stand-ins/seldon/operator.ts'
import { describeMlflow, describePrometheus } from '../helpers/servers/mlflow-prometheus.ts'
import { startRegistryClient, type RegistryClient } from '../helpers/servers/registry-client.ts'
import type { ServerProcess } from '../helpers/servers/server-process.ts'
import { watchModel, type WatchedModel } from '../helpers/servers/watched-model.ts'
import { CAST_SENTENCE } from './cast.ts'
import { installChart, type Release } from './release.ts'
import { followSeldon, type SeldonHistory } from './seldon-history.ts'
import { startSluice, type Sluice } from './sluice-programs.ts'
import { openStage, type Stage } from './stage.ts'

export interface ScenePlan {
  /** Versions that answer badly. */
  bad?: string[]
  /** Further settings of the poller's entries for MLflow and Prometheus. */
  registry?: object
  provider?: object
}

export interface Scene extends Stage, Sluice {
  mlflow: ServerProcess
  prometheus: ServerProcess
  registry: RegistryClient
  release: Release
  seldon: SeldonOperator
  traffic: RunningTraffic
  /** Every state of every SeldonDeployment since the beginning. */
  history: SeldonHistory
  model: (name: string, namespace?: string) => WatchedModel
}

const RATE = 400

/** Starts everything; undefined where programs are missing. All of it ends with the test, however it ends. */
export async function openScene (t: Test, plan: ScenePlan = {}): Promise<Scene | undefined> {
  t.comment(CAST_SENTENCE)
  const stage = await openStage(t)
  return stage && await furnish(stage, plan)
}

async function furnish (stage: Stage, { bad = [], registry = {}, provider = {} }: ScenePlan): Promise<Scene> {
  const { programs: { servers }, plane: { api, kubectl }, atEnd } = stage
  const trafficPort = await freePort()
  const folder = join(stage.folder, 'servers')
  await mkdir(folder)
  const mlflow = await describeMlflow(servers, folder)
  const prometheus = await describePrometheus(servers, folder, `127.0.0.1:${trafficPort}`)
  for (const server of [mlflow, prometheus]) atEnd(() => server.stop())
  const [, , release] = await Promise.all([
    mlflow.start(),
    prometheus.start(),
    installChart(stage, { registries: { default: { url: mlflow.url, minInterval: '1s', ...registry } }, prometheus: { default: { url: prometheus.url, ...provider } } })
  ])
  const client = await startRegistryClient(servers, mlflow.url)
  atEnd(() => client.close())
  const sluice = await startSluice(stage, release)
  await kubectl(['create', 'namespace', 'models'])
  const history = await followSeldon(api)
  const seldon = startSeldonOperator({ apiServer: { url: api.url, fetch: api.fetch }, parts: 'real' })
  atEnd(() => seldon.close())
  const exposed = await exposeRecorder(trafficPort)
  atEnd(() => exposed.close())
  const traffic = startTraffic({ apiUrl: api.url, fetch: api.fetch, seldon, recorder: exposed.recorder, behaviour: behaviourOf(new Set(bad)), rate: RATE, scrapeInterval: 1000 })
  atEnd(async () => { traffic.stop() })
  const model = (name: string, namespace?: string): WatchedModel => watchModel({ api, seldon, traffic, fetch: api.fetch }, name, namespace)
  return { ...stage, ...sluice, mlflow, prometheus, registry: client, release, seldon, traffic, history, model }
}

/** Writes a manifest beside the logs, for `kubectl apply -f`. */
export async function writeManifest ({ folder }: Pick<Stage, 'folder'>, name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}
