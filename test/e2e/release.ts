// The chart as helm installs it, and what the programs need to know of it.
import { randomBytes } from 'node:crypto'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../playground/system/processes.ts'
import { commandOf, ROOT, type Command } from './commands.ts'
import type { Stage } from './stage.ts'

/** Name and namespace of the release. */
export const RELEASE = { name: 'sluice', namespace: 'sluice-system' }

export interface Release {
  helm: Command
  /** Where the hooks listen, and the value of ?v= that they are asked for. */
  hooksPort: number
  v: string
  /** The hook token, in a file as a pod would have it. */
  tokenFile: string
  /** The poller's configuration as the chart has written it into its ConfigMap. */
  configFile: string
  /** What the chart tells hooks beside that, which here run outside of it. */
  hooksEnv: Record<string, string>
  /** Installs it once more, after it was uninstalled. */
  install: () => Promise<void>
  /** Upgrades to the chart in a folder, with these values over those of the installation. */
  upgrade: (chart: string, values: object) => Promise<void>
}

interface PollerConfig { registries: object, prometheus: object, mlflowServers?: object }

/** The chart of this checkout. */
export const CHART = join(ROOT, 'charts/sluice')
const TOKEN_SECRET = 'hook-token'

/** Values beside those of the poller's configuration, and what the hooks are told of them. */
export interface Further { values?: object, hooksEnv?: Record<string, string> }

/** Installs a chart with hooks outside of the cluster and a hook token. */
export async function installChart (stage: Stage, chart: string, config: PollerConfig, further: Further = {}): Promise<Release> {
  const { folder, programs, plane: { kubectl, kubeconfig } } = stage
  const helm = commandOf(programs.helm, { KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, 'kubectl'), HELM_CACHE_HOME: join(folder, 'helm'), HELM_CONFIG_HOME: join(folder, 'helm'), HELM_DATA_HOME: join(folder, 'helm') })
  const hooksPort = await freePort()
  const token = randomBytes(16).toString('hex')
  const tokenFile = join(folder, 'hook-token')
  await writeFile(tokenFile, token, { mode: 0o600 })
  await kubectl(['create', 'namespace', RELEASE.namespace])
  await kubectl(['create', 'secret', 'generic', TOKEN_SECRET, '-n', RELEASE.namespace, `--from-file=token=${tokenFile}`])
  const v = 'e2e-1'
  const values = { hooks: { url: `http://127.0.0.1:${hooksPort}`, v, token: { existingSecret: TOKEN_SECRET } }, poller: { config }, ...further.values }
  const valuesFile = join(folder, 'values.yaml')
  await writeFile(valuesFile, stringify(values))
  const install = async (): Promise<void> => { await helm(['install', RELEASE.name, chart, '--namespace', RELEASE.namespace, '--values', valuesFile]) }
  await install()
  const configFile = join(folder, 'sluice.yaml')
  await writeFile(configFile, await readConfig(kubectl))
  return {
    helm,
    hooksPort,
    v,
    tokenFile,
    configFile,
    hooksEnv: further.hooksEnv ?? {},
    install,
    async upgrade (chart, changed) {
      const changedFile = join(folder, 'changed-values.yaml')
      await writeFile(changedFile, stringify(changed))
      await helm(['upgrade', RELEASE.name, chart, '--namespace', RELEASE.namespace, '--values', valuesFile, '--values', changedFile])
    }
  }
}

async function readConfig (kubectl: Command): Promise<string> {
  const { items } = JSON.parse(await kubectl(['get', 'configmap', '-n', RELEASE.namespace, '-l', `app.kubernetes.io/instance=${RELEASE.name}`, '-o', 'json'])) as { items: Array<{ data: Record<string, string> }> }
  const [text] = Object.values(items[0]?.data ?? {})
  if (items.length !== 1 || text === undefined) throw new Error(`the chart has ${items.length} ConfigMaps in place of one with the poller's configuration`)
  return text
}

/** A copy of the chart as an older release had it: another version, so that everything that carries it differs. */
export async function olderChart (folder: string, version: string): Promise<string> {
  const copy = join(folder, 'older-chart')
  await cp(CHART, copy, { recursive: true })
  const file = join(copy, 'Chart.yaml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(/^version: .*$/m, `version: ${version}`).replace(/^appVersion: .*$/m, `appVersion: ${version}`))
  return copy
}
