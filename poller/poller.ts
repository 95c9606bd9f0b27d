// Puts the poller together: connection, watches, writes, observers, election and ports; and takes it apart again in the right order.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { KubeObject } from '../hooks/core/request.ts'
import { createAnalyst, type Analyst } from './analysis/analyst.ts'
import { createClusterClient, type ClusterClient } from './cluster/client.ts'
import { connect, POD_FILES } from './cluster/connect.ts'
import { createEventRecorder } from './cluster/event-recorder.ts'
import { startElector } from './cluster/lease.ts'
import { createAnnotationWriter, type AnnotationWriter } from './cluster/patch.ts'
import { startReflector, type Reflector } from './cluster/reflector.ts'
import { requestToken } from './cluster/token-request.ts'
import { createWriteQueue, type WriteQueue } from './cluster/write-queue.ts'
import { inNamespace } from './in-namespace.ts'
import { createLoop, type Loop, type LoopParts } from './loop.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createCaSecrets } from './mlflow/ca-secret.ts'
import { keepServerEntries, type ServerEntries } from './mlflow/entries.ts'
import { slimAny, type Model } from './model.ts'
import { watchPods } from './pods/watch.ts'
import { createRegistryObserver, type RegistryObserver } from './registry/observer.ts'
import { startWebhookServer, type WebhookServer } from './registry/webhook-server.ts'
import { makeServer } from './server.ts'
import type { Settings } from './settings.ts'
import { collectionPath, MLFLOW_MODELS, MLFLOWS, objectPath, WATCHED, type Watched } from './watched.ts'

const LEASE_NAME = 'sluice-poller'
/** Where OpenShift puts the authority of the certificates that it makes for Services. */
const SERVICE_CA_FILE = `${POD_FILES}/service-ca.crt`
/** How long a stop waits for what is under way. */
const PATIENCE_MS = 5_000

export type Poller = {
  /** Addresses of metrics and probes, and of the webhook if there is one. */
  metricsUrl: string
  webhookPort: number | undefined
  isLeader: () => boolean
  /** Ends the rounds, lets begun writes finish, hands the lease over, and closes everything. */
  close: () => Promise<void>
}

type Kind = { watched: Watched, plural: string, reflector: Reflector, writer: AnnotationWriter<KubeObject> }

const monotonic = (): number => performance.now()

/** Starts everything. Resolves when the ports are open; the API server may still be down then. */
export async function startPoller (settings: Settings, logger: Logger): Promise<Poller> {
  const kinds: Kind[] = []
  const metrics = createMetrics({ monotonic, objects: () => Object.fromEntries([...kinds, ...pods ? [{ plural: 'pods', reflector: pods }] : []].map(({ plural, reflector }) => [plural, reflector.store.size()])) })
  const client = createClusterClient(await connect({ ...settings, monotonic }), { monotonic, onCall: metrics.onCall })
  const queue = createWriteQueue()
  kinds.push(...WATCHED.map((watched) => watch(watched, { client, queue, settings, logger, mayWrite: () => elector.isLeader() })))
  const pods = WATCHED.some(({ hasPods }) => hasPods) ? watchPods({ client, namespace: settings.namespace, logger, monotonic }) : undefined
  const servers = serversOf(kinds, settings)
  const observers = createObservers(settings, { client, kinds, servers, metrics, logger })
  const identity = `${settings.podName}_${randomUUID()}`
  const recorder = createEventRecorder({ client, queue, instance: settings.podName, logger })
  const loop = createLoop({ kinds: kinds.map((kind) => inNamespace(kind, settings.namespace)), models: modelsOf(kinds), pods, servers, references: referencesOf(kinds, { client, settings, metrics }), ...observers, recorder, metrics: metrics.rollouts, served: metrics.served, serverTime: client.serverTime, onRound: metrics.onRound, logger })

  const server = makeServer({ metrics, isReady: () => kinds.every(({ reflector }) => reflector.hasSynced()) })
  const metricsUrl = await server.listen({ host: settings.host, port: settings.metricsPort })
  const stopping = new AbortController()
  let leading: Promise<void> = Promise.resolve()
  const elector = startElector({
    client,
    namespace: settings.podNamespace ?? client.namespace,
    name: LEASE_NAME,
    identity,
    monotonic,
    logger,
    onLead (signal) { leading = lead(loop, AbortSignal.any([signal, stopping.signal]), { before: leading, metrics, logger }) }
  })
  const webhook = await startWebhook(settings, { loop, metrics, isLeader: elector.isLeader, now: () => (client.serverTime() ?? Date.now()) / 1000, logger })
  return {
    metricsUrl,
    webhookPort: webhook?.port,
    isLeader: elector.isLeader,
    async close () {
      stopping.abort(new Error('shutting down'))
      await Promise.all([webhook?.close(), observers.registry.close(), observers.analyst.close()])
      // The lease is handed over only when nothing of ours writes any more.
      await Promise.race([leading, sleep(PATIENCE_MS, undefined, { ref: false })])
      await Promise.race([queue.close(), sleep(PATIENCE_MS, undefined, { ref: false })])
      await Promise.all([recorder.close(), elector.close(), server.close(), pods?.close(), ...kinds.map(({ reflector }) => reflector.close())])
      await client.close()
    }
  }
}

