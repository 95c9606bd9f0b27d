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

/** Starts all three; resolves when each is ready. */
export async function startSluice (stage: Stage, release: Release): Promise<Sluice> {
  const { plane: { kubectl }, atEnd } = stage
  await kubectl(['apply', '-f', '-'], { input: METACONTROLLER_OBJECTS.map((object) => JSON.stringify(object)).join('\n---\n') })
  const hooks = describeHooks(stage, release)
  const poller = await describePoller(stage, release)
  const loop = await describeLoop(stage)
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

/** The poller with a fresh token: those of a ServiceAccount that was deleted meanwhile are void. */
export async function describePoller (stage: Stage, { configFile }: Release): Promise<ServerProcess> {
  const port = await freePort()
  const kubeconfig = await kubeconfigOf(stage, RELEASE.namespace, await pollerAccount(stage))
  return describe(stage.folder, 'poller', {
    env: { HOST: '127.0.0.1', METRICS_PORT: String(port), KUBECONFIG: kubeconfig, SLUICE_CONFIG: configFile, POD_NAME: 'e2e', POD_NAMESPACE: RELEASE.namespace }, port
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

async function describeLoop (stage: Stage): Promise<ServerProcess> {
  const { folder } = stage
  const port = await freePort()
  const kubeconfig = await kubeconfigOf(stage, METACONTROLLER.namespace, METACONTROLLER.serviceAccount)
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
async function kubeconfigOf ({ folder, plane: { api, kubectl } }: Stage, namespace: string, name: string): Promise<string> {
  await mkdir(join(folder, 'identities'), { recursive: true })
  const file = join(folder, 'identities', `${namespace}-${name}`)
  const token = await kubectl(['create', 'token', name, '-n', namespace, '--duration=2h'])
  await writeKubeconfig(file, { url: api.url, ca: api.ca, token: token.trim() })
  return file
}
