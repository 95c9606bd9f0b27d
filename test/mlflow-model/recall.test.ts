// Which memory counts when annotation and status differ, and what may be done on the strength of it.
import t from 'tap'
import { recall, type Recall } from '../../hooks/mlflow-model/recall.ts'
import { formatMemory } from '../../hooks/mlflow-model/rollout/memory.ts'
import type { Memory } from '../../hooks/mlflow-model/schema/status.ts'
import { NOT_DEPLOYED, type Observation, type Served } from '../../hooks/serving/backend.ts'
import { deepFreeze } from '../helpers/deep-freeze.ts'
import { failure, memory, PARTIAL, READY, V1, V2, V3, withRollout } from '../helpers/rollout.ts'

type Seen = { state?: Memory | string, versions?: Served[], pods?: Record<string, typeof READY>, unidentified?: string }

function observation ({ state, versions = [], pods = {}, unidentified }: Seen): Observation {
  return {
    ...(unidentified !== undefined && { unidentified }),
    ...(state !== undefined && { state: typeof state === 'string' ? state : formatMemory(state) }),
    shares: {},
    versions,
    router: { present: true, applied: true, transition: '' },
    readiness: ({ version }) => pods[version] ?? NOT_DEPLOYED
  } as Observation
}

const old = memory(withRollout('Loading'))
const newer = memory(withRollout('Stepping'), { sequence: 41 })
const first = memory(withRollout('Loading', { weight: 100 }), { stable: undefined, canary: V1 })
const empty: Memory = { sequence: 50, counter: 30 }
const remembered: Partial<Memory> = { failedVersions: [failure('Aborted')], lastCommands: { abort: 'x' } }
const deleting = memory({ deleting: true }, remembered)

const both: Array<{ name: string, inObject: Memory, inStatus?: Memory, want: Recall }> = [
  { name: 'annotation and status of one sequence are certain', inObject: newer, inStatus: newer, want: { action: 'decide', memory: newer } },
  { name: 'of one sequence the annotation counts', inObject: newer, inStatus: { ...old, sequence: 41 }, want: { action: 'decide', memory: newer } },
  { name: 'a status that is behind is told the annotation again, and nothing is decided', inObject: newer, inStatus: old, want: { action: 'repeat', memory: newer } },
  { name: 'a status that is ahead is repeated: the object was a stale sight', inObject: old, inStatus: newer, want: { action: 'repeat', memory: newer } },
  { name: 'without a status the annotation is repeated', inObject: newer, want: { action: 'repeat', memory: newer } },
  { name: 'a status ahead that serves nothing takes no object away: the annotation goes on above it', inObject: newer, inStatus: empty, want: { action: 'repeat', memory: { ...newer, sequence: 51 }, reported: empty } },
  { name: 'an empty status that is behind is told the annotation', inObject: newer, inStatus: { sequence: 0, counter: 0 }, want: { action: 'repeat', memory: newer } },
  { name: 'a mark in the annotation is carried out', inObject: deleting, inStatus: deleting, want: { action: 'delete', memory: deleting, reported: deleting } },
  { name: 'it is carried out whatever an older status says', inObject: deleting, inStatus: { ...old, sequence: 39 }, want: { action: 'delete', memory: deleting, reported: deleting } },
  { name: 'it is carried out whatever a newer status says, which goes on saying it', inObject: deleting, inStatus: newer, want: { action: 'delete', memory: deleting, reported: newer } },
  { name: 'it is carried out without a status', inObject: deleting, want: { action: 'delete', memory: deleting, reported: deleting } },
  { name: 'a mark in a newer status is written into the object first', inObject: old, inStatus: { ...deleting, sequence: 45 }, want: { action: 'repeat', memory: { ...deleting, sequence: 45 } } }
]

for (const { name, inObject, inStatus, want } of both) {
  t.test(name, async (t) => {
    t.strictSame(recall(observation({ state: inObject }), deepFreeze(inStatus)), want)
  })
}

