// A walk through the small world: what must hold after every pass, and where a calm world comes to rest.
import { VERSION_LABEL } from '../../../hooks/core/labels.ts'
import type { KubeObject, SyncRequest } from '../../../hooks/core/request.ts'
import { isProblem, wantedOf, type Request } from '../../../hooks/model-deployment/wanted.ts'
import { isRunning, makeReady, passJob } from './controllers.ts'
import { EDITS, play, type Move, type Plan } from './moves.ts'
import { all, KEYS, openWorld, pass, requestOf, tellPods, tellTime, type Pass, type World } from './world.ts'

type Json = Record<string, unknown>

/** Something that must never be. */
export class Violation extends Error {
  override name = 'Violation'
}

/** All defaults, as the API server fills them in. */
export const SPEC: Json = {
  modelURI: 'https://models.example.com/churn.pt',
  runtime: 'fastapi-pytorch',
  runtimeImage: '',
  version: 'v1',
  resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' } },
  validateScript: 'validate.py',
  validation: { activeDeadline: '10m', retries: 0, env: [] },
  autoscale: false,
  autoscaling: { minReplicas: 1, maxReplicas: 5, targetCPUUtilization: 80, targetMemoryUtilization: 0 },
  keepPrevious: '10m',
  env: [],
  credentialsSecret: '',
  serviceAccountName: '',
  progressDeadline: '10m'
}

/** What was asked for in the course of a walk; each may begin one attempt. */
type Tally = { asked: number, jobs: Set<string> }

/** Walks, and returns the number of passes. Throws a Violation. */
export function walk ({ mode, lossy, moves }: Plan): number {
  const world = openWorld({ ...SPEC }, mode)
  const tally: Tally = { asked: 1, jobs: new Set() }
  let passes = 0
  for (const move of moves) {
    if (move.move !== 'pass') {
      tally.asked += asks(move) ? 1 : 0
      play(world, move)
      continue
    }
    passes += 1
    // By an old sight of the Service an attempt is begun that the memory does not hold; its Job goes with the next sight.
    tally.asked += move.lag > 0 ? 1 : 0
    checkedPass(world, move.lag, tally)
    demand(lossy || tally.jobs.size <= tally.asked, () => `${tally.jobs.size} attempts were made, and ${tally.asked} asked for`)
  }
  return passes + calm(world, tally)
}

/** Edits that make another version or another try, and retries of the current attempt. */
function asks (move: Move): boolean {
  if (move.move === 'edit') return ['version', 'modelURI', 'validation', 'progressDeadline'].some((field) => field in (EDITS[move.pick] ?? {}))
  return move.move === 'retry' || move.move === 'strip' || move.move === 'delete' || move.move === 'lose status'
}

function checkedPass (world: World, lag: number, tally: Tally): Pass {
  const before = { service: serviceOf(world), deployments: all(world, KEYS.deployment) }
  const done = pass(world, lag)
  all(world, KEYS.job).forEach(({ metadata }) => tally.jobs.add(metadata.name))
  checkDeployments(done)
  checkService(world, done, before)
  checkReplicas(world, done, { ...before, isFresh: lag === 0 })
  return done
}

function checkDeployments ({ answer }: Pass): void {
  const count = answer.children.filter(({ kind }) => kind === 'Deployment').length
  demand(count <= 3, () => `${count} Deployments are more than active, previous and candidate`)
}

/** Whatever was seen: what the Service names is not taken away, and it names only what had pods when it was chosen. */
function checkService (world: World, { request }: Pass, before: { service: KubeObject | undefined, deployments: KubeObject[] }): void {
  const [was, is] = [selectedBy(before.service), selectedBy(serviceOf(world))]
  if (was !== undefined) {
    const stood = before.deployments.some((deployment) => versionOf(deployment) === was)
    demand(!stood || all(world, KEYS.deployment).some((deployment) => versionOf(deployment) === was), () => `Deployment ${was} was taken away under the Service`)
  }
  if (is === undefined || is === was) return
  demand(hasPods(request, is) || (before.service === undefined && wasActive(request, is)), () => `the Service was switched to ${is}, of which no pod was seen to answer`)
}

function hasPods ({ children }: SyncRequest, id: string): boolean {
  const seen = Object.values(children[KEYS.deployment] ?? {}).find((deployment) => versionOf(deployment) === id)
  return seen !== undefined && availableOf(seen) > 0
}

/** A Service that was lost is made again as it was. */
function wasActive ({ parent }: SyncRequest, id: string): boolean {
  const { active } = (parent.status ?? {}) as { active?: { id: string } }
  return active?.id === id || active === undefined
}

type Before = { service: KubeObject | undefined, deployments: KubeObject[], isFresh: boolean }

