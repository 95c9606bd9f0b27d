// A small cluster around the state machine of MLflow's migration: a database, a Deployment with pods, Jobs, a poller and Metacontroller, each one move at a time.
import { objectMapKey, type KubeObject } from '../../../hooks/core/request.ts'
import type { Decision, JobOrder, Wanted } from '../../../hooks/mlflow/migration/evidence.ts'
import { decideMigration } from '../../../hooks/mlflow/migration/decide.ts'
import { formatMemory, type MigrationMemory } from '../../../hooks/mlflow/migration/memory.ts'
import { observeMigration } from '../../../hooks/mlflow/migration/observe.ts'
import type { Request } from '../../../hooks/mlflow/place.ts'
import { contentHash } from '../../../hooks/core/names.ts'

/** Images are letters, and the database's revision that an image wants is its place in the alphabet: `b` wants 2. */
export type Image = 'a' | 'b' | 'c'

export function headOf (image: string): number {
  return image.charCodeAt(0) - 96
}

/** What becomes of a migration Job: `halfway` changes the database and fails, the others fail before they touch it. */
export type Fate = 'succeeds' | 'halfway' | 'refused' | 'unreachable' | 'silent'

export type WorldJob = {
  kind: 'preflight' | 'migrate'
  image: string
  uid: number
  annotation: string
  state: 'Running' | 'Succeeded' | 'Failed'
  message?: string
  pod?: { exitCode: number, message?: string, result?: string }
  deleting?: boolean
}

type WorldPod = { image: string, ready: boolean, ending: boolean }

type WorldDeployment = { version: number, generation: number, observed: number, replicas: number, image: string, annotation?: string, pods: WorldPod[] }

export type World = {
  now: number
  spec: { image: Image, stores: number, generation: number, mode: 'Automatic' | 'Always', replicas: number, autoscaling: boolean }
  command?: string
  revision: number
  deployment?: WorldDeployment
  jobs: Record<string, WorldJob>
  reported: string
  active: number
  status: { attempt?: number, version?: string }
  /** What caches may still show, newest last. */
  past: Array<{ deployment?: WorldDeployment, jobs: Record<string, WorldJob> }>
  counter: number
  /** How many moves of a calm world were made. */
  turn: number
  last?: Decision
  /** The server counts pods that are ending. */
  counts: boolean
  /** Attempts whose preflight has succeeded, and those of which the poller has told that there is nothing to migrate. */
  seen: { passed: Set<number>, head: Set<number> }
}

export class Violation extends Error {
  override name = 'Violation'
}

export function makeWorld (fields: Partial<World> = {}): World {
  return {
    now: 1_800_000_000,
    spec: { image: 'a', stores: 1, generation: 1, mode: 'Automatic', replicas: 2, autoscaling: false },
    revision: 0,
    jobs: {},
    reported: '',
    active: 0,
    status: {},
    past: [],
    counter: 1,
    turn: 0,
    counts: true,
    seen: { passed: new Set(), head: new Set() },
    ...fields
  }
}

/** Everything else in it is never changed in place. */
export function cloneWorld (world: World): World {
  const { passed, head } = world.seen
  return { ...world, seen: { passed: new Set(passed), head: new Set(head) } }
}

const NAMESPACE = 'home'

export function wantedOf ({ spec: { image, stores, generation, mode, replicas, autoscaling }, deployment }: World): Wanted {
  const asked = autoscaling && deployment && deployment.replicas > 0 ? deployment.replicas : replicas
  return { name: 'mlflow', object: { name: 'mlflow', namespace: NAMESPACE }, image, storesKey: String(stores), generation, mode, replicas: autoscaling ? asked : replicas, autoscaling }
}

type Sight = { deployment?: WorldDeployment, jobs: Record<string, WorldJob> }

export function requestOf (world: World, sight: Sight): Request {
  const { status, command, reported } = world
  const annotations = { ...(command !== undefined && { 'sluice.dev/retry': command }), ...(reported && { 'sluice.dev/pods': reported }) }
  const cron = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'mlflow-gc', namespace: NAMESPACE }, status: { active: Array.from({ length: world.active }, () => ({})) } }
  return {
    controller: {},
    parent: { apiVersion: 'sluice.dev/v1alpha1', kind: 'MLflow', metadata: { name: 'mlflow', uid: 'u', annotations }, spec: { namespace: NAMESPACE }, status },
    children: {
      [objectMapKey('apps/v1', 'Deployment')]: sight.deployment ? { [`${NAMESPACE}/mlflow`]: deploymentObject(sight.deployment, world.counts) } : {},
      [objectMapKey('batch/v1', 'Job')]: Object.fromEntries(Object.entries(sight.jobs).map(([name, job]) => [`${NAMESPACE}/${name}`, jobObject(name, job)])),
      [objectMapKey('batch/v1', 'CronJob')]: { [`${NAMESPACE}/mlflow-gc`]: cron }
    },
    related: {},
    finalizing: false
  } as unknown as Request
}

