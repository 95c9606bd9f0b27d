// The playground's system with several models in it, and a chronicle of the moments in which things became true, seen from the outside.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { parseFacts } from '../../hooks/core/facts.ts'
import type { KubeObject } from '../../playground/api-server/kube-object.ts'
import type { MlflowStandIn } from '../../playground/stand-ins/mlflow/server.ts'
import type { PrometheusStandIn } from '../../playground/stand-ins/prometheus/server.ts'
import { appliedWeights } from '../../playground/stand-ins/seldon/world.ts'
import { freePort } from '../../playground/system/processes.ts'
import { startSystem, type System } from '../../playground/system/system.ts'
import { quickModel, register } from '../helpers/loop/models.ts'
import { sharesOf, versionOf } from '../helpers/loop/serving.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { startHttpsFront } from './latency-front.ts'

/**
 * What can become true of a version of a model: the annotation names it, it is in the SeldonDeployment, its pods are ready, it is to have
 * traffic, the router gives it some, a request reached it; a check of it failed, it is to have no traffic, the router gives it none.
 */
export type Moment = 'noticed' | 'loading' | 'ready' | 'raised' | 'routed' | 'reached' | 'failed' | 'lowered' | 'withdrawn'

export interface Scene {
  system: System & { mlflow: MlflowStandIn, prometheus: PrometheusStandIn }
  /** When it became true, in ms since 1970; waits for it. */
  when: (name: string, version: string, moment: Moment) => Promise<number>
  statusOf: (name: string) => Record<string, unknown>
  modelOf: (name: string) => KubeObject | undefined
  /** Has this version answer badly from now on, whatever its model. */
  spoil: (version: string) => void
  /** From now on the registry tells the poller of every alias that is moved. */
  switchWebhookOn: () => Promise<void>
  close: () => Promise<void>
}

/** What is configured, in ms. */
export const LOAD_MS = 300
export const LAG_MS = 40
/** Requests a second to each model. */
const RATE = 200
const SECRET = 'of the bench'
const PATIENCE_MS = 60_000

/** Everything of it ends with close. */
export async function startScene (names: string[], spec: Parameters<typeof quickModel>[1]): Promise<Scene> {
  const closers: Array<() => Promise<unknown> | void> = []
  const close = async (): Promise<void> => { for (const end of closers.splice(0)) await end() }
  const opened = <T>(part: T, end: (part: T) => Promise<unknown> | void): T => { closers.unshift(() => end(part)); return part }
  try {
    const folder = temporaryFolder('bench-latency')
    const bad = new Set<string>()
    const webhook = await prepareWebhook(folder)
    const system = opened(await startSystem({
      rate: RATE, bad, seldonLag: () => LAG_MS, seldon: { loadTime: () => LOAD_MS }, pollerEnv: webhook.env
    }) as Scene['system'], (part) => part.close())
    const front = opened(await startHttpsFront({ url: webhook.url, ca: webhook.ca }), (part) => part.close())
    const chronicle = opened(writeChronicle(system, names), (part) => { part.end() })
    createModels(system, names, spec)
    const modelOf = (name: string) => system.api.store.get('sluice.dev/mlflowmodels', 'models', name)
    return {
      system,
      when: chronicle.when,
      modelOf,
      statusOf: (name) => (modelOf(name)?.status ?? {}) as Record<string, unknown>,
      spoil: (version) => { bad.add(version) },
      switchWebhookOn: async () => { await registerWebhook(system, front.url) },
      close
    }
  } catch (error) {
    await close()
    throw error
  }
}

function createModels ({ mlflow, api }: Scene['system'], names: string[], spec: Parameters<typeof quickModel>[1]): void {
  const resource = api.registry.findKind('sluice.dev/v1alpha1', 'MlflowModel')
  if (!resource) throw new Error('the CRD is not served')
  for (const name of names) {
    register(mlflow.registry(), name)
    api.operations.create(resource, 'models', quickModel(name, spec))
  }
}

