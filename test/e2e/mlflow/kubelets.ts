// What no container here does by itself: pods of Jobs of MLflow objects. The one that makes claims is run for real, with the token of its ServiceAccount; of
// databases and images the test keeps the book, and what a migration would tell is told of them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../commands.ts'
import { componentOf, parentOf, type ModelHistory } from '../models/history.ts'
import { endPod, type End } from '../models/kubelets.ts'
import type { PodObject } from '../models/objects.ts'
import type { Stage } from '../stage.ts'

/** What runs in a pod of this component. */
type Work = (pod: PodObject) => Promise<End>

export interface MlflowKubelets {
  /** The revision of an object's database; absent means that it is empty. */
  revisions: Map<string, string>
  /** Has the next pod of this component of this object end otherwise. */
  once: (name: string, component: string, work: Work) => void
  /** Components of all pods that were played for an object, in order. */
  played: (name: string) => string[]
  /** What went wrong in playing, which would otherwise be seen as a pod that never ends. */
  troubles: string[]
}

interface Container { name: string, image: string, env?: Array<{ name: string, value?: string }> }

/** Their Role and its binding are made beside the Job, and may come after its first try. */
export const CLAIM_MAKERS = /^system:serviceaccount:[\w-]+:mlflow-claim(-[\w-]+)?$/

const COMPONENTS = ['claim', 'preflight', 'migration']

/** Plays every pod once, as soon as it has begun. */
export function startMlflowKubelets (stage: Stage, history: ModelHistory): MlflowKubelets {
  const revisions = new Map<string, string>()
  const exceptions = new Map<string, Work>()
  const seen = new Set<string>()
  const played: Array<{ name: string, component: string }> = []
  const troubles: string[] = []

  async function play (pod: PodObject, name: string, component: string): Promise<void> {
    const key = `${name}/${component}`
    const work = exceptions.get(key) ?? usual(component)
    exceptions.delete(key)
    const end = await work(pod)
    // A Job that is replaced takes its pods with it.
    if (await stage.plane.api.get(`/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`) === undefined) return
    await endPod(stage.plane.api, pod, Object.fromEntries([...pod.spec.initContainers ?? [], ...pod.spec.containers].map((container) => [container.name, container.name === 'combine-ca-bundles' ? { exitCode: 0 } : end])))
  }
  function usual (component: string): Work {
    if (component === 'claim') return async (pod) => await runClaimProgram(stage, pod)
    return async (pod) => migrationEnd(pod, component, revisions)
  }
  history.onPod((_type, pod) => {
    const component = componentOf(pod.metadata)
    const [kind, name = ''] = parentOf(pod).split(/\.(.*)/s)
    if (kind !== 'mlflow' || !COMPONENTS.includes(component) || pod.status?.startTime === undefined || seen.has(pod.metadata.uid)) return
    seen.add(pod.metadata.uid)
    played.push({ name, component })
    play(pod, name, component).catch((error: unknown) => { troubles.push(`${pod.metadata.name}: ${String(error)}`) })
  })
  return { revisions, once: (name, component, work) => { exceptions.set(`${name}/${component}`, work) }, played: (name) => played.filter((entry) => entry.name === name).map(({ component }) => component), troubles }
}

/** An image is of the version that its tag says, and its databases are at the revision of that name; one with a digest is of the first version. */
export function versionOf (image: string): string {
  return /:(\d+\.[\w.]*)$/.exec(image)?.[1] ?? '3.17.0'
}

/** What the program tells of the one database, which a migration brings to where the image wants it. */
function migrationEnd (pod: PodObject, component: string, revisions: Map<string, string>): End {
  const name = parentOf(pod).split('.').slice(1).join('.')
  const version = versionOf(pod.spec.containers[0]?.image ?? '')
  const [before, head] = [revisions.get(name) ?? null, `head-${version}`]
  if (component === 'migration') revisions.set(name, head)
  return told(version, { before, after: component === 'migration' ? head : before, head })
}

interface Revisions { before: string | null, after: string | null, head: string }

export function told (version: string, database: Revisions): End {
  return { exitCode: 0, message: JSON.stringify({ version, stores: [{ store: 'backend', dialect: 'sqlite', schema: `of-${database.after}`, ...database }] }) }
}

/** The program that is in the image, as the kubelet would start it: with the variables of the container and the files of the pod's ServiceAccount. */
async function runClaimProgram ({ folder, plane: { api, kubectl } }: Stage, { metadata, spec }: PodObject): Promise<End> {
  const { serviceAccountName = '', containers: [container] } = spec as PodObject['spec'] & { serviceAccountName?: string, containers: Container[] }
  const place = join(folder, 'pods', metadata.uid)
  await mkdir(place, { recursive: true })
  const log = join(place, 'termination-log')
  const token = await kubectl(['create', 'token', serviceAccountName, '-n', metadata.namespace])
  for (const [file, text] of Object.entries({ token: token.trim(), 'ca.crt': api.ca, namespace: metadata.namespace, 'termination-log': '' })) await writeFile(join(place, file), text, { mode: 0o600 })
  const { hostname, port } = new URL(api.url)
  const variables = Object.fromEntries((container?.env ?? []).map(({ name, value = '' }) => [name, value]))
  const child = spawn(process.execPath, [join(ROOT, 'jobs/ensure-claim.ts')], {
    cwd: ROOT,
    stdio: 'ignore',
    env: { ...variables, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, SERVICE_ACCOUNT_FOLDER: place, TERMINATION_LOG: log },
    timeout: 60_000
  })
  const [exitCode] = await once(child, 'close') as [number | null]
  return { exitCode: exitCode ?? 137, message: await readFile(log, 'utf8') }
}