const alone: Array<{ name: string, status?: unknown, want: Recall }> = [
  { name: 'without object and status everything begins', want: { action: 'decide', memory: { sequence: 0, counter: 0 } } },
  { name: 'an unreadable status is none', status: { sequence: 'many' }, want: { action: 'decide', memory: { sequence: 0, counter: 0 } } },
  { name: 'an object that is gone is made again from the status', status: newer, want: { action: 'restore', memory: newer } },
  { name: 'so is a first version that was loading', status: first, want: { action: 'restore', memory: first } },
  { name: 'a status that serves nothing goes on from what it remembers', status: empty, want: { action: 'decide', memory: empty } },
  { name: 'an object that was deleted on purpose stays away; failures, counter and spent commands stay', status: deleting, want: { action: 'decide', memory: { sequence: 41, counter: 30, ...remembered } as Memory } }
]

for (const { name, status, want } of alone) {
  t.test(name, async (t) => {
    t.strictSame(recall(undefined, deepFreeze(status)), want)
  })
}

const serves = (version: typeof V1, share: number) => ({ ...version, share })
const reconstructed = (stable: typeof V1, left: Partial<Memory> = {}): Memory => ({ sequence: 0, counter: 0, ...left, stable })

const forgotten: Array<{ name: string, seen: Seen, status?: unknown, want: Memory }> = [
  { name: 'an annotation that is gone is written again from the status', seen: { versions: [serves(V1, 100)], pods: { 1: READY } }, status: newer, want: newer },
  { name: 'an annotation that cannot be read is gone', seen: { state: '{"sequence":40', versions: [serves(V3, 100)] }, status: newer, want: newer },
  { name: 'with both lost the one version that is there is stable', seen: { versions: [serves(V1, 100)], pods: { 1: READY } }, want: reconstructed(V1) },
  { name: 'of two ready versions the one with most traffic is stable', seen: { versions: [serves(V1, 40), serves(V2, 60)], pods: { 1: READY, 2: READY } }, want: reconstructed(V2) },
  { name: 'a ready version goes before one with a share that nobody can have', seen: { versions: [serves(V1, 2 ** 31), serves(V2, 20)], pods: { 1: PARTIAL, 2: READY } }, want: reconstructed(V2) },
  { name: 'a ready version goes before one with more traffic', seen: { versions: [serves(V1, 90), serves(V2, 10)], pods: { 1: PARTIAL, 2: READY } }, want: reconstructed(V2) },
  { name: 'of versions that are not ready the one with most traffic is stable', seen: { versions: [serves(V1, 40), serves(V2, 60)] }, want: reconstructed(V2) },
  { name: 'of equals the first is stable', seen: { versions: [serves(V1, 50), serves(V2, 50)] }, want: reconstructed(V1) },
  { name: 'a status without versions keeps counter, failures and sequence', seen: { versions: [serves(V1, 100)] }, status: { ...empty, ...remembered }, want: reconstructed(V1, { ...empty, ...remembered }) },
  { name: 'memory in an object that serves nothing is none: it would take away what serves', seen: { state: empty, versions: [serves(V1, 100)], pods: { 1: READY } }, status: empty, want: reconstructed(V1, empty) },
  { name: 'an object in which nothing of ours can be recognised is left as it was', seen: {}, want: { sequence: 0, counter: 0 } }
]

for (const { name, seen, status, want } of forgotten) {
  t.test(name, async (t) => {
    t.strictSame(recall(observation(seen), deepFreeze(status)), { action: 'rewrite', memory: want })
  })
}

t.test('what has traffic and says nothing of its version is not decided about', async (t) => {
  const seen = observation({ unidentified: 'nobody knows' })
  t.throws(() => recall(seen, undefined), { name: 'UnprocessableError', message: 'nobody knows' })
  t.match(recall(seen, deepFreeze(newer)), { action: 'rewrite', memory: newer }, 'unless the status knows')
})

t.test('what the status shows beside the memory is no part of it', async (t) => {
  const shown = { ...newer, stable: { ...V1, ready: true }, phase: 'Progressing', conditions: [], weight: 10 }
  t.strictSame(recall(undefined, deepFreeze(shown)), { action: 'restore', memory: newer })
})
