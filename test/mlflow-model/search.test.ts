// Bounded exhaustive search: every order of a few moves from the most delicate states, states seen before left out. What random walks may
// miss by bad luck, this finds if it is short. SEARCH_STATES sets how many states are opened from each beginning; it is twice as many where CI is true.
import t from 'tap'
import { sync } from '../../hooks/mlflow-model/sync.ts'
import { calmDown, checkRest } from '../helpers/rollout-world/calm.ts'
import { search } from '../helpers/rollout-world/search.ts'
import type { Move } from '../helpers/rollout-world/moves.ts'
import { makePlay, promotedPlay, rollingPlay, type Play } from '../helpers/rollout-world/play.ts'

const STATES = Number(process.env.SEARCH_STATES ?? (process.env.CI === 'true' ? 400 : 200))

const FRESH: Move[] = [{ do: 'sync' }, { do: 'seldon' }, { do: 'pods' }, { do: 'wait', seconds: 61 }, { do: 'clock' }]
const STALE: Move[] = [{ do: 'sync', childAge: 1 }, { do: 'sync', parentAge: 1 }, { do: 'sync', parentAge: 2, childAge: 2 }, { do: 'sync', lose: 'status' }]
const PODS: Move[] = [{ do: 'kill', version: '1a' }, { do: 'kill', version: '2a' }]

/** Alias moves are seen at once: the poller's delay is a sync that comes before. */
function aliasTo (version: '1a' | '2a' | '3a'): Move {
  return { do: 'alias', version }
}

const beginnings: Array<{ name: string, play: () => Play, moves: Move[] }> = [
  { name: 'a first version loads', play: makePlay, moves: [...FRESH, ...STALE, aliasTo('2a'), { do: 'poll' }, { do: 'kill', version: '1a' }] },
  { name: 'a step was wanted a moment ago', play: () => rollingPlay(20, { inForce: false }), moves: [...FRESH, ...STALE, ...PODS, { do: 'check', outcome: 'Passed' }] },
  { name: 'a step is in force', play: () => rollingPlay(60), moves: [...FRESH, ...PODS, { do: 'check', outcome: 'Passed' }, { do: 'check', outcome: 'Failed' }, { do: 'sync', childAge: 1 }, { do: 'command', verb: 'abort', id: 'current' }] },
  { name: 'everything is wanted for the canary', play: () => rollingPlay(100, { inForce: false }), moves: [...FRESH, ...STALE, ...PODS, aliasTo('1a'), { do: 'poll' }] },
  { name: 'the way back has begun', play: unwinding, moves: [...FRESH, ...PODS, aliasTo('3a'), { do: 'poll' }, { do: 'command', verb: 'promote', id: 'current' }, { do: 'sync', childAge: 1 }] },
  { name: 'the roles have just swapped', play: promotedPlay, moves: [...FRESH, ...STALE, ...PODS, aliasTo('1a'), { do: 'poll' }] },
  { name: 'the alias is gone and the policy is Delete', play: deleting, moves: [...FRESH, ...STALE, aliasTo('2a'), { do: 'poll' }] },
  { name: 'memory can be lost', play: () => rollingPlay(60), moves: [...FRESH, { do: 'wipe-status' }, { do: 'wipe-memory' }, { do: 'delete-child' }, { do: 'sync', childAge: 1 }, { do: 'sync', parentAge: 2 }] }
]

for (const { name, play, moves } of beginnings) {
  t.test(`${name}: no order of moves breaks an invariant, and all end well`, async (t) => {
    const { states, depth } = search(play().world, sync, { moves, limit: STATES, atEnd: (world) => { calmDown(world, sync); checkRest(world) } })
    t.comment(`${states} states, complete to depth ${depth}`)
    t.ok(depth >= 2)
  })
}

function unwinding (): Play {
  const play = rollingPlay(60)
  play.run({ do: 'command', verb: 'abort', id: 'current' }, { do: 'sync' })
  return play
}

function deleting (): Play {
  const play = rollingPlay(20, { spec: { whenAliasMissing: 'Delete' } })
  play.run({ do: 'no-alias' }, { do: 'poll' })
  return play
}
