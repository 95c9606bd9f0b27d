// From the spec to what the rollout and the backend obey: spans in seconds, one flat record each.
import { isAnnotationKey } from '../core/labels.ts'
import { withoutEmpty } from '../core/plain-value.ts'
import { wholeSeconds } from '../core/time.ts'
import type { ServingOptions } from '../serving/backend.ts'
import type { Policy } from './rollout/facts.ts'
import type { Spec } from './schema.ts'

export function policyOf ({ rollout, analysis, whenAliasMissing }: Spec): Policy {
  return {
    // A rule of the CRD says that they rise; where nobody checked it, steps up and down would follow each other for ever.
    steps: [...new Set(rollout.steps)].sort((a, b) => a - b),
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

/** What the backend needs of the spec. A key that was let in before it was checked is left out: the API server would refuse every write with it. Empty maps and lists of the user say nothing, and the API server would drop them. */
export function servingOptionsOf ({ serving, minioSecret }: Spec): ServingOptions {
  const { replicas, protocol, resources, serviceAccountName, env, seldon } = serving
  const given = withoutEmpty(resources ?? {}) as NonNullable<ServingOptions['resources']>
  return {
    replicas,
    protocol,
    serviceAccountName,
    seldon: { ...seldon, annotations: Object.fromEntries(Object.entries(seldon.annotations).filter(([key]) => isAnnotationKey(key))) },
    env: env.map((variable) => withoutEmpty(variable) as ServingOptions['env'][number]),
    credentialsSecret: minioSecret,
    ...(Object.keys(given).length > 0 && { resources: given })
  }
}