function deploymentObject ({ generation, observed, replicas, image, annotation, pods }: WorldDeployment, counts: boolean): KubeObject {
  const there = pods.filter(({ ending }) => !ending)
  const ready = there.filter((pod) => pod.ready)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'mlflow', namespace: NAMESPACE, generation, ...(annotation !== undefined && { annotations: { 'sluice.dev/state': annotation } }) },
    spec: { replicas, template: templateOf(image) },
    status: {
      observedGeneration: observed,
      replicas: there.length,
      updatedReplicas: there.filter((pod) => pod.image === image).length,
      availableReplicas: ready.length,
      ...(counts && { terminatingReplicas: pods.length - there.length })
    }
  }
}

function templateOf (image: string) {
  return { metadata: { labels: { app: 'mlflow' } }, spec: { containers: [{ name: 'mlflow', image }] } }
}

function jobObject (name: string, { annotation, state, message = '', deleting }: WorldJob): KubeObject {
  const condition = { Running: [], Succeeded: [{ type: 'Complete', status: 'True' }], Failed: [{ type: 'Failed', status: 'True', reason: 'PodFailurePolicy', message }] }[state]
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: NAMESPACE, annotations: { 'sluice.dev/state': annotation }, ...(deleting && { deletionTimestamp: '2027-01-01T00:00:00Z' }) },
    status: { conditions: condition }
  }
}

/** One sync: caches may be so many writes behind. */
export function sync (world: World, { deploymentAge = 0, jobAge = 0, seesStatus = true }: { deploymentAge?: number, jobAge?: number, seesStatus?: boolean } = {}): Decision {
  const sight = sightOf(world, deploymentAge, jobAge)
  const wanted = wantedOf({ ...world, ...(sight.deployment && { deployment: sight.deployment }) })
  const { memory, evidence } = observeMigration(requestOf({ ...world, status: seesStatus ? world.status : {} }, sight), world.now)
  const decision = decideMigration(memory, wanted, evidence)
  const again = decideMigration(memory, wanted, evidence)
  if (JSON.stringify(again) !== JSON.stringify(decision)) throw new Violation('the same question has two answers')
  checkFinding(world, memory, decision)
  remember(world)
  apply(world, decision, sight)
  checkTasks(world, decision, deploymentAge + jobAge)
  world.last = decision
  world.status = { attempt: decision.memory.attempt, ...(decision.memory.settled?.version !== undefined && { version: decision.memory.settled.version }) }
  checkWorld(world)
  return decision
}

function sightOf (world: World, deploymentAge: number, jobAge: number): Sight {
  const { past } = world
  const at = (age: number): Sight => age === 0 ? world : past[past.length - age] ?? past[0] ?? world
  const { deployment } = at(deploymentAge)
  return { ...(deployment && { deployment }), jobs: at(jobAge).jobs }
}

/** The writes of Metacontroller: creations by name, updates of what was read, deletions of what was read. */
function apply (world: World, decision: Decision, sight: Sight): void {
  checkAnswer(decision)
  if (sight.deployment) updateDeployment(world, decision, sight.deployment)
  else createDeployment(world, decision)
  const names = decision.jobs.map(({ name }) => name)
  Object.entries(sight.jobs).filter(([name]) => !names.includes(name)).forEach(([name, seen]) => deleteJob(world, name, seen))
  decision.jobs.filter(({ name }) => !sight.jobs[name] && !world.jobs[name]).forEach((order) => startJob(world, order))
}

function deleteJob (world: World, name: string, { uid }: WorldJob): void {
  const job = world.jobs[name]
  if (job?.uid !== uid) return
  if (job.kind === 'migrate' && job.state === 'Running' && !job.deleting) throw new Violation(`${name} runs and is taken away`)
  removeJob(world, name)
}

function startJob (world: World, { name, kind, state, attempt }: JobOrder): void {
  world.jobs = { ...world.jobs, [name]: { kind, image: world.spec.image, uid: world.counter++, annotation: state, state: 'Running' } }
  if (kind === 'migrate' && !world.seen.passed.has(attempt)) throw new Violation(`${name} without a preflight that succeeded`)
}

