// The hooks as pure functions of a request: what most runs call, because it is fast. Three ways to make requests, one set of properties.
import fc from 'fast-check'
import { HOOKS } from '../../../hooks/core/answer.ts'
import type { Kind } from '../../../hooks/core/kind.ts'
import { STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import type { SyncRequest } from '../../../hooks/core/request.ts'
import { comesToRest, feedBack } from '../../helpers/feed-back.ts'
import { requestFor } from '../../helpers/requests.ts'
import { goldens, type Goldens } from '../inputs/goldens.ts'
import { newestIn } from '../inputs/instants.ts'
import { applyEdit, tameEdit, wildEdit, type Edit } from '../inputs/edits.ts'
import { valuesOf } from '../inputs/from-schema.ts'
import { childrenIn, closeTexts, isObject, openTexts, type Json } from '../inputs/tree.ts'
import { isAdmitted } from '../properties/admission.ts'
import { askPurely } from '../properties/answer.ts'
import { oracles } from '../properties/oracles.ts'
import { withinCpu } from '../properties/cpu.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'
import type { Tally } from '../tally.ts'
import { withGeneration } from './workloads.ts'
import { playTurn, turn, type Turn } from './world.ts'

/** One round of a life: what the world does, and what happens to the request besides. */
type Round = { turn: Turn, edits: Edit[] }
type Life = { set: number, begin: number, rest: boolean, rounds: Round[] }

function life (edit: fc.Arbitrary<Edit>, rounds: { maxLength: number }): fc.Arbitrary<Life> {
  const round = fc.record({ turn, edits: fc.array(edit, { maxLength: 3 }) })
  return fc.record({ set: fc.nat(), begin: fc.nat(), rest: fc.integer({ min: 0, max: 11 }).map((n) => n === 0), rounds: fc.array(round, { minLength: 1, ...rounds }) })
}

function lives (tally: Tally, edit: fc.Arbitrary<Edit>, rounds: { maxLength: number }): fc.IRawProperty<[Life]> {
  return fc.property(life(edit, rounds), ({ set, begin, rest, rounds }) => {
    const sets = goldens()
    const material = sets[set % sets.length] as Goldens
    let request = structuredClone(material.inputs[begin % material.inputs.length]) as Json
    const { platform } = structuredClone(request)
    let forged = false
    for (const { turn, edits } of rounds) {
      playTurn(request, turn, { now: newestIn(request), goldens: material })
      const written = writtenIn(request)
      for (const edit of edits) applyEdit(request, edit, material)
      // Of our own settings, which have been checked at the start: no caller has a say in them.
      if (platform !== undefined) request.platform = platform
      else delete request.platform
      forged ||= writtenIn(request) !== written
      closeTexts(request)
      const next = examine(material.kind, request, tally, { rest, forged })
      if (!next) return
      request = next
      openTexts(request)
    }
  })
}

/** Whether it is to come to rest, and whether somebody has changed what we wrote. */
type How = { rest: boolean, forged: boolean }

/** What we wrote into the children, as one text: spec, and memory in an annotation. */
function writtenIn (request: Json): string {
  return JSON.stringify(childrenIn(request).map(({ spec, metadata }) => [spec, isObject(metadata) && isObject(metadata.annotations) ? metadata.annotations[STATE_ANNOTATION] : undefined]))
}

/** Asks and checks; the request of the next sync, or undefined when there is none to be had. An error brings the request, to be asked again by hand. */
function examine (kind: Kind, given: Json, tally: Tally, how: How): Json | undefined {
  try {
    return askAndCheck(kind, given, tally, how)
  } catch (error) {
    throw Object.assign(error as Error, { asked: JSON.stringify(given) })
  }
}

function askAndCheck (kind: Kind, given: Json, tally: Tally, { rest, forged }: How): Json | undefined {
  const request = JSON.parse(JSON.stringify(given)) as Json
  if (!isAdmitted(kind, request)) {
    tally.count('400')
    return undefined
  }
  const answer = withinCpu('an answer', () => askPurely(kind, request as unknown as SyncRequest, forged))
  tally.count(answer ? '200' : '422')
  if (!answer) return undefined
  if (answer.finalized) return undefined
  const serves = oracles[kind.resource.kind]?.(request, answer, forged) ?? 'none'
  if (serves !== 'none') tally.count(`${kind.resource.kind} ${serves}`)
  const stage = stageOf(answer.children as unknown as Json[])
  if (stage) tally.count(`in ${stage}`)
  if (rest) demand(comesToRest(kind, request as unknown as SyncRequest), () => 'fed back its own answers, it does not stop writing')
  return stored(request, JSON.parse(JSON.stringify(feedBack(request as unknown as SyncRequest, answer))) as Json)
}

/** The next request, with generations as the API server counts them. */
function stored ({ children: before }: Json, next: Json): Json {
  const objectsOf = (children: unknown) => Object.entries(children as Record<string, Record<string, Json>>)
  const counted = objectsOf(next.children).map(([key, objects]) => [key, Object.fromEntries(Object.entries(objects).map(([place, child]) => [place, withGeneration(child, (before as Record<string, Record<string, Json>>)[key]?.[place])]))])
  return { ...next, children: Object.fromEntries(counted) as Json }
}

function stageOf (children: Json[]): string | undefined {
  const state = children.map((child) => isObject(child.metadata) && isObject(child.metadata.annotations) ? child.metadata.annotations['sluice.dev/state'] : undefined).find((text) => typeof text === 'string')
  return state === undefined ? undefined : (JSON.parse(state as string) as { rollout?: { stage?: string } }).rollout?.stage
}

/** Requests from nothing but the schemas of a kind: what the CRD admits, and now and then what it does not. */
function fromSchemas (tally: Tally): fc.IRawProperty<[Json]> {
  return fc.property(fc.oneof(...goldens().map(({ kind }) => requestsOf(kind))), ({ set, spec, status, edits, hook, rest }) => {
    const material = goldens()[set as number] as Goldens
    const request = JSON.parse(JSON.stringify(requestFor(material.kind, { spec, status: status as object, finalizing: hook === 'finalize' }))) as Json
    for (const edit of edits as Edit[]) applyEdit(request, edit, material)
    closeTexts(request)
    examine(material.kind, request, tally, { rest: rest === true, forged: false })
  })
}

function requestsOf (kind: Kind): fc.Arbitrary<Json> {
  const set = goldens().findIndex((material) => material.kind === kind)
  return fc.record({
    set: fc.constant(set),
    spec: valuesOf(kind.spec, { wild: 15 }),
    status: valuesOf(kind.status, { wild: 15 }),
    hook: fc.constantFrom(...HOOKS),
    rest: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    edits: fc.array(tameEdit, { maxLength: 6 })
  }) as fc.Arbitrary<Json>
}

export const rollouts: Target = {
  name: 'rollouts',
  what: 'lives of golden objects: turns of the world and tame edits, up to four syncs each',
  share: 150_000,
  quick: 60,
  open: async (tally) => session(lives(tally, tameEdit, { maxLength: 4 }))
}

export const hostileObjects: Target = {
  name: 'hostile-objects',
  what: 'golden requests with values of wrong types, odd keys, huge numbers, half-written and foreign parts',
  share: 450_000,
  quick: 150,
  open: async (tally) => session(lives(tally, wildEdit, { maxLength: 1 }))
}

export const schemaObjects: Target = {
  name: 'schema-objects',
  what: 'spec and status made from the schemas of each kind',
  share: 100_000,
  quick: 40,
  open: async (tally) => session(fromSchemas(tally))
}
