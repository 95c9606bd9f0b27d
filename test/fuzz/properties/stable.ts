// The oracle of the stable predictor: whatever was asked, the version that is trusted keeps its place and its traffic, unless one of the few reasons of
// the rollout's rules explains it. Written from the rules (hooks/mlflow-model/README.md) and not from the code that decides.
import { COMMANDS, FACTS } from '../../../hooks/core/labels.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { isObject, textOf, type Json } from '../inputs/tree.ts'
import type { Fate } from './oracles.ts'
import { find, findObserved, parsed, predictorsOf, rawPredictors, same, see, type Identity, type Predictor, type Seen } from './seen.ts'
import { demand } from './violation.ts'

/**
 * Throws a Violation when the answer drops or starves what serves. Returns what became of it: `none` when nothing serves yet or nothing can be told,
 * `moved` when another version has its traffic, and there is a reason.
 */
export function checkStable (request: Json, answer: { children: unknown[] }): Fate {
  const object = findObserved(request)
  if (!object) return 'none'
  const seen = see(request, object)
  if (seen.memory?.deleting) return 'deleted'
  const served = predictorsOf(answer.children.find((child) => isObject(child) && child.kind === 'SeldonDeployment'))
  const hasTraffic = rawPredictors(object).some(({ traffic }) => typeof traffic === 'number' && traffic > 0)
  demand(served.length > 0 || !hasTraffic, () => 'the object that has traffic is gone from the answer, and no mark in it says so')
  if (served.length === 0) return 'none'
  checkShares(served)
  const memory = memoryThatCounts(seen)
  if (!memory) return checkForgotten(seen, served)
  return memory.stable ? checkRemembered(request, seen, { memory, stable: memory.stable, served }) : checkFirst(memory, served)
}

function memoryThatCounts ({ memory, status }: Seen): Memory | undefined {
  const inStatus = status?.stable ?? status?.canary ? status : undefined
  if (!memory) return inStatus
  return inStatus && inStatus.sequence > memory.sequence ? inStatus : memory
}

function checkShares (served: Predictor[]): void {
  const total = served.reduce((sum, { traffic }) => sum + traffic, 0)
  demand(total === 100 && served.every(({ traffic }) => Number.isInteger(traffic) && traffic >= 0), () => `shares are ${served.map(({ traffic }) => traffic).join(' + ')}, which is not 100`)
  demand(new Set(served.map(({ name }) => name)).size === served.length && served.length <= 3, () => `predictors are ${served.map(({ name }) => name).join(', ')}`)
}

/** With no memory anywhere, what is ready goes on serving. */
function checkForgotten ({ predictors, pods }: Seen, served: Predictor[]): Fate {
  const ready = predictors.filter(({ traffic, identity }) => traffic > 0 && pods(identity) === 'ready')
  if (ready.length === 0) return 'none'
  const most = Math.max(...ready.map(({ traffic }) => traffic))
  const candidates = ready.filter(({ traffic }) => traffic === most)
  demand(candidates.some(({ identity }) => (find(served, identity)?.traffic ?? 0) > 0), () => `all memory is lost, and the ready version with most traffic (${candidates[0]?.identity.version}) gets none`)
  return 'kept'
}

/** The first version goes on loading with everything; only another target takes its place. */
function checkFirst (memory: Memory, served: Predictor[]): Fate {
  demand(served.length === 1 && served[0]?.traffic === 100, () => `the first version (${memory.canary?.version}) shares its traffic`)
  return 'none'
}

type Remembered = { memory: Memory, stable: Identity, served: Predictor[] }

