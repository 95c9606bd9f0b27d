// A promotion that is watched from its first step on: what must be true of it, whatever happened meanwhile.
import type { Test } from 'tap'
import { parseFacts, type AnalysisFact } from '../../hooks/core/facts.ts'
import type { Met } from '../../playground/api-server/faults.ts'
import type { KubeObject } from '../../playground/api-server/kube-object.ts'
import type { MlflowStandIn } from '../../playground/stand-ins/mlflow/server.ts'
import { makeActor, type Actor } from '../helpers/loop/actor.ts'
import { restingWrites } from '../helpers/loop/calm.ts'
import type { Parts } from '../helpers/loop/models.ts'
import type { LoopWorld } from '../helpers/loop/world.ts'

export const [FIRST_STEP, SECOND_STEP] = [30, 60]

/** Who Events of the poller say that they are from. */
export const POLLER = 'sluice.dev/poller'

/** Steps that last some seconds, so that there is something to disturb. */
export const UNHURRIED: Parts = { analysis: { checks: 3 } }

export interface Promotion {
  story: Actor
  /** Waits for its end, then asserts that nothing has shown of what happened. */
  end: (t: Test) => Promise<void>
}

/** Creates an object that serves version 1 and moves its alias to 2; resolves when that is judged at its first step. */
export async function beginPromotion (world: LoopWorld, name: string, parts: Parts = UNHURRIED, mlflow: MlflowStandIn = world.system.mlflow): Promise<Promotion> {
  const story = makeActor(world, name, parts, mlflow)
  const counts = recordCounts(world, name)
  await story.begin()
  const unanswered = (): number => world.system.traffic.sent('models', name)['unreachable'] ?? 0
  const before = { stable: story.pods('1'), unanswered: unanswered() }
  story.moveAlias('2')
  const { rollout } = await story.reaches(FIRST_STEP)
  const canary = story.pods('2')
  return {
    story,
    async end (t) {
      const promoted = await story.serves('2')
      t.match(promoted, { lastOutcome: 'Promoted', previousModelVersion: '1', failedVersions: undefined }, 'no failure is remembered')
      t.same(story.life.applied, [{ 1: 100 }, { 1: 100, 2: 0 }, { 1: 70, 2: 30 }, { 1: 40, 2: 60 }, { 1: 0, 2: 100 }], 'the router applied every step once')
      t.same([...new Set(story.life.statuses.flatMap((status) => status.rollout?.id ?? []))].slice(-1), [rollout?.id], 'it is one rollout')
      t.same([story.pods('1'), story.pods('2')], [before.stable, canary], 'no pod was restarted')
      t.equal(unanswered(), before.unanswered, 'no request found no pod')
      t.same(counts.goneBack(), [], 'no count of checks went back')
      t.same(await restingWrites(world, mlflow), [], 'at rest nothing is written', { statuses: story.life.statuses.slice(-4) })
      const told = eventsOf(world, name)
      t.ok(told.some((text) => text.startsWith('PromotionComplete')), 'people are told')
      t.same(told.filter((text, index) => told.indexOf(text) < index), [], 'no Event is told twice')
      t.same(world.witness.violations(), [])
      counts.close()
    }
  }
}

/** Every count of checks that was written, and those that are lower than one before at the same step. */
function recordCounts ({ system }: LoopWorld, name: string): { goneBack: () => string[], close: () => void } {
  const seen = new Map<string, number>()
  const wrong: string[] = []
  const close = system.api.store.subscribe('sluice.dev/mlflowmodels', ({ object }) => {
    const fact = object.metadata.name === name ? parseFacts(object.metadata.annotations).analysis : undefined
    if (!fact) return
    const key = `${fact.rollout} ${fact.step} ${fact.stepStartedAt}`
    const count = checksOf(fact)
    if (count < (seen.get(key) ?? 0)) wrong.push(`${key}: ${count} after ${seen.get(key)}`)
    seen.set(key, count)
  })
  return { goneBack: () => wrong, close }
}

function checksOf ({ passed = 0, failed = 0, inconclusive = 0, errors = 0 }: AnalysisFact): number {
  return passed + failed + inconclusive + errors
}

/** What the poller has told of one object, as the API server keeps it. */
function eventsOf ({ system }: LoopWorld, name: string): string[] {
  const isOf = (event: KubeObject): boolean => event['reportingComponent'] === POLLER && (event['involvedObject'] as { name?: string } | undefined)?.name === name
  return system.api.store.list('/events').filter(isOf).map((event) => `${String(event['reason'])}: ${String(event['message'])}`)
}

/** Requests of one program that a fault met. */
export function metOf (world: LoopWorld, agent: string): Met[] {
  return world.system.api.faults.met.filter((met) => met.agent.startsWith(agent))
}

/** Waits until a fault has met this program: on a slow machine its pauses end late. */
export async function isMet (world: LoopWorld, agent: string): Promise<void> {
  await world.witness.until(`a fault meets ${agent}`, () => metOf(world, agent).length > 0)
}

/** How often each was met, by what was asked: `watch /api/v1/pods`. */
export function countsOf (met: Met[]): Record<string, number> {
  return Object.fromEntries([...byRequest(met)].map(([what, { length }]) => [what, length]))
}

/** What was asked more often than this. */
export function moreOften (met: Met[], most: number): Record<string, number> {
  return Object.fromEntries(Object.entries(countsOf(met)).filter(([, count]) => count > most))
}

/**
 * Requests that came less than `wait` ms after the one before of the same verb and path. Only of those that one caller makes, one at a time: watches, lists and
 * the lease. Events are many, and each is a request of its own; objects are read and written by several who wait for themselves.
 * `tries`: so many a client sends before it gives up; when it begins anew is then up to its own backoff, and does not count here.
 */
export function tooSoon (met: Met[], wait: number, tries = Infinity): string[] {
  const alone = met.filter(({ verb, resource }) => verb === 'watch' || verb === 'list' || resource === 'leases')
  return [...byRequest(alone)].flatMap(([what, group]) => group.flatMap(({ at }, index) => {
    const gap = index % tries === 0 ? Infinity : at - (group[index - 1]?.at ?? 0)
    return gap < wait ? [`${what} after ${Math.round(gap)} ms`] : []
  }))
}

function byRequest (met: Met[]): Map<string, Met[]> {
  return Map.groupBy(met, ({ verb, path }) => `${verb} ${path}`)
}
