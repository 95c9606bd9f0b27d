// Anything happens in any order around one MLModel: downloads end, pods come up or do not, the spec changes, caches lie behind, memory is lost. Whatever
// happens, what once served goes on serving, nothing is downloaded twice, and in the end nothing is written any more.
import fc from 'fast-check'
import t from 'tap'
import { COMMANDS, STATE_ANNOTATION } from '../../hooks/core/labels.ts'
import { claimOf, collectClaims, deploymentOf, endJob, forgetPods, loseState, passDeadline, runningJob, stepDeployment } from './world/controllers.ts'
import { annotate, deleteObject, syncOnce, tellPods, type Lag } from './world/metacontroller.ts'
import { newWorld, objectsOf, specOf, type Wish, type World } from './world/state.ts'

const WALKS = 60
const STEPS = 30

type Action = { name: string, take: (world: World) => void, [fc.toStringMethod]: () => string }

/** Reports show its name. */
function act (name: string, take: (world: World) => unknown): Action {
  return { name, take, [fc.toStringMethod]: () => name }
}

const URIS = ['https://example.com/a.tar.gz', 'https://example.com/b.tar.gz', 'https://example.com/missing.tar.gz']

const lagOf = ([deployment, service, volume, job]: number[]): Lag => ({ Deployment: deployment ?? 0, Service: service ?? 0, PersistentVolumeClaim: volume ?? 0, Job: job ?? 0 })

/** As often as it is likely. */
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(act('sync', (world) => sync(world))) },
  { weight: 3, arbitrary: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)).map((lag) => act(`sync of old objects ${lag.join()}`, (world) => sync(world, lagOf(lag)))) },
  { weight: 3, arbitrary: fc.constant(act('download ends', (world) => { endJob(world) })) },
  { weight: 1, arbitrary: fc.constant(act('download fails', (world) => { endJob(world, { reason: 'BackoffLimitExceeded', pod: { reason: 'Unreachable', exitCode: 1 } }) })) },
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 6 }).map((steps) => act(`pods move ${steps}`, (world) => { for (let step = 0; step < steps; step++) stepDeployment(world) })) },
  { weight: 2, arbitrary: fc.constant(act('deadline', (world) => { passDeadline(world) })) },
  { weight: 2, arbitrary: fc.constant(act('poller', (world) => { tellPods(world) })) },
  { weight: 3, arbitrary: fc.record({ uri: fc.constantFrom(...URIS), variable: fc.constantFrom('1', '2', 'bad', 'alone'), replicas: fc.constantFrom(1, 2) }).map((wish) => act(`edit ${JSON.stringify(wish)}`, (world) => edit(world, wish))) },
  { weight: 1, arbitrary: fc.constant(act('retry', (world) => annotate(world, COMMANDS.retry, String((world.parent.status as { attempt?: number } | undefined)?.attempt ?? 1)))) },
  { weight: 1, arbitrary: fc.constant(act('status lost', (world) => { world.parent = { ...world.parent, status: {} } })) },
  { weight: 1, arbitrary: fc.constantFrom('Deployment' as const, 'Service' as const).map((kind) => act(`memory of the ${kind} lost`, (world) => { loseOne(world, kind) })) },
  { weight: 1, arbitrary: fc.nat(3).map((which) => act(`volume ${which} deleted`, (world) => { deleteNth(world, 'PersistentVolumeClaim', which) })) },
  { weight: 1, arbitrary: fc.constant(act('Job deleted', (world) => { deleteNth(world, 'Job', 0) })) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 30 }).map((seconds) => act(`${seconds} s`, (world) => { world.clock += seconds; collectClaims(world); forgetPods(world) })) }
)

t.test('whatever happens, what served goes on serving, and all comes to rest', async (t) => {
  let seen = 0
  fc.assert(fc.property(fc.array(action, { minLength: STEPS / 2, maxLength: STEPS }), (actions) => {
    const world = newWorld()
    for (const { take } of actions) {
      world.clock++
      take(world)
      check(world)
    }
    settle(world)
    check(world)
    if (world.served) seen++
    const why = atRest(world)
    if (why !== undefined) world.violations.push(why)
    if (world.violations.length > 0) throw new Error(`${world.violations.join('; ')} after ${actions.map(({ name }) => name).join(' → ')}`)
  }), { numRuns: WALKS, includeErrorInReport: true, ...(process.env.FC_SEED && { seed: Number(process.env.FC_SEED) }) })
  t.ok(seen > WALKS / 4, 'something served in many of them')
})