function checkRemembered (request: Json, seen: Seen, { memory, stable, served }: Remembered): Fate {
  if ((find(served, stable)?.traffic ?? 0) > 0) return 'kept'
  const heir = served.find(({ traffic }) => traffic === 100)?.identity
  const lose = (why: string) => `stable version ${stable.version} (pods: ${seen.pods(stable)}) has no traffic in the answer, and ${why}`
  demand(heir !== undefined, () => lose('no other version has all of it'))
  demand(same(heir, memory.canary) || same(heir, memory.previous), () => lose(`version ${heir.version}, which has it, is neither canary nor previous`))
  demand(canCarry(seen, { memory, stable, heir }), () => lose(`the pods of version ${heir.version} are not ready`))
  demand(wasWanted(memory, heir) || hasReason(request, memory, heir), () => lose(`nothing explains why version ${heir.version} has it`))
  demand(find(served, stable) !== undefined || seen.pods(stable) !== 'ready', () => lose('it has left although its pods are ready'))
  return 'moved'
}

/** Weights that are wanted already are written again as they were. */
function wasWanted ({ traffic, canary }: Memory, heir: Identity): boolean {
  return traffic?.canary === 100 && same(heir, canary)
}

/** All goes only to pods that are ready; where it is wanted already some will do, and where stable is down or memory is not certain nothing new is decided. */
function canCarry ({ pods, status, memory: inObject }: Seen, { memory, stable, heir }: { memory: Memory, stable: Identity, heir: Identity }): boolean {
  if (pods(heir) === 'ready') return true
  if (!wasWanted(memory, heir)) return false
  return pods(heir) === 'some' || pods(stable) !== 'ready' || status?.sequence !== inObject?.sequence
}

/** What of the parent's own words a reason may be found in. */
type Parent = { metadata: { annotations?: Record<string, string> }, spec?: { rollout?: { steps?: unknown }, analysis?: Limits } }

/** Why traffic may move to a version all at once: its rollout has come to its end, a person said so, or the alias went back to the version before. */
function hasReason (request: Json, memory: Memory, heir: Identity): boolean {
  const { parent } = request as { parent: Parent }
  const { annotations = {} } = parent.metadata
  const { rollout, previous, canary } = memory
  if (!same(heir, canary)) return previous?.fastReturn === true && isTarget(annotations[FACTS.registry], heir)
  if (!rollout) return false
  if (rollout.commanded === true || annotations[COMMANDS.promote] === rollout.id) return true
  return rollout.stage === 'AwaitingApproval' || rollout.stage === 'Promoting' || isAtItsEnd(rollout, parent)
}

/** In the last step, which its checks have completed. Memory of another stage with that step was never written by us; what follows from it is not judged. */
function isAtItsEnd (rollout: NonNullable<Memory['rollout']>, { metadata: { annotations = {} }, spec = {} }: Parent): boolean {
  if (rollout.step < lastStep(spec.rollout?.steps)) return false
  return rollout.stage !== 'Stepping' || hasPassed(annotations[FACTS.analysis], rollout, spec.analysis)
}

type Limits = { checks?: unknown, failureLimit?: unknown }

/** The number of the last step; steps that are no list are the default ones, and those that are not admitted may be, too. */
function lastStep (steps: unknown): number {
  return Array.isArray(steps) ? Math.min(9, new Set(steps.filter((weight) => weight !== 100)).size) : 9
}

/** Whether the checks of this step are enough, and no more of them failed than may. Limits that are no whole numbers are the default ones. */
function hasPassed (text: string | undefined, { id, step }: NonNullable<Memory['rollout']>, limits: Limits = {}): boolean {
  const fact = parsed(text)
  if (!isObject(fact) || fact.rollout !== id || fact.step !== step) return false
  const { passed, failed } = fact
  return typeof passed === 'number' && typeof failed === 'number' && passed >= wholeOr(6, limits.checks) && failed <= wholeOr(2, limits.failureLimit)
}

function wholeOr (standard: number, value: unknown): number {
  return Number.isInteger(value) ? value as number : standard
}

function isTarget (text: string | undefined, identity: Identity): boolean {
  const fact = parsed(text)
  return isObject(fact) && fact.state === 'Found' && same({ version: textOf(fact.version), createdAt: textOf(fact.createdAt) }, identity)
}
