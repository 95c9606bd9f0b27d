// What a sync must do at once when it sees certain things, provided that memory is certain.
import type { Memory, Rollout } from '../../../hooks/mlflow-model/schema/status.ts'
import type { KubeObject } from '../../../hooks/core/request.ts'
import type { Pass } from './metacontroller.ts'
import { memoryOf, predictorOf } from './reading.ts'
import { knownPods, sharesOf } from './seldon.ts'
import { insist } from './violation.ts'

/** What a pass with certain memory saw of a rollout, and what it wants now. */
type Sight = { seen: Memory, rollout: Rollout, wanted: Memory, shares: Record<string, number>, stable: Pods, canary: Pods & { name: string } }
type Pods = { available: number, ready: boolean }

/** Checks the reactions that may not wait for another sync. */
export function checkReactions (pass: Pass): void {
  const sight = sightOf(pass)
  if (!sight) return
  const { rollout, wanted, shares, stable, canary, seen } = sight
  const describe = () => ({ seen, wanted, shares, status: pass.observed?.status })
  const isLost = canary.available === 0 && (seen.traffic?.canary ?? 0) > 0
  insist(!(isLost && stable.ready) || (shares[canary.name] ?? 0) === 0, 'a canary without a pod gets no traffic from the sync that sees it', describe)
  const blocks = rollout.stage === 'Unwinding' && !canary.ready && stable.ready
  insist(!blocks || !(canary.name in shares), 'a canary on its way back with a pod down is removed at once while stable is ready', describe)
  const isHeld = pass.request.parent.spec.rollout.paused
  const mustTakeOver = rollout.stage === 'Promoting' && !stable.ready && canary.ready && !isHeld
  insist(!mustTakeOver || wanted.rollout?.stage !== 'Promoting', 'a stable that is not ready is removed at once when the ready canary is to have everything', describe)
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
