// The settings of the poller: the environment, and the configuration file that it names. Nothing else of the poller reads either.
// A changed configuration file counts from the next start: the chart restarts the pods when it changes.
import { existsSync, readFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { readEnvironment, SettingsError, type Variables } from '../hooks/core/environment.ts'
import { oneOf } from '../hooks/core/schema.ts'
import { parsePrometheusConfig, type PrometheusConfig } from './analysis/config.ts'
import { ConfigError } from './http/config.ts'
import { parseMlflowServersConfig, type MlflowServersConfig } from './mlflow/config.ts'
import { parseRegistryConfig, type RegistryConfig } from './registry/config.ts'
import type { WebhookConfig } from './registry/webhook-server.ts'
import { parseYamlText } from './yaml-text.ts'

const port = (value: number) => Type.Integer({ default: value, minimum: 0, maximum: 65535, description: 'a port from 0 (any free one) to 65535' })
const text = (description: string) => Type.Optional(Type.String({ description }))

/** Each property is an environment variable. */
export const Environment = Type.Object({
  SLUICE_CONFIG: Type.String({ description: 'the YAML file with registries and prometheus' }),
  KUBECONFIG: text('a kubeconfig file; not needed in a pod, nor for ~/.kube/config'),
  KUBERNETES_SERVICE_HOST: text('set by the kubelet'),
  KUBERNETES_SERVICE_PORT: Type.String({ default: '443', description: 'set by the kubelet' }),
  NAMESPACE: Type.String({ default: '', maxLength: 63, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$', description: 'the one namespace to look after; empty for all' }),
  HOST: Type.String({ default: '0.0.0.0', description: 'an address to listen on' }),
  METRICS_PORT: port(9090),
  WEBHOOK_PORT: port(9443),
  WEBHOOK_TLS_CERT_FILE: text('a PEM file'),
  WEBHOOK_TLS_KEY_FILE: text('a PEM file'),
  WEBHOOK_SECRET_FILE: text('a file with the secret of the MLflow webhook'),
  POD_NAME: text('the name of this pod'),
  POD_NAMESPACE: text('the namespace of this pod, where the lease is kept'),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info', description: 'one of trace, debug, info, warn, error, fatal, silent' })
})
type Environment = Static<typeof Environment>

const EntryName = '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$'
const Entries = Type.Record(Type.String({ pattern: EntryName, maxLength: 63 }), Type.Unknown(), { additionalProperties: false, default: {} })

const ConfigFile = Type.Object({ registries: Entries, prometheus: Entries, mlflowServers: Type.Optional(Type.Unknown()) }, { additionalProperties: false })

export type Settings = {
  kubeconfig: string | undefined
  /** Where the API server is for a pod. */
  service: { host: string, port: string } | undefined
  /** Everything that was set, for programs that hand out credentials. */
  environment: Variables
  namespace: string
  host: string
  metricsPort: number
  /** Absent: no webhook. */
  webhook: WebhookConfig | undefined
  podName: string
  podNamespace: string | undefined
  logLevel: Environment['LOG_LEVEL']
  registries: Record<string, RegistryConfig>
  prometheus: Record<string, PrometheusConfig>
  mlflowServers: MlflowServersConfig
}

/** Reads environment and configuration file. Throws SettingsError. */
export function readSettings (variables: Variables = process.env): Settings {
  const { values: environment, problems } = readEnvironment(Environment, variables)
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return {
    kubeconfig: kubeconfigOf(environment),
    service: environment.KUBERNETES_SERVICE_HOST === undefined ? undefined : { host: environment.KUBERNETES_SERVICE_HOST, port: environment.KUBERNETES_SERVICE_PORT },
    environment: variables,
    namespace: environment.NAMESPACE,
    host: environment.HOST,
    metricsPort: environment.METRICS_PORT,
    webhook: readWebhook(environment),
    podName: environment.POD_NAME ?? hostname(),
    podNamespace: environment.POD_NAMESPACE,
    logLevel: environment.LOG_LEVEL,
    ...readConfigFile(environment.SLUICE_CONFIG)
  }
}

/** Outside of a pod the file that kubectl takes, too. */
function kubeconfigOf ({ KUBECONFIG, KUBERNETES_SERVICE_HOST }: Environment): string | undefined {
  const usual = join(homedir(), '.kube', 'config')
  if (KUBECONFIG !== undefined || KUBERNETES_SERVICE_HOST !== undefined) return KUBECONFIG
  return existsSync(usual) ? usual : undefined
}

/** The webhook needs certificate, key and secret; with none of them there is no webhook. */
function readWebhook ({ HOST, WEBHOOK_PORT, WEBHOOK_TLS_CERT_FILE, WEBHOOK_TLS_KEY_FILE, WEBHOOK_SECRET_FILE }: Environment): WebhookConfig | undefined {
  const files = { WEBHOOK_TLS_CERT_FILE, WEBHOOK_TLS_KEY_FILE, WEBHOOK_SECRET_FILE }
  const missing = Object.entries(files).filter(([, file]) => file === undefined).map(([name]) => name)
  if (missing.length === 3) return undefined
  if (missing.length > 0) throw new SettingsError(`${missing.join(' and ')} must be set for the webhook: set all of ${Object.keys(files).join(', ')}, or none for no webhook`)
  return { port: WEBHOOK_PORT, host: HOST, certFile: WEBHOOK_TLS_CERT_FILE ?? '', keyFile: WEBHOOK_TLS_KEY_FILE ?? '', secretFile: WEBHOOK_SECRET_FILE ?? '' }
}

function readConfigFile (path: string): Pick<Settings, 'registries' | 'prometheus' | 'mlflowServers'> {
  const file = Value.Default(ConfigFile, parseYaml(path) ?? {})
  const problems = [...Value.Errors(ConfigFile, file)].map(({ path: at, message }) =>
    `${at.slice(1).replaceAll('/', '.') || 'the file'}: ${message}; known are mlflowServers, registries.<name> and prometheus.<name>, names of a-z, 0-9, - and .`)
  if (problems.length > 0) throw new SettingsError(problems.map((problem) => `${path}: ${problem}`).join('\n'))
  const { registries, prometheus, mlflowServers } = file as Static<typeof ConfigFile>
  const mistakes: string[] = []
  const servers = readEntries({ mlflowServers }, parseMlflowServersConfig, { mistakes })
  const settings = {
    registries: readEntries(registries, parseRegistryConfig, { section: 'registries', mistakes }),
    prometheus: readEntries(prometheus, parsePrometheusConfig, { section: 'prometheus', mistakes }),
    mlflowServers: servers.mlflowServers as MlflowServersConfig
  }
  if (mistakes.length > 0) throw new SettingsError(mistakes.map((mistake) => `${path}: ${mistake}`).join('\n'))
  return settings
}

function parseYaml (path: string): unknown {
  try {
    return parseYamlText(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new SettingsError(`SLUICE_CONFIG names ${path}, which cannot be read: ${(error as Error).message.trim()}`, { cause: error })
  }
}

/** `section`: what stands before the names [nothing]. */
type Collecting = { section?: string, mistakes: string[] }

/** All entries of one section; what is wrong with any of them is collected, so that one start shows every mistake. */
function readEntries<T> (entries: Record<string, unknown>, read: (value: unknown, at: string) => T, { section, mistakes }: Collecting): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).flatMap(([name, value]) => {
    try {
      return [[name, read(value, section === undefined ? name : `${section}.${name}`)]]
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      mistakes.push(...error.message.split('\n'))
      return []
    }
  }))
}