async function registerWebhook ({ mlflowUrl }: System, url: string): Promise<void> {
  const answer = await fetch(`${mlflowUrl}/api/2.0/mlflow/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'sluice', url, secret: SECRET, events: [{ entity: 'model_version_alias', action: 'created' }] })
  })
  if (!answer.ok) throw new Error(`the registry refused the webhook: ${await answer.text()}`)
}

async function prepareWebhook (folder: string): Promise<{ env: Record<string, string>, url: string, ca: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], { extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })
  const port = await freePort()
  const files = { WEBHOOK_TLS_CERT_FILE: join(folder, 'tls.crt'), WEBHOOK_TLS_KEY_FILE: join(folder, 'tls.key'), WEBHOOK_SECRET_FILE: join(folder, 'secret') }
  await Promise.all([writeFile(files.WEBHOOK_TLS_CERT_FILE, cert), writeFile(files.WEBHOOK_TLS_KEY_FILE, key), writeFile(files.WEBHOOK_SECRET_FILE, SECRET)])
  return { env: { WEBHOOK_PORT: String(port), ...files }, url: `https://127.0.0.1:${port}/mlflow-webhook`, ca: cert }
}

interface Chronicle { when: Scene['when'], end: () => void }

/** Writes down each moment once, as soon as it is there to be seen. */
function writeChronicle ({ api, seldon, traffic }: System, names: string[]): Chronicle {
  const moments = new Map<string, number>()
  const waiting = new Map<string, (at: number) => void>()
  const has = (name: string, version: string, moment: Moment): boolean => moments.has(`${name} ${version} ${moment}`)

  function note (name: string, version: string, moment: Moment): void {
    const key = `${name} ${version} ${moment}`
    if (moments.has(key)) return
    const at = Date.now()
    moments.set(key, at)
    waiting.get(key)?.(at)
  }
  function readModel ({ metadata: { name, annotations } }: KubeObject): void {
    const { registry, analysis } = parseFacts(annotations as Record<string, string> | undefined)
    if (registry && 'version' in registry && typeof registry.version === 'string') note(name, registry.version, 'noticed')
    if (analysis && analysis.failed > 0) note(name, versionOf(analysis.rollout), 'failed')
  }
  function readServing (object: KubeObject): void {
    const { name } = object.metadata
    const { deploymentStatus = {} } = (object.status ?? {}) as { deploymentStatus?: Record<string, { availableReplicas?: number }> }
    for (const [predictor, share] of Object.entries(sharesOf(object))) {
      const version = versionOf(predictor)
      note(name, version, 'loading')
      if ((deploymentStatus[`${name}-${predictor}-0-model`]?.availableReplicas ?? 0) > 0) note(name, version, 'ready')
      if (share > 0) note(name, version, 'raised')
      else if (has(name, version, 'raised')) note(name, version, 'lowered')
    }
  }
  function readRouter (): void {
    for (const name of names) {
      for (const [predictor, weight] of Object.entries(appliedWeights(seldon.world('models', name)))) {
        if (weight > 0) note(name, versionOf(predictor), 'routed')
        else if (has(name, versionOf(predictor), 'routed')) note(name, versionOf(predictor), 'withdrawn')
      }
      for (const predictor of Object.keys(traffic.sent('models', name))) if (predictor !== 'unreachable') note(name, versionOf(predictor), 'reached')
    }
  }
  const ends = [
    api.store.subscribe('sluice.dev/mlflowmodels', ({ object }) => { readModel(object) }),
    api.store.subscribe('machinelearning.seldon.io/seldondeployments', ({ object }) => { readServing(object) })
  ]
  // Never true: this is how to be called after every pass of the operator.
  seldon.until(() => { readRouter(); return false }).catch(() => undefined)
  const regularly = setInterval(readRouter, 10)

  return {
    async when (name, version, moment) {
      const key = `${name} ${version} ${moment}`
      const past = moments.get(key)
      if (past !== undefined) return past
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      waiting.set(key, resolve)
      const over = setTimeout(() => { reject(new Error(`not within ${PATIENCE_MS / 1000} s: version ${version} of ${name} ${moment}`)) }, PATIENCE_MS)
      return await promise.finally(() => { clearTimeout(over) })
    },
    end () {
      clearInterval(regularly)
      for (const end of ends) end()
    }
  }
}