type Surroundings = { client: ClusterClient, queue: WriteQueue, settings: Settings, logger: Logger, mayWrite: () => boolean }

function watch (watched: Watched, { client, queue, settings, logger, mayWrite }: Surroundings): Kind {
  const reflector = startReflector({ client, path: collectionPath(watched, settings.namespace), slim: watched.createSlim?.() ?? slimAny, logger, monotonic })
  const writer = createAnnotationWriter({ client, queue, store: reflector.store, pathOf: (metadata) => objectPath(watched, metadata), monotonic, mayWrite, onSilence: reflector.renew, logger })
  return { watched, plural: watched.plural, reflector, writer }
}

function modelsOf (kinds: Kind[]): { reflector: Reflector<KubeObject & Model>, writer: AnnotationWriter<KubeObject & Model> } {
  // The API server has checked them against the schema from which the type is made.
  return kinds.find(({ watched }) => watched === MLFLOW_MODELS) as never
}

/** MLflow objects as registries, wherever they live. */
function serversOf (kinds: Kind[], { mlflowServers: config }: Settings): ServerEntries | undefined {
  const kind = kinds.find(({ watched }) => watched === MLFLOWS)
  // Its slim has made them what an MLflow is here.
  return kind && keepServerEntries({ servers: kind.reflector as never, config, serviceCaFile: existsSync(SERVICE_CA_FILE) ? SERVICE_CA_FILE : undefined })
}

/** What tells MLflow objects of changes around them, if that is wanted. */
function referencesOf (kinds: Kind[], { client, settings, metrics }: { client: ClusterClient, settings: Settings, metrics: Metrics }): LoopParts['references'] {
  const kind = kinds.find(({ watched }) => watched === MLFLOWS)
  if (!kind || !settings.mlflowServers.references) return undefined
  const { reflector, writer } = inNamespace(kind, settings.namespace)
  return { servers: reflector, writer, client, onLook: metrics.onReference } as never
}

type Observing = { client: ClusterClient, kinds: Kind[], servers: ServerEntries | undefined, metrics: Metrics, logger: Logger }

function createObservers (settings: Settings, { client, kinds, servers, metrics, logger }: Observing): { registry: RegistryObserver, analyst: Analyst } {
  const { registries, prometheus } = settings
  // Before the API server's first answer there is no time to go by, and nothing to look at either.
  const now = () => (client.serverTime() ?? Number.NaN) / 1000
  const { reflector } = modelsOf(kinds)
  return {
    registry: createRegistryObserver({
      registries,
      ...(servers && { servers }),
      now: () => Math.floor(now()),
      monotonic,
      logger,
      metrics: { onRequest: metrics.onRegistryRequest, onRound: metrics.onRegistryRound },
      requestToken: async (auth) => await requestToken(client, auth),
      readCaSecret: createCaSecrets(client, monotonic)
    }),
    analyst: createAnalyst({ providers: prometheus, now, logger, metrics: { onRequest: metrics.onPrometheusRequest }, latest: (uid) => reflector.store.get(uid) })
  }
}

/** One term of office. It begins when the one before has ended, so that two never run in one process. */
async function lead (loop: Loop, signal: AbortSignal, { before, metrics, logger }: { before: Promise<void>, metrics: Metrics, logger: Logger }): Promise<void> {
  await before
  if (signal.aborted) return
  metrics.setLeader(true)
  await loop.lead(signal).catch((error: unknown) => { logger.error({ err: error }, 'leading ended by a bug') })
  metrics.setLeader(false)
}

type Hinting = { loop: Loop, metrics: Metrics, isLeader: () => boolean, now: () => number, logger: Logger }

async function startWebhook ({ webhook }: Settings, { loop, metrics, isLeader, now, logger }: Hinting): Promise<WebhookServer | undefined> {
  if (!webhook) return undefined
  return await startWebhookServer({
    config: webhook,
    isLeader,
    hint: loop.hint,
    now,
    onDelivery: metrics.onDelivery,
    onFailure: (error) => { logger.error({ err: error }, 'webhook delivery cannot be judged') },
    onRenewal: (error) => { if (error) logger.warn({ err: error }, 'webhook certificate cannot be renewed; the old one stays in use') }
  })
}