/** Rules of numbers where the spec has none of its own. */
function checkReplicas (world: World, done: Pass, before: Before): void {
  const { autoscale, replicas } = world.spec
  if (!autoscale && replicas !== undefined) return
  checkScalers(world, before)
  checkHandover(world, done, before)
}

/** We take pods from nobody, and move the number of what answers not at all. */
function checkScalers (world: World, { service, deployments, isFresh }: Before): void {
  const [was, is] = [selectedBy(service), selectedBy(serviceOf(world))]
  for (const deployment of deployments) {
    const after = all(world, KEYS.deployment).find(({ metadata }) => metadata.uid === deployment.metadata.uid)
    if (!after) continue
    const [from, to] = [replicasOf(deployment), replicasOf(after)]
    const isStill = isFresh && versionOf(deployment) === was && was === is
    demand(isStill ? to === from : to >= from, () => `${deployment.metadata.name} was scaled from ${from} to ${to} by us`)
  }
}

/** Traffic never moves to fewer pods than were asked for where it comes from, unless none of those answers. */
function checkHandover (world: World, { request }: Pass, { service }: Before): void {
  const { autoscale, autoscaling } = world.spec as { autoscale: boolean, autoscaling: { maxReplicas: number } }
  const [was, is] = [selectedBy(service), selectedBy(serviceOf(world))]
  const [left, taken] = [was, is].map((id) => Object.values(request.children[KEYS.deployment] ?? {}).find((deployment) => versionOf(deployment) === id))
  if (was === is || !left || !taken || availableOf(left) === 0) return
  const asked = Math.min(replicasOf(left), autoscale ? autoscaling.maxReplicas : Infinity)
  demand(availableOf(taken) >= asked, () => `traffic went from ${asked} pods to ${availableOf(taken)}`)
}

/** Everything goes well from now on: it comes to rest, and runs what the spec asks for, unless that has failed or cannot be. */
function calm (world: World, tally: Tally): number {
  for (let round = 1; round <= 60; round++) {
    world.now += 120
    all(world, KEYS.job).filter(isRunning).forEach((job) => { passJob(world, job) })
    all(world, KEYS.deployment).forEach((deployment) => { makeReady(world, deployment) })
    tellPods(world)
    const { nextDeadline } = (world.status ?? {}) as { nextDeadline?: string }
    if (nextDeadline !== undefined && Date.parse(nextDeadline) / 1000 <= world.now) tellTime(world)
    const { changed } = checkedPass(world, 0, tally)
    if (!changed && nextDeadline === undefined) {
      checkRest(world)
      return round
    }
  }
  throw new Violation('a calm world does not come to rest')
}

function checkRest (world: World): void {
  const wanted = wantedOf(requestOf(world) as unknown as Request)
  const { active, failure, candidate } = world.status as Told
  demand(candidate === undefined, () => `at rest, and something is still under way: ${JSON.stringify(candidate)}`)
  const isHopeless = isProblem(wanted) || failure !== undefined
  if (!isHopeless) demand(active?.content === wanted.content, () => 'at rest, and what the spec asks for does not run')
  const running = all(world, KEYS.deployment)
  // What was deleted, and is not what the spec asks for, cannot be made again.
  if (isHopeless && running.length === 0) return
  demand(running.length === (active ? 1 : 0), () => `at rest, and ${running.length} Deployments are there`)
  if (active) checkReady(world, active.id)
}

type Told = { phase: string, active?: { id: string, content: string }, failure?: object, candidate?: object, conditions: Array<{ type: string, status: string }> }

function checkReady (world: World, id: string): void {
  const { phase, conditions } = world.status as Told
  demand(phase === 'Ready' && conditions.some(({ type, status }) => type === 'Ready' && status === 'True'), () => `at rest, and ${phase}`)
  demand(selectedBy(serviceOf(world)) === id && all(world, KEYS.deployment).every((deployment) => versionOf(deployment) === id), () => 'at rest, and the Service names another version')
}

function serviceOf (world: World): KubeObject | undefined {
  return all(world, KEYS.service)[0]
}

function selectedBy (service: KubeObject | undefined): string | undefined {
  return ((service?.['spec'] as Json | undefined)?.['selector'] as Record<string, string> | undefined)?.[VERSION_LABEL]
}

function versionOf ({ metadata: { labels } }: KubeObject): string | undefined {
  return labels?.[VERSION_LABEL]
}

function replicasOf (deployment: KubeObject): number {
  return Number((deployment['spec'] as Json)['replicas'] ?? 1)
}

function availableOf (deployment: KubeObject): number {
  return Number((deployment['status'] as Json | undefined)?.['availableReplicas'] ?? 0)
}

function demand (holds: boolean, what: () => string): void {
  if (!holds) throw new Violation(what())
}
