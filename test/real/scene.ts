// The whole system around a real MLflow and a real Prometheus, for one test file.
import { readFile, rm } from 'node:fs/promises'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { freePort } from '../../playground/system/processes.ts'
import { startSystem, type System } from '../../playground/system/system.ts'
import { startFront, type Front } from './front.ts'
import { startRegistryClient, type RegistryClient } from '../helpers/servers/registry-client.ts'
import type { ServerProcess } from '../helpers/servers/server-process.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { describeMlflow, describePrometheus } from '../helpers/servers/mlflow-prometheus.ts'
import { findTools, type Tools } from '../helpers/servers/tools.ts'
import { watchModel, type WatchedModel } from '../helpers/servers/watched-model.ts'

export interface ScenePlan {
  /** Versions that answer badly. */
  bad?: string[]
  /** Further settings of the poller's entries for MLflow and Prometheus. */
  registry?: object
  provider?: object
}

export interface Scene {
  system: System
  mlflow: ServerProcess
  /** Between the poller and MLflow. */
  front: Front
  prometheus: ServerProcess
  registry: RegistryClient
  /** What the poller has logged. */
  log: string[]
  /** Creates the sample object of the demo under another name, with these parts of spec replaced. */
  create: (name: string, changes: { rollout?: object, analysis?: object }) => Promise<WatchedModel>
}

const SAMPLE = new URL('../../manifests/samples/mlflow-model-demo.yaml', import.meta.url)
const RATE = 400
/** Of the verdicts of a whole rollout. The sample's 0.95 would let chance roll back a good version too often for a test. */
const CONFIDENCE = 0.999

/** Starts everything; undefined where the tools are missing. All of it ends with the test, however it ends. */
export async function openScene (t: Test, plan: ScenePlan = {}): Promise<Scene | undefined> {
  const tools = findTools(t)
  if (!tools) return undefined
  const endings: Array<() => Promise<unknown>> = []
  t.teardown(async () => { for (const end of endings.splice(0)) await end() })
  return await start(tools, plan, (end) => { endings.unshift(end) })
}

async function start (tools: Tools, { bad = [], registry = {}, provider = {} }: ScenePlan, atEnd: (end: () => Promise<unknown>) => void): Promise<Scene> {
  const folder = temporaryFolder('real')
  atEnd(async () => { await rm(folder, { recursive: true, force: true }) })
  const trafficPort = await freePort()
  const mlflow = await describeMlflow(tools, folder)
  const prometheus = await describePrometheus(tools, folder, `127.0.0.1:${trafficPort}`)
  for (const server of [mlflow, prometheus]) atEnd(() => server.stop())
  await Promise.all([mlflow.start(), prometheus.start()])
  const front = await startFront(mlflow.url)
  atEnd(() => front.close())
  const client = await startRegistryClient(tools, mlflow.url)
  atEnd(() => client.close())
  const log: string[] = []
  const system = await startSystem({
    mlflowUrl: front.url,
    registry: { ...registry },
    prometheusUrl: prometheus.url,
    entries: { prometheus: { default: { url: prometheus.url, ...provider } } },
    bad: new Set(bad),
    rate: RATE,
    ports: { traffic: trafficPort },
    seldon: { loadTime: () => 1500 },
    onLine: (program, line) => { if (program === 'poller') log.push(line) }
  })
  atEnd(() => system.close())
  return { system, mlflow, front, prometheus, registry: client, log, create: async (name, changes) => await create(system, name, changes) }
}

async function create (system: System, name: string, { rollout = {}, analysis = {} }: Parameters<Scene['create']>[1]): Promise<WatchedModel> {
  const sample = parse(await readFile(SAMPLE, 'utf8')) as { spec: { rollout: object, analysis: object } }
  const spec = { ...sample.spec, modelName: name, rollout: { ...sample.spec.rollout, ...rollout }, analysis: { ...sample.spec.analysis, confidence: CONFIDENCE, ...analysis } }
  const answer = await fetch(`${system.api.url}/apis/sluice.dev/v1alpha1/namespaces/models/mlflowmodels`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...sample, metadata: { name, namespace: 'models' }, spec })
  })
  if (!answer.ok) throw new Error(`the API server refused ${name}: ${await answer.text()}`)
  return watchModel(system, name)
}
