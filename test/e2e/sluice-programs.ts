// Hooks, poller and control loop as processes that can be killed and started again, each with the identity that the chart gives it.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../playground/system/processes.ts'
import { createServerProcess, type ServerProcess } from '../helpers/servers/server-process.ts'
import { controlLoopPlan, METACONTROLLER, METACONTROLLER_OBJECTS } from './cast.ts'
import { ROOT } from './commands.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { RELEASE, type Release } from './release.ts'
import type { Stage } from './stage.ts'

export interface Sluice {
  /** Their stop() is a kill, as a crash is. */
  hooks: ServerProcess
  poller: ServerProcess
  loop: ServerProcess
}

const PATIENCE = 60_000

/** Where poller and control loop find the API server [where it is], and further environment of the poller. */
export interface Ways { poller?: string, loop?: string, pollerEnv?: Record<string, string> }

/** Starts all three; resolves when each is ready. */
export async function startSluice (stage: Stage, release: Release, ways: Ways = {}): Promise<Sluice> {
  const { plane: { kubectl }, atEnd } = stage
  await kubectl(['apply', '-f', '-'], { input: METACONTROLLER_OBJECTS.map((object) => JSON.stringify(object)).join('\n---\n') })
  const hooks = describeHooks(stage, release, release.hooksEnv)
  const poller = await describePoller(stage, release, { url: ways.poller, env: ways.pollerEnv ?? {} })
  const loop = await describeLoop(stage, ways.loop)
  for (const program of [hooks, poller, loop]) atEnd(() => program.stop())
  await Promise.all([hooks.start(), poller.start(), loop.start()])
  return { hooks, poller, loop }
}

/** The hooks with another ?v= or on another port are the hooks of another release. `env`: further environment. */
export function describeHooks ({ folder }: Pick<Stage, 'folder'>, { hooksPort, v, tokenFile }: Pick<Release, 'hooksPort' | 'v' | 'tokenFile'>, env: Record<string, string> = {}): ServerProcess {
  return describe(folder, 'hooks', {
    env: { HOST: '127.0.0.1', PORT: String(hooksPort), HOOK_TOKEN_FILE: tokenFile, HOOKS_V: v, DRAIN_SECONDS: '0', ...env }, port: hooksPort
  })
}

export interface PollerPlan {
  /** Where it finds the API server. */
  url?: string | undefined
  /** Further environment, and that of a pod of another name. */
  env?: Record<string, string>
}

/** The poller with a fresh token: those of a ServiceAccount that was deleted meanwhile are void. */
export async function describePoller (stage: Stage, { configFile }: Pick<Release, 'configFile'>, { url, env = {} }: PollerPlan = {}): Promise<ServerProcess> {
  const port = await freePort()
  const kubeconfig = await kubeconfigOf(stage, { namespace: RELEASE.namespace, name: await pollerAccount(stage) }, url)
  return describe(stage.folder, 'poller', {
    env: { HOST: '127.0.0.1', METRICS_PORT: String(port), KUBECONFIG: kubeconfig, SLUICE_CONFIG: configFile, POD_NAME: 'e2e', POD_NAMESPACE: RELEASE.namespace, ...env }, port
  })
}

function describe (folder: string, name: 'hooks' | 'poller', { env, port }: { env: Record<string, string>, port: number }): ServerProcess {
  return createServerProcess({
    command: process.execPath,
    args: [join(ROOT, name, 'main.ts')],
    env,
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/readyz',
    patience: PATIENCE,
    logFile: join(folder, 'logs', `${name}.log`)
  })
}

async function describeLoop (stage: Stage, url: string | undefined): Promise<ServerProcess> {
  const { folder } = stage
  const port = await freePort()
  const kubeconfig = await kubeconfigOf(stage, { namespace: METACONTROLLER.namespace, name: METACONTROLLER.serviceAccount }, url)
  return createServerProcess({
    ...controlLoopPlan(kubeconfig, port), folder, url: `http://127.0.0.1:${port}`, patience: PATIENCE, logFile: join(folder, 'logs', 'control-loop.log')
  })
}

/** The ServiceAccount that the chart's pods run as. */
async function pollerAccount ({ plane: { kubectl } }: Stage): Promise<string> {
  const name = await kubectl(['get', 'deployment', '-n', RELEASE.namespace, '-l', `app.kubernetes.io/instance=${RELEASE.name}`, '-o', 'jsonpath={.items[0].spec.template.spec.serviceAccountName}'])
  if (name === '') throw new Error('the pods of the chart have no ServiceAccount')
  return name
}

/** A kubeconfig with a token that the API server makes for a ServiceAccount, as the kubelet would ask for it. */
async function kubeconfigOf ({ folder, plane: { api, kubectl } }: Stage, { namespace, name }: { namespace: string, name: string }, url = api.url): Promise<string> {
  await mkdir(join(folder, 'identities'), { recursive: true })
  // Two of one identity may go different ways.
  const file = join(folder, 'identities', `${namespace}-${name}-${new URL(url).port}`)
  const token = await kubectl(['create', 'token', name, '-n', namespace, '--duration=2h'])
  await writeKubeconfig(file, { url, ca: api.ca, token: token.trim() })
  return file
}
