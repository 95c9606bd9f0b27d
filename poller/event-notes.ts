// The words of Events: versions, weights, numbers and limits, and what a person can do.
import { parseFacts } from '../hooks/core/facts.ts'
import { describeMetric } from '../hooks/core/measurement.ts'
import type { Failure, Status } from '../hooks/mlflow-model/schema/status.ts'
import type { KeptStatus, Model } from './model.ts'

/** `version 7`, in the middle of a sentence. */
export function quoteVersion (version: { version: string } | undefined): string {
  return version ? `version ${version.version}` : 'the version'
}

/** With a capital, for the beginning of a sentence. */
export function sentence (text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The numbers of the last check of this rollout, as a sentence that begins with a space, or nothing. */
export function describeLastCheck (model: Model, rollout: string | undefined): string {
  const analysis = parseFacts(model.metadata.annotations).analysis
  if (!analysis || analysis.rollout !== rollout || analysis.last.metrics.length === 0) return ''
  return ` Last check ${analysis.last.outcome}: ${analysis.last.metrics.map(describeMetric).join(', ')}.`
}

type Ended = { outcome: NonNullable<Status['lastOutcome']>, first: boolean, canary: string | undefined, status: Partial<KeptStatus>, failure: Failure | undefined }

/** How a rollout ended: the Event's reason and note. */
export function describeOutcome (ended: Ended): { reason: string, note: string } {
  const { outcome, status } = ended
  const stable = quoteVersion(status.stable)
  const left = quoteVersion(ended.canary === undefined ? ended.failure : { version: ended.canary })
  switch (outcome) {
    case 'Promoted':
      return describePromotion(ended)
    case 'FastPromoted':
      return { reason: 'PromotionComplete', note: `${stable} gets all traffic: promoted by hand, without its remaining checks.${describePrevious(status)}` }
    case 'Aborted':
      return describeFailed(ended)
    case 'Superseded':
      return { reason: 'Superseded', note: `The alias moved on before the rollout of ${left} was complete; ${stable} gets all traffic until the newer version is loaded.` }
    case 'RolledBack':
      return { reason: 'RolledBack', note: `The alias is back on the stable version: ${left} was rolled back and ${stable} gets all traffic.` }
    case 'FastRolledBack':
      return { reason: 'RolledBack', note: `The alias is back on ${stable}, which was still loaded: it gets all traffic again at once.` }
    default:
      return outcome satisfies never
  }
}

function describePromotion ({ first, status }: Ended): { reason: string, note: string } {
  const stable = quoteVersion(status.stable)
  if (first) return { reason: 'Deployed', note: `${stable} is deployed and gets all traffic.` }
  return { reason: 'PromotionComplete', note: `${stable} has passed all steps and gets all traffic.${describePrevious(status)}` }
}

function describeFailed ({ canary, failure, status }: Ended): { reason: string, note: string } {
  const stable = quoteVersion(status.stable)
  if (failure?.reason === 'Aborted') {
    return { reason: 'Aborted', note: `The rollout of version ${failure.version} was aborted by hand and ${stable} gets all traffic. Set sluice.dev/retry=${failure.rollout} to try it again.` }
  }
  const left = quoteVersion(failure ?? (canary === undefined ? undefined : { version: canary }))
  return { reason: 'RolledBack', note: `${left} was rolled back${failure ? ` (${failure.reason})` : ''} and ${stable} gets all traffic.` }
}

function describePrevious ({ previous }: Partial<KeptStatus>): string {
  return previous ? ` Version ${previous.version} stays loaded until ${previous.keepUntil} for an instant return.` : ''
}
