// From the spec to what the rollout and the backend obey: spans in seconds, one flat record each.
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
    progressDeadline: secondsOf(rollout.progressDeadline),
    keepStable: secondsOf(rollout.keepStable),
    keepFailed: secondsOf(rollout.keepFailed),
    checks: analysis.checks,
    failureLimit: analysis.failureLimit,
    inconclusiveLimit: analysis.inconclusiveLimit,
    errorLimit: analysis.errorLimit,
    whenPaused: analysis.whenPaused,
    whenAliasMissing
  }
}

export function servingOptionsOf ({ serving, minioSecret }: Spec): ServingOptions {
  const { replicas, protocol, resources, serviceAccountName, env, seldon } = serving
  return { replicas, protocol, serviceAccountName, env, seldon, credentialsSecret: minioSecret, ...(resources && { resources }) }
}
