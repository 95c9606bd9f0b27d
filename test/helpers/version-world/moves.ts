// What can happen in the small world of a ModelDeployment, as data. Indexes are taken modulo what is there, so that every move fits every state.
import fc from 'fast-check'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { crash, failJob, isRunning, makeReady, passJob, scale, setPods } from './controllers.ts'
import { change, replace, type Mode } from './store.ts'
import { all, edit, KEYS, retry, tellPods, tellTime, type World } from './world.ts'

export type Move =
  | { move: 'pass', lag: number }
  | { move: 'job', passes: boolean, pick: number }
  | { move: 'tell' | 'clock' | 'lose status' }
  | { move: 'pods', how: 'ready' | 'one' | 'lost' | 'late', pick: number }
  | { move: 'scale', to: number, pick: number }
  | { move: 'edit', pick: number }
  | { move: 'retry', attempt: number | 'current' }
  | { move: 'time', seconds: number }
  | { move: 'strip' | 'delete', key: keyof typeof KEYS, pick: number }

export type Plan = { mode: Mode, lossy: boolean, moves: Move[] }

/** Edits of the spec, some of which take another back. */
export const EDITS: Array<Record<string, unknown>> = [
  { version: 'v1' },
  { version: 'v2' },
  { version: 'v3' },
  { modelURI: 'https://models.example.com/other.pt' },
  { modelURI: 'https://models.example.com/churn.ckpt' },
  { modelURI: 'https://models.example.com/churn.pt' },
  { replicas: 2 },
  { replicas: 4 },
  { autoscale: true },
  { autoscale: false },
  { keepPrevious: '0s' },
  { keepPrevious: '10m' },
  { progressDeadline: '5m' },
  { validation: { activeDeadline: '10m', retries: 1, env: [] } }
]

const pick = fc.nat({ max: 5 })

const usual: fc.Arbitrary<Move> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ move: fc.constant('pass' as const), lag: fc.constantFrom(0, 0, 0, 1, 1, 2) }) },
  { weight: 4, arbitrary: fc.record({ move: fc.constant('job' as const), passes: fc.constantFrom(true, true, true, false), pick }) },
  { weight: 5, arbitrary: fc.record({ move: fc.constantFrom('tell' as const, 'tell' as const, 'clock' as const) }) },
  { weight: 6, arbitrary: fc.record({ move: fc.constant('pods' as const), how: fc.constantFrom('ready' as const, 'ready' as const, 'ready' as const, 'one' as const, 'lost' as const, 'late' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ move: fc.constant('scale' as const), to: fc.integer({ min: 1, max: 6 }), pick }) },
  { weight: 2, arbitrary: fc.record({ move: fc.constant('edit' as const), pick: fc.nat({ max: EDITS.length - 1 }) }) },
  { weight: 1, arbitrary: fc.record({ move: fc.constant('retry' as const), attempt: fc.oneof(fc.constant('current' as const), fc.integer({ min: 1, max: 6 })) }) },
  { weight: 1, arbitrary: fc.record({ move: fc.constant('time' as const), seconds: fc.constantFrom(1, 5, 60, 700) }) }
)

const losses: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ move: fc.constant('lose status' as const) }),
  fc.record({ move: fc.constantFrom('strip' as const, 'delete' as const), key: fc.constantFrom('job' as const, 'deployment' as const, 'service' as const, 'autoscaler' as const), pick })
)

/** Half of the plans lose nothing; those hold more. Server-side apply has no sight of the past to be guarded against. */
export function plans (longest: number): fc.Arbitrary<Plan> {
  return fc.record({ mode: fc.constantFrom('dynamic-apply' as const, 'dynamic-apply' as const, 'server-side-apply' as const), lossy: fc.boolean() }).chain(({ mode, lossy }) => {
    const move = lossy ? fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: losses }) : usual
    return fc.array(move, { minLength: 20, maxLength: longest, size: 'max' }).map((moves) => ({ mode, lossy, moves: mode === 'dynamic-apply' ? moves : moves.map(unlagged) }))
  })
}

function unlagged (move: Move): Move {
  return move.move === 'pass' ? { ...move, lag: 0 } : move
}

/** Makes a move that is no pass. */
export function play (world: World, move: Exclude<Move, { move: 'pass' }>): void {
  world.now += 1
  switch (move.move) {
    case 'job': return endJob(world, move)
    case 'tell': return tellPods(world)
    case 'clock': return tellTime(world)
    case 'lose status': world.status = undefined; return
    case 'pods': return movePods(world, move)
    case 'scale': return withPicked(all(world, KEYS.deployment), move.pick, (deployment) => { scale(world, deployment, move.to) })
    case 'edit': return edit(world, EDITS[move.pick] ?? {})
    case 'retry': return retry(world, String(move.attempt === 'current' ? world.status?.['attempt'] ?? 1 : move.attempt))
    case 'time': world.now += move.seconds; return
    case 'strip': return strip(world, move)
    case 'delete': return withPicked(all(world, KEYS[move.key]), move.pick, (object) => { replace(world.store, KEYS[move.key], object.metadata.name, undefined) })
    default: return move satisfies never
  }
}

function endJob (world: World, { passes, pick: index }: { passes: boolean, pick: number }): void {
  withPicked(all(world, KEYS.job).filter(isRunning), index, (job) => {
    if (passes) passJob(world, job)
    else failJob(world, job)
  })
}

function movePods (world: World, { how, pick: index }: { how: 'ready' | 'one' | 'lost' | 'late', pick: number }): void {
  withPicked(all(world, KEYS.deployment), index, (deployment) => {
    if (how === 'ready') makeReady(world, deployment)
    else if (how === 'one') setPods(world, deployment, 1)
    else crash(world, deployment, how === 'late')
  })
}

function withPicked (objects: KubeObject[], index: number, act: (object: KubeObject) => void): void {
  const object = objects[index % Math.max(1, objects.length)]
  if (object) act(object)
}

/** Somebody takes all annotations off. */
function strip (world: World, { key, pick: index }: { key: keyof typeof KEYS, pick: number }): void {
  withPicked(all(world, KEYS[key]), index, ({ metadata: { name } }) => {
    change(world.store, KEYS[key], name, { now: world.now, edit: (object) => ({ ...object, metadata: withoutAnnotations(object['metadata'] as KubeObject['metadata']) }), writer: { manager: 'kubectl' } })
  })
}

function withoutAnnotations ({ annotations: _, ...metadata }: KubeObject['metadata']): KubeObject['metadata'] {
  return metadata
}
