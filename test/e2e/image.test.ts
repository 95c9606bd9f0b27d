// The image, which cannot be built here: what its Dockerfile copies and installs is put into a folder, and its programs are started from there with
// the image's environment.
import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { makeDownloadContainer } from '../../hooks/core/download.ts'
import { makeDeployment } from '../../manifests/generate/install/deployment.ts'
import { startApiServer } from '../../playground/api-server/server.ts'
import { freePort } from '../../playground/system/processes.ts'
import { temporaryFolder } from '../helpers/servers/cut-off.ts'
import { createServerProcess, type ServerProcess } from '../helpers/servers/server-process.ts'
import { commandOf, ROOT } from './commands.ts'
import { assemble, closedToOthers, inventory, type Image } from './image/assemble.ts'
import { readRecipe } from './image/recipe.ts'

type Container = { name: string, command: string[], ports: Array<{ containerPort: number }> }

const stages = readRecipe(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
const folder = temporaryFolder('image')
t.teardown(() => rm(folder, { recursive: true, force: true }))
const image = await assemble(stages, ROOT, folder)
const { spec: { template: { spec: pod } } } = makeDeployment('1', '1') as { spec: { template: { spec: { containers: Container[], securityContext: { runAsUser: number } } } } }

t.test('how the image is made', async (t) => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } }
  const major = /^>=(\d+)$/.exec(engines.node)?.[1]
  for (const { base, name } of stages) t.equal(base, `node:${major}-slim`, `${name}: the Node that package.json asks for, and not the one of npm`)
  t.equal(stages.at(-1)?.user, `${pod.securityContext.runAsUser}:${pod.securityContext.runAsUser}`, 'a number, so that Kubernetes can see that it is not root')
  t.strictSame(image.command, pod.containers.find(({ name }) => name === 'hooks')?.command, 'the hooks are what runs if nothing is said')
  t.strictSame(stages.at(-1)?.ports, [...pod.containers.flatMap(({ ports }) => ports.map(({ containerPort }) => containerPort)), 9443], 'the ports of the pod, and that of the webhook')
})

t.test('what is in the image, and what is not', async (t) => {
  const files = (await inventory(image.root)).map((line) => line.replace(/ \S+ \S+$/, ''))
  const has = (path: string) => files.includes(path)
  for (const path of ['app/package.json', 'app/LICENSE', 'app/hooks/main.ts', 'app/poller/main.ts', 'app/jobs/download-model.ts', 'app/jobs/ensure-claim.ts', 'app/node_modules/fastify/package.json']) t.ok(has(path), path)
  for (const path of ['app/test', 'app/playground', 'app/manifests', 'app/.git', 'app/node_modules/tap', 'app/node_modules/typescript', 'app/node_modules/node', 'app/poller/README.md', 'app/jobs/README.md', 'app/package-lock.json', 'usr/local/bin/npm', 'usr/local/bin/yarn', 'usr/local/lib/node_modules', 'opt/yarn-v1']) t.notOk(has(path), path)
  t.strictSame(await closedToOthers(join(image.root, 'app')), [], 'whoever runs it may read all of it, whatever the checkout was like, and write nothing')
})

t.test('both programs run, are ready, and write nothing', async (t) => {
  const before = await inventory(image.root)
  const server = await startApiServer({ crds: [join(ROOT, 'manifests/crds/mlflowmodels.yaml')], namespaces: ['sluice-system'] })
  t.teardown(() => server.close())
  const hooks = await describe('hooks', { PORT: 'port', DRAIN_SECONDS: '0' })
  const poller = await describe('poller', { METRICS_PORT: 'port', SLUICE_CONFIG: await write('config.yaml', 'registries: {}\nprometheus: {}\n'), KUBECONFIG: await kubeconfig(server.url), POD_NAME: 'pod', POD_NAMESPACE: 'sluice-system' })
  for (const program of [hooks, poller]) {
    t.teardown(() => program.stop())
    await program.start()
    for (const path of ['/healthz', '/readyz', '/metrics']) t.equal((await fetch(program.url + path)).status, 200, path)
  }
  const call = await fetch(`${hooks.url}/mlflowmodels/sync`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: readFileSync(join(ROOT, 'manifests/requests/mlflow-model-sync.json')) })
  t.equal(call.status, 200, 'a hook answers')
  t.strictSame(await inventory(image.root), before)
})

