// 10,000 objects are listed anew, again and again: nothing is written, the registry is asked no more than before, and memory does not double.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { stringify } from 'yaml'
import { formatFact, parseFacts } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import { startApiServer } from '../../playground/api-server/server.ts'
import { statusOfCode } from '../../playground/api-server/api-error.ts'
import type { RequestInfo } from '../../playground/api-server/request-info.ts'
import type { OpenWatch } from '../../playground/api-server/watch-stream.ts'
import { startMlflow } from '../../playground/stand-ins/mlflow/server.ts'
import { freePort, startProgram } from '../../playground/system/processes.ts'
import { ALIAS, register } from '../helpers/loop/models.ts'
import { isWrite } from '../helpers/loop/witness.ts'
import { operationsOn } from '../helpers/poller-cluster.ts'

const OBJECTS = 10_000
const PAGES = OBJECTS / 500
const RELISTS = 2
const CRD = fileURLToPath(new URL('../../manifests/crds/mlflowmodels.yaml', import.meta.url))

t.setTimeout(400_000)
t.test('a list of 10,000 objects that nothing has happened to', async (t) => {
  const writes: string[] = []
  let pages = 0
  const isOurs = ({ plural }: RequestInfo): boolean => plural === 'mlflowmodels'
  const note = (request: RequestInfo): undefined => {
    if (isWrite(request)) writes.push(`${request.verb} ${request.path}`)
    if (request.verb === 'list' && isOurs(request)) pages++
  }
  const api = await startApiServer({ crds: [CRD], namespaces: ['models'], fault: note })
  const mlflow = await startMlflow()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-relist-'))
  t.teardown(async () => {
    await Promise.all([api.close(), mlflow.close()])
    await rm(folder, { recursive: true, force: true })
  })
  register(mlflow.registry(), 'churn')
  const port = await freePort()
  const poller = await startPoller(folder, { api: api.url, mlflow: mlflow.url, port })
  t.teardown(async () => { await poller.stop() })

  // The first is told by the poller itself what it asks for; the others are copies of it.
  const { create, get, setStatus } = operationsOn(api)
  create('first', { spec: { modelName: 'churn', modelAlias: ALIAS } })
  await until(() => get('first').metadata.annotations?.[FACTS.registry] !== undefined)
  const fact = parseFacts(get('first').metadata.annotations).registry
  setStatus('first', { phase: 'Healthy', stable: { version: fact?.version, createdAt: fact?.createdAt, uri: fact?.uri } })
  const first = get('first')
  for (let i = 1; i < OBJECTS; i++) api.store.put('sluice.dev/mlflowmodels', { ...first, metadata: { ...first.metadata, name: `m${i}`, uid: `${first.metadata.uid}-${i}` } } as never)
  const metrics = async (): Promise<string> => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  await until(async () => (await metrics()).includes(`sluice_objects{resource="mlflowmodels"} ${OBJECTS}`))
  t.ok(fact && formatFact(fact), 'all carry what the poller would write')

  const relist = async (): Promise<void> => {
    const listed = pages
    // Other kinds are asked for again and again, for this cluster does not have them.
    const watches = (): OpenWatch[] => api.watches().filter(({ request }) => isOurs(request))
    api.store.compact()
    for (const watch of watches()) watch.end({ error: statusOfCode(410, 'too old') })
    await until(() => pages >= listed + PAGES && watches().length > 0)
  }
  const settle = async (): Promise<void> => { await calm(() => writes.length + mlflow.calls.length) }
  await relist()
  await settle()
  const before = { writes: writes.length, asked: mlflow.calls.length, memory: await memoryOf(poller.pid) }
  await forgetPeak(poller.pid)
  for (let i = 0; i < RELISTS; i++) await relist()
  await settle()
  const { peak, now } = await memoryOf(poller.pid)
  t.comment(`memory: ${before.memory.now} MB before, ${peak} MB at most, ${now} MB after`)
  t.same(writes.slice(before.writes), [], 'nothing is written')
  t.ok(peak < 2 * before.memory.now, 'memory does not double')
  t.same(mlflow.calls.slice(before.asked), [], 'the registry is asked nothing')
})

async function startPoller (folder: string, { api, mlflow, port }: { api: string, mlflow: string, port: number }): ReturnType<typeof startProgram> {
  const [kubeconfig, config] = [join(folder, 'kubeconfig'), join(folder, 'sluice.yaml')]
  await writeFile(kubeconfig, stringify({ 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }], clusters: [{ name: 'c', cluster: { server: api } }], users: [{ name: 'u', user: {} }] }))
  // Nothing is due within the test: whatever is asked for comes of a list.
  await writeFile(config, stringify({ registries: { default: { url: mlflow, minInterval: '1h' } }, prometheus: {} }))
  return await startProgram({
    file: 'poller/main.ts',
    env: { HOST: '127.0.0.1', METRICS_PORT: String(port), KUBECONFIG: kubeconfig, SLUICE_CONFIG: config, POD_NAME: 'relist', POD_NAMESPACE: 'default', LOG_LEVEL: 'error' },
    readyUrl: `http://127.0.0.1:${port}/readyz`
  })
}

/** Resolves when a count has stood still for three seconds: long enough for a round of the registry, and for a write that would follow. */
async function calm (count: () => number): Promise<void> {
  let [last, since] = [count(), performance.now()]
  await until(() => {
    if (count() !== last) [last, since] = [count(), performance.now()]
    return performance.now() - since > 3_000
  })
}

/** The test's own time limits it. */
async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => { setTimeout(resolve, 200) })
}

/** Resident memory of a process in MB: now, and the most since the peak was forgotten. */
async function memoryOf (pid: number): Promise<{ now: number, peak: number }> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  const read = (name: string): number => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024)
  return { now: read('VmRSS'), peak: read('VmHWM') }
}

async function forgetPeak (pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
}
