// Breadth-first search over the world: each state is opened once, times and numbers taken relative to now.
import { formatInstant } from '../../../hooks/core/time.ts'
import type { Sync } from './metacontroller.ts'
import { applyMove, type Move } from './moves.ts'
import { cloneWorld, type World } from './state.ts'
import { Violation } from './violation.ts'

export type SearchOptions = {
  moves: Move[]
  /** How many states are opened. */
  limit: number
  /** Run on a copy of every state that is opened last: what must hold when the world calms down from there. */
  atEnd: (world: World) => void
}

type Node = { world: World, path: Move[] }

/** Opens states in order of distance; returns how many, and the distance up to which all were opened. Throws a Violation with the moves that led to it. */
export function search (start: World, sync: Sync, { moves, limit, atEnd }: SearchOptions): { states: number, depth: number } {
  const seen = new Set([fingerprint(start)])
  const queue: Node[] = [{ world: start, path: [] }]
  let opened = 0
  for (const node of queue) {
    if (opened >= limit) return { states: opened, depth: node.path.length - 1 }
    opened++
    for (const move of moves) {
      const next = advance(node, sync, move)
      const key = fingerprint(next.world)
      if (seen.has(key)) continue
      seen.add(key)
      queue.push(next)
    }
    if (opened % CALM_EVERY === 0) guarded(node.path, () => atEnd(cloneWorld(node.world)))
  }
  return { states: opened, depth: Infinity }
}

/** Calming down takes as long as hundreds of moves, so not every state is calmed. */
const CALM_EVERY = 8

function advance ({ world, path }: Node, sync: Sync, move: Move): Node {
  const next = { world: cloneWorld(world), path: [...path, move] }
  guarded(next.path, () => applyMove(next.world, sync, move))
  return next
}

function guarded (path: Move[], run: () => void): void {
  try {
    run()
  } catch (cause) {
    throw new Violation(`after\n${path.map((move) => `  ${JSON.stringify(move)}`).join('\n')}\n${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Two states with one fingerprint behave alike: instants are compared by their distance from now, and stored versions by their content. */
function fingerprint (world: World): string {
  const { now, parents, children, seldon, registry, broken, ghost } = world
  const text = JSON.stringify({ parents: parents.slice(-SEEN), children: children.slice(-SEEN).map(({ object }) => object ?? null), seldon, registry, broken, failed: ghost.failed, given: ghost.given },
    (key, value: unknown) => key === 'resourceVersion' || key === 'managedFields' || key === 'uid' ? undefined : value)
  return text
    .replace(/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (instant) => String((Date.parse(instant) / 1000) - now))
    .replace(/\b17[89]\d{7}\b/g, (number) => String(Number(number) - now))
    .replaceAll(formatInstant(now), '0')
}

/** Versions of each object that the searched moves can still see. */
const SEEN = 3