function sync (world: World, lag: Lag = {}): boolean {
  const isSeen = (lag.Deployment ?? 0) === 0 && deploymentOf(world) !== undefined
  const { answer, wrote } = syncOnce(world, lag)
  const deployment = answer.children.find(({ kind }) => kind === 'Deployment')
  if (world.served && isSeen && !deployment) world.violations.push('the Deployment was not returned')
  if (isSeen) checkPhase(world, answer.status)
  // What is not seen cannot be ended; the next look does it.
  if (Object.keys(lag).length === 0 && volumesWrittenTo(world).length > 1) world.violations.push('two downloads at once')
  return wrote
}

/** As Kubernetes has counted them for the newest template. */
function availableOf (world: World): number {
  const deployment = deploymentOf(world)
  const { availableReplicas = 0, observedGeneration } = (deployment?.status ?? {}) as { availableReplicas?: number, observedGeneration?: number }
  return observedGeneration === deployment?.metadata.generation ? availableReplicas : 0
}

function checkPhase (world: World, status: { phase?: string }): void {
  if (status.phase === 'Failed' && availableOf(world) > 0) world.violations.push('Failed while pods answer')
}

function edit (world: World, wish: Wish): void {
  world.counter++
  // A spec that comes back may be tried again, if its failure lay outside of it, as those of this world do.
  world.failedJobs.clear()
  const { metadata } = world.parent
  world.parent = { ...world.parent, spec: specOf(wish), metadata: { ...metadata, generation: (metadata.generation ?? 1) + 1 } }
}

/** One of the two at a time, as an accident would have it. */
function loseOne (world: World, kind: 'Deployment' | 'Service'): void {
  const other = objectsOf(world, kind === 'Deployment' ? 'Service' : 'Deployment')[0]
  if (other?.metadata.annotations?.[STATE_ANNOTATION] !== undefined) loseState(world, kind)
}

function deleteNth (world: World, kind: string, which: number): void {
  const object = objectsOf(world, kind)[which]
  if (object) deleteObject(world, object, 'somebody')
}

/** By Jobs that run. */
function volumesWrittenTo (world: World): string[] {
  const running = objectsOf(world, 'Job').filter((job) => !(job.status as { conditions?: object } | undefined)?.conditions)
  return running.map((job) => claimOf((job.spec as { template: Parameters<typeof claimOf>[0] }).template))
}

function check (world: World): void {
  const deployment = deploymentOf(world)
  if (deployment?.metadata.annotations?.[STATE_ANNOTATION]?.includes('"accepted"')) world.served = true
  if (world.served && !world.pods.some(({ ready }) => ready)) world.violations.push('nothing serves')
  const claims = volumesWrittenTo(world)
  if (new Set(claims).size < claims.length) world.violations.push('two Jobs write to one volume')
  const isHalf = world.pods.some((pod) => pod.ready && !Object.values(world.contents).length)
  if (isHalf) world.violations.push('pods serve without a model')
}

/** Nobody does anything any more but the programs. */
function settle (world: World): void {
  for (let round = 0; round < 400; round++) {
    world.clock++
    const moves = [collectClaims(world), forgetPods(world), tellPods(world), endJob(world), stepDeployment(world), sync(world)]
    if (!moves.some(Boolean) && !passDeadline(world)) return
    check(world)
  }
  world.violations.push('it never comes to rest')
}

/** Deploying: some pods answer, and none of a version that is accepted. */
function phasesWithError (world: World): string[] {
  return availableOf(world) > 0 ? ['Ready', 'Deploying'] : ['Ready', 'Failed']
}

/** What is wrong with what is left; undefined if nothing is. */
function atRest (world: World): string | undefined {
  const { error, phase } = world.parent.status as { error?: string, phase?: string }
  const { source, env } = world.parent.spec as { source: { uri: string }, env: [{ value: string }] }
  const deployment = deploymentOf(world)
  if (runningJob(world)) return 'a Job is left running'
  if (error !== undefined) return phasesWithError(world).includes(phase ?? '') ? undefined : `phase ${phase} with an error`
  if (phase !== 'Ready' || !deployment) return `phase ${phase} without an error`
  const served = servedBy(world, deployment)
  const wanted = `${source.uri} with ${env[0].value}`
  if (served !== wanted) return `serves ${served}, and should ${wanted}`
  const volumes = objectsOf(world, 'PersistentVolumeClaim').length
  // Pods of another version may be left until all of this one answer.
  return volumes === 1 || availableOf(world) < deployment.spec.replicas ? undefined : `${volumes} volumes are left`
}

function servedBy (world: World, { spec: { template } }: NonNullable<ReturnType<typeof deploymentOf>>): string {
  const claim = world.objects[`PersistentVolumeClaim/${claimOf(template)}`]
  const variable = template.spec.containers[0]?.env.find(({ name }) => name === 'SETTING')?.value
  return `${world.contents[claim?.metadata.uid ?? '']} with ${variable}`
}
