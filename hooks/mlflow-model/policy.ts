// From the spec to what the rollout and the backend obey: spans in seconds, one flat record each.
import { withoutEmpty } from '../core/plain-value.ts'
import { secondsOf } from '../core/time.ts'
import type { ServingOptions } from '../serving/backend.ts'
import type { Policy } from './rollout/facts.ts'
import type { Spec } from './schema.ts'

export function policyOf ({ rollout, analysis, whenAliasMissing }: Spec): Policy {
  return {
    steps: rollout.steps,
    approval: rollout.approval,
    paused: rollout.paused,
    newVersion: rollout.newVersion,
    progressDeadline: wholeSeconds(rollout.progressDeadline),
    keepStable: wholeSeconds(rollout.keepStable),
    keepFailed: wholeSeconds(rollout.keepFailed),
    checks: analysis.checks,
    failureLimit: analysis.failureLimit,
    inconclusiveLimit: analysis.inconclusiveLimit,
    errorLimit: analysis.errorLimit,
    whenPaused: analysis.whenPaused,
    whenAliasMissing
  }
}

/** Decisions know whole seconds only. */
function wholeSeconds (span: string): number {
  return Math.ceil(secondsOf(span))
}

/** What the backend needs of the spec. Empty maps and lists of the user say nothing, and the API server would drop them. */
export function servingOptionsOf ({ serving, minioSecret }: Spec): ServingOptions {
  const { replicas, protocol, resources, serviceAccountName, env, seldon } = serving
  const given = withoutEmpty(resources ?? {}) as NonNullable<ServingOptions['resources']>
  return {
    replicas,
    protocol,
    serviceAccountName,
    seldon,
    env: env.map((variable) => withoutEmpty(variable) as ServingOptions['env'][number]),
    credentialsSecret: minioSecret,
    ...(Object.keys(given).length > 0 && { resources: given })
  }
}