t.test('the program of the Jobs runs, as the pods of Jobs start it, and writes nothing but the model', async (t) => {
  const before = await inventory(image.root)
  const model = createServer((_request, response) => { response.end('x') }).listen(0, '127.0.0.1')
  t.teardown(() => { model.close() })
  await once(model, 'listening')
  const volume = join(folder, 'volume')
  const download = { uri: `http://127.0.0.1:${(model.address() as AddressInfo).port}/m.bin`, sha256: '', folder: join(volume, 'm'), fileName: '', unpack: false, mustHold: '', maxBytes: 0 }
  const container = makeDownloadContainer(download, { image: 'sluice', credentialsSecret: '', mount: { name: 'model', mountPath: volume } }) as { command: string[], env: Array<{ name: string, value: string }> }
  const [program = '', ...args] = container.command
  const env = [...Object.entries(image.env), ...container.env.map(({ name, value }) => [name, value]), ['TERMINATION_LOG', join(folder, 'termination-log')]]
  await commandOf('env', {})(['-i', `-C${join(image.root, image.workdir)}`, `PATH=${PATH}`, ...env.map(([name, value]) => `${name}=${value}`), program, ...args])
  t.match(JSON.parse(readFileSync(join(folder, 'termination-log'), 'utf8')), { bytes: 1, files: 1 })
  t.strictSame(await inventory(image.root), before)
})

t.test('without an API server the poller lives, is not ready, and says why', async (t) => {
  const logFile = join(folder, 'poller.log')
  const config = await write('config.yaml', '{}')
  const poller = await describe('poller', { METRICS_PORT: 'port', SLUICE_CONFIG: config, KUBECONFIG: await kubeconfig(`http://127.0.0.1:${await freePort()}`), LOG_LEVEL: 'debug' }, { readyPath: '/healthz', logFile })
  t.teardown(() => poller.stop())
  await poller.start()
  const ready = await fetch(`${poller.url}/readyz`)
  t.strictSame([ready.status, await ready.json()], [503, { status: 'waiting for the first list of all watched objects' }])
  await poller.stop()
  t.match(readFileSync(logFile, 'utf8'), /ECONNREFUSED/)
})

t.test('a poller that can never work ends, and says what to do', async (t) => {
  const [program = '', ...args] = commandIn('poller')
  const start = (env: Record<string, string>) => commandOf('env', {})(['-i', `-C${join(image.root, image.workdir)}`, `PATH=${PATH}`, ...Object.entries({ ...image.env, ...env }).map(([name, value]) => `${name}=${value}`), program, ...args])
  await t.rejects(start({}), /ended with 2: SLUICE_CONFIG is not set: set it to the YAML file/)
  await t.rejects(start({ SLUICE_CONFIG: await write('config.yaml', '{}'), HOME: '/nonexistent' }), /ended with 1: .*no API server is known: set KUBECONFIG/)
})

/** The machine's Node stands for the image's. */
const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`

function commandIn (name: string): string[] {
  return pod.containers.find((container) => container.name === name)?.command ?? []
}

/** A program as the pod starts it; a variable that says `port` gets a free one. */
async function describe (name: string, env: Record<string, string>, { readyPath = '/readyz', ...rest }: { readyPath?: string, logFile?: string } = {}): Promise<ServerProcess> {
  const port = await freePort()
  const [command = '', ...args] = commandIn(name)
  const settings = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value === 'port' ? String(port) : value]))
  return createServerProcess({
    command, args, env: { ...imageEnv(image), HOST: '127.0.0.1', ...settings }, folder: join(image.root, image.workdir), url: `http://127.0.0.1:${port}`, patience: 30_000, readyPath, ...rest
  })
}

/** A user without a home. */
function imageEnv ({ env }: Image): Record<string, string> {
  return { PATH, HOME: '/nonexistent', ...env }
}

async function write (name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

async function kubeconfig (server: string): Promise<string> {
  return await write('kubeconfig', stringify({
    apiVersion: 'v1', kind: 'Config', clusters: [{ name: 'c', cluster: { server } }], users: [{ name: 'u', user: {} }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x'
  }))
}