function createDeployment (world: World, decision: Decision): void {
  world.deployment ??= { version: world.counter++, generation: 1, observed: 0, ...answered(world, decision), pods: [] }
}

function answered (world: World, { memory, run, replicas }: Decision): Pick<WorldDeployment, 'image' | 'replicas' | 'annotation'> {
  const wanted = wantedOf(world)
  const image = run === 'wanted' ? wanted.image : String(memory.before?.template.spec.containers[0]?.image)
  return { image, replicas: replicas === 'wanted' ? wanted.replicas : replicas, annotation: formatMemory(memory) }
}

/** A write of what has changed since it was read is refused. */
function updateDeployment (world: World, decision: Decision, read: WorldDeployment): void {
  const { deployment } = world
  if (deployment?.version !== read.version) return
  const answer = answered(world, decision)
  const isSame = deployment.replicas === answer.replicas && deployment.image === answer.image
  checkReplicas(world, deployment.replicas, answer.replicas, decision.memory)
  if (isSame && deployment.annotation === answer.annotation) return
  world.deployment = { ...deployment, ...answer, version: world.counter++, generation: deployment.generation + (isSame ? 0 : 1) }
}

function checkReplicas (world: World, before: number, after: number, memory: MigrationMemory): void {
  if (before > 0 && after === 0) checkScaleDown(world, memory)
  const isMigrating = Object.values(world.jobs).some(({ kind, state }) => kind === 'migrate' && state === 'Running')
  if (after !== 0 && isMigrating) throw new Violation('pods are asked for while a migration runs')
}

function checkScaleDown ({ seen }: World, { attempt, stage }: MigrationMemory): void {
  if (!seen.passed.has(attempt)) throw new Violation(`scaled down in ${stage} of attempt ${attempt} without a preflight that found something to migrate`)
}

function checkFinding ({ seen }: World, before: MigrationMemory | undefined, { memory }: Decision): void {
  const isFound = before?.stage === 'Preflight' && !before.needed && (memory.needed === true || memory.stage === 'ScalingDown' || memory.stage === 'Migrating')
  if (isFound && before.attempt === memory.attempt && seen.head.has(memory.attempt)) throw new Violation(`attempt ${memory.attempt} goes on, and the databases are at head`)
}

function checkAnswer ({ stage, replicas, jobs, condition, available }: Decision): void {
  if ((stage === 'ScalingDown' || stage === 'Migrating') && replicas !== 0) throw new Violation(`pods are asked for in ${stage}`)
  if (new Set(jobs.map(({ name }) => name)).size !== jobs.length) throw new Violation('one Job twice')
  if (condition.message.length > 1000 || condition.message === '') throw new Violation(`no message: ${condition.message}`)
  if (replicas === 0 && available === undefined) throw new Violation('no pods, and Available is not told')
}

export function remember (world: World): void {
  world.past = [...world.past.slice(-3), { ...(world.deployment && { deployment: world.deployment }), jobs: world.jobs }]
}

/** The controller of Deployments: everything it does at once, but pods end in a second move. */
export function runDeployment (world: World): void {
  const { deployment } = world
  if (!deployment) return
  const { replicas, image } = deployment
  let pods = deployment.pods.filter(({ ending }) => !ending)
  const fresh = pods.filter((pod) => pod.image === image).slice(0, replicas)
  const ready = fresh.length === replicas && fresh.every((pod) => pod.ready)
  const old = pods.filter((pod) => pod.image !== image && !ready && replicas > 0)
  while (fresh.length < replicas) fresh.push(startPod(world, image))
  pods = [...fresh.map((pod) => ({ ...pod, ready: true })), ...old]
  const kept = new Set(pods.map(({ image }) => image))
  const ending = deployment.pods.length > pods.length || deployment.pods.some((pod) => !kept.has(pod.image))
  const leaving = ending ? deployment.pods.slice(0, Math.max(0, deployment.pods.length - pods.length)).filter(({ ending }) => !ending).map((pod) => ({ ...pod, ready: false, ending: true })) : []
  // No cache is so late that pods start and end meanwhile.
  if (pods.some(({ ready }, index) => ready && !fresh[index]?.ready)) world.past = []
  remember(world)
  world.deployment = { ...deployment, version: world.counter++, observed: deployment.generation, pods: [...pods, ...leaving] }
  checkWorld(world)
}

export function endPods (world: World): void {
  const { deployment } = world
  if (!deployment || !deployment.pods.some(({ ending }) => ending)) return
  remember(world)
  world.deployment = { ...deployment, version: world.counter++, pods: deployment.pods.filter(({ ending }) => !ending) }
}

