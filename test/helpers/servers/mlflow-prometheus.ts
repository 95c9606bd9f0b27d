// The real MLflow server with a SQLite registry, and the real Prometheus, both on loopback ports of their own with data in a folder of the test.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../../playground/system/processes.ts'
import { createServerProcess, type ServerProcess } from './server-process.ts'
import type { Tools } from './tools.ts'

/** Under which path a server answers, and to which names beside its own [no path, its own]. */
export type Placing = { prefix?: string, hosts?: string[] }

/** MLflow, with one worker and nothing but the registry's needs. */
export async function describeMlflow ({ python }: Tools, folder: string, { prefix = '', hosts = [] }: Placing = {}): Promise<ServerProcess> {
  const port = await freePort()
  return createServerProcess({
    command: python,
    args: [
      '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1',
      '--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`, '--artifacts-destination', join(folder, 'artifacts'),
      ...prefix === '' ? [] : ['--static-prefix', prefix],
      ...hosts.length === 0 ? [] : ['--allowed-hosts', ['localhost:*', '127.0.0.1:*', ...hosts].join(',')]
    ],
    env: { MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', PYTHONUNBUFFERED: '1' },
    folder,
    url: `http://127.0.0.1:${port}${prefix}`,
    readyPath: '/health',
    // It imports for seconds and creates its tables at the first start; several do so at once on two cores.
    patience: 90_000
  })
}

/** Prometheus, looking every second at one target. */
export async function describePrometheus ({ prometheus }: Tools, folder: string, target: string): Promise<ServerProcess> {
  const port = await freePort()
  const config = join(folder, 'prometheus.yaml')
  await mkdir(join(folder, 'prometheus'), { recursive: true })
  await writeFile(config, stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'executor', static_configs: [{ targets: [target] }] }]
  }))
  return createServerProcess({
    command: prometheus,
    args: [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'prometheus')}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    env: {},
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/-/ready',
    patience: 30_000
  })
}
