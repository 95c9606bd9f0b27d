// What a sync must do at once when it sees certain things, provided that memory is certain.
import { parseInstant } from '../../../hooks/core/time.ts'
import type { Memory, Rollout } from '../../../hooks/mlflow-model/schema/status.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import type { Pass } from './metacontroller.ts'
import { factsOf, memoryOf, predictorOf } from './reading.ts'
import { knownPods, sharesOf } from './seldon.ts'
import { insist } from './violation.ts'

/** What a pass with certain memory saw of a rollout, and what it wants now. */
type Sight = { seen: Memory, rollout: Rollout, wanted: Memory, shares: Record<string, number>, stable: Pods, canary: Pods & { name: string } }
type Pods = { available: number, ready: boolean }

/** Checks the reactions that may not wait for another sync. */
export function checkReactions (pass: Pass): void {
  const sight = sightOf(pass)
  if (!sight) return
  const describe = () => ({ ...sight, status: pass.observed?.status })
  insist(leavesTheDead(sight), 'a canary without a pod gets no traffic from the sync that sees it', describe)
  insist(clearsTheWay(sight), 'a canary on its way back with a pod down is removed at once while stable is ready', describe)
  insist(endsInTime(sight, factsOf(pass.request.parent).clock ?? 0), 'a way back that is not in force by its deadline ends', describe)
  insist(pass.request.parent.spec.rollout.paused || takesOver(sight), 'a stable that is not ready is removed at once when the ready canary is to have everything', describe)
}

function leavesTheDead ({ seen, shares, stable, canary }: Sight): boolean {
  const isLost = canary.available === 0 && stable.ready && (seen.traffic?.canary ?? 0) > 0
  return !isLost || (shares[canary.name] ?? 0) === 0
}

function clearsTheWay ({ rollout, shares, stable, canary }: Sight): boolean {
  const blocks = rollout.stage === 'Unwinding' && !canary.ready && stable.ready
  return !blocks || !(canary.name in shares)
}

function endsInTime ({ seen, rollout, shares, stable, canary }: Sight, clock: number): boolean {
  const deadline = parseInstant(rollout.deadline)
  const isDue = rollout.stage === 'Unwinding' && stable.ready && !seen.traffic?.inForce && deadline !== undefined && clock >= deadline
  return !isDue || !(canary.name in shares)
}

function takesOver ({ rollout, wanted, stable, canary }: Sight): boolean {
  const isDue = rollout.stage === 'Promoting' && !stable.ready && canary.ready
  return !isDue || wanted.rollout?.stage !== 'Promoting'
}

/** Nothing when memory is not certain, no canary is there, or the object is about to be deleted. */
function sightOf ({ request, response, observed }: Pass): Sight | undefined {
  const seen = memoryOf(observed)
  const wanted = memoryOf(response.children[0])
  if (!isCertain(request.parent.status?.sequence, seen, observed) || !wanted || wanted.deleting) return undefined
  const stable = predictorOf(seen.stable)
  const canary = predictorOf(seen.canary)
  if (!stable || !canary || !seen.rollout?.present) return undefined
  return {
    seen,
    wanted,
    rollout: seen.rollout,
    shares: sharesOf(response.children[0] as never),
    stable: knownPods(observed, stable),
    canary: { name: canary, ...knownPods(observed, canary) }
  }
}

function isCertain (reported: number | undefined, seen: Memory | undefined, observed: KubeObject | undefined): seen is Memory {
  return seen !== undefined && !seen.deleting && seen.sequence === reported && !observed?.metadata.deletionTimestamp
}