/** MLflow refuses a database of another schema; one that has none at all it would make, without anybody being asked. */
function startPod ({ revision }: World, image: string): WorldPod {
  if (revision !== headOf(image)) throw new Violation(`a pod of ${image} is started while the database is at ${revision}`)
  return { image, ready: false, ending: false }
}

/** A Job of that kind comes to its end. */
export function finishJob (world: World, kind: WorldJob['kind'], fate: Fate): void {
  const found = Object.entries(world.jobs).find(([, job]) => job.kind === kind && job.state === 'Running' && !job.deleting)
  if (!found) return
  const [name, job] = found
  remember(world)
  world.jobs = { ...world.jobs, [name]: { ...job, ...ended(world, job, fate) } }
}

function ended (world: World, { kind, image, annotation }: WorldJob, fate: Fate): Partial<WorldJob> {
  const [before, head] = [world.revision, headOf(image)]
  const { attempt } = JSON.parse(annotation) as MigrationMemory
  const result = (after: number) => ({ version: `3.${head}`, stores: [{ store: 'backend', dialect: 'postgresql', before: nameOf(before), after: nameOf(after), head: nameOf(head) }] })
  const fails = (exitCode: number, reason: string, after = before): Partial<WorldJob> => ({ state: 'Failed', message: `Container db-migrate failed with exit code ${exitCode} matching FailJob rule at index 0`, pod: { exitCode, message: `${reason} is what happened`, result: JSON.stringify(result(after)) } })
  if (fate === 'unreachable') return fails(15, 'Unreachable')
  if (fate === 'silent') return { state: 'Failed', message: 'Job was active longer than specified deadline' }
  if (before > head) return fails(10, 'Newer')
  if (fate === 'refused') return fails(14, 'Refused')
  if (kind === 'preflight') {
    world.seen.passed.add(attempt)
    return { state: 'Succeeded', pod: { exitCode: 0, result: JSON.stringify(result(before)) } }
  }
  if (fate === 'halfway') {
    // Between two revisions: no image fits.
    world.revision = Math.max(before, Math.floor(before) + 0.5)
    return fails(15, 'Cut', world.revision)
  }
  world.revision = head
  return { state: 'Succeeded', pod: { exitCode: 0, result: JSON.stringify(result(head)) } }
}

function nameOf (revision: number): string | null {
  return revision === 0 ? null : contentHash(revision)
}

/** The poller tells of pods of Jobs that are over. */
export function report (world: World): void {
  const entries = Object.entries(world.jobs).flatMap(([name, { pod, uid }]) => pod ? [{ owner: `Job/${name}`, uid: String(uid), reason: pod.exitCode === 0 ? 'Completed' : 'Error', ...pod }] : [])
  for (const { kind, pod, annotation } of Object.values(world.jobs)) {
    const [store] = kind === 'preflight' && pod?.exitCode === 0 ? (JSON.parse(pod.result ?? '') as { stores: Array<{ after: string, head: string }> }).stores : []
    if (store && store.after === store.head) world.seen.head.add((JSON.parse(annotation) as MigrationMemory).attempt)
  }
  world.reported = entries.length > 0 ? JSON.stringify(entries) : ''
}

export function removeJob (world: World, name: string): void {
  remember(world)
  const { [name]: job, ...rest } = world.jobs
  world.jobs = job?.state === 'Running' && !job.deleting ? { ...rest, [name]: { ...job, deleting: true } } : rest
}

/** Pods of Jobs that are being deleted have ended. */
export function endJobs (world: World): void {
  if (!Object.values(world.jobs).some(({ deleting }) => deleting)) return
  remember(world)
  world.jobs = Object.fromEntries(Object.entries(world.jobs).filter(([, { deleting }]) => !deleting))
}

/** CronJobs are of the image that is wanted, and a command of MLflow brings a database to its schema without being asked, or fails. `age`: of what was read. */
function checkTasks ({ spec: { image }, revision }: World, { suspended, stage }: Decision, age: number): void {
  if (age === 0 && !suspended && headOf(image) !== revision) throw new Violation(`a CronJob may run ${image} in ${stage} while the database is at ${revision}`)
}

/** What must be true at every moment. */
export function checkWorld ({ deployment, jobs }: World): void {
  const running = Object.entries(jobs).filter(([, { kind, state }]) => kind === 'migrate' && state === 'Running')
  if (running.length > 1) throw new Violation(`two migrations at once: ${running.map(([name]) => name).join(', ')}`)
  if (running.length > 0 && deployment && deployment.pods.length > 0) throw new Violation(`pods are there while ${running[0]?.[0]} runs`)
}
