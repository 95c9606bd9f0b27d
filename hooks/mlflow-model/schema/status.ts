// status of MlflowModel: what people read, and in the same fields the mirror of the rollout's memory.
import { Type, type Static } from '@sinclair/typebox'
import { Conditions, instant, oneOf } from '../../core/schema.ts'

export const STAGES = ['Loading', 'Stepping', 'AwaitingApproval', 'Promoting', 'Unwinding', 'Draining'] as const
export const OUTCOMES = ['Promoted', 'FastPromoted', 'Aborted', 'Superseded', 'RolledBack', 'FastRolledBack'] as const
export const PHASES = ['Pending', 'Progressing', 'Paused', 'Healthy', 'Degraded'] as const

const identity = {
  version: Type.String({ minLength: 1, maxLength: 64, description: 'Version number in the registry.' }),
  createdAt: instant({ description: 'When the registry created it; with the number this is its identity.' })
}

/** A version and whether it answers. */
export const ServedVersion = Type.Object({
  ...identity,
  uri: Type.String({ maxLength: 2048, description: 'Where the model is loaded from.' }),
  ready: Type.Optional(Type.Boolean({ description: 'Whether all its replicas are available.' }))
}, { description: 'One version of the model.' })

/** The version before the last promotion, still loaded at weight 0. */
const PreviousVersion = Type.Object({
  ...ServedVersion.properties,
  keepUntil: instant({ description: 'When it is unloaded.' }),
  fastReturn: Type.Boolean({ description: 'Whether moving the alias back to it switches at once.' })
}, { description: 'The version before the last promotion, still loaded.' })

export const Failure = Type.Object({
  ...identity,
  rollout: Type.String({ maxLength: 128, description: 'The rollout in which it failed.' }),
  at: instant({ description: 'When.' }),
  reason: Type.String({ maxLength: 64, description: 'Why, in one word.' }),
  metrics: Type.String({ maxLength: 512, description: 'The numbers it failed with.' })
}, { description: 'A version that failed. It gets no traffic again before a retry.' })
export type Failure = Static<typeof Failure>

export const RolloutStatus = Type.Object({
  id: Type.String({ maxLength: 128, description: 'Names this rollout in the annotations sluice.dev/promote, abort and retry.' }),
  stage: oneOf(STAGES, { description: 'Where it stands.' }),
  step: Type.Integer({ minimum: 0, description: 'The step it is at, from 1; 0 before the first.' }),
  startedAt: instant({ description: 'When it started.' }),
  stepStartedAt: Type.Optional(instant({ description: 'Since when checks of this step count: the weight is in force since then.' })),
  trafficSince: Type.Optional(instant({ description: 'When the canary got its first traffic.' })),
  losses: Type.Integer({ minimum: 0, description: 'How often the canary lost all its pods while it had traffic.' }),
  deadline: Type.Optional(instant({ description: 'When the current wait is given up.' })),
  pausedAt: Type.Optional(instant({ description: 'Since when it is paused.' })),
  progress: Type.Optional(Type.String({ maxLength: 64, description: 'What was last seen of the loading canary; a change moves the deadline.' })),
  commanded: Type.Boolean({ description: 'Whether it goes to 100 because a person said so.' }),
  outcome: Type.Optional(oneOf(OUTCOMES, { description: 'What it is ending as.' })),
  reason: Type.Optional(Type.String({ maxLength: 64, description: 'Why it is ending so, in one word.' }))
}, { description: 'The rollout under way.' })

const Traffic = Type.Object({
  stable: Type.Integer({ minimum: 0, maximum: 100, description: 'Share wanted for stable.' }),
  canary: Type.Integer({ minimum: 0, maximum: 100, description: 'Share wanted for the canary.' }),
  writtenAt: instant({ description: 'When these shares were first wanted.' }),
  routerTransition: Type.String({ maxLength: 40, description: "The router condition's lastTransitionTime at that moment; empty when it had none." }),
  inForce: Type.Boolean({ description: 'Whether they have been seen in force since.' })
}, { description: 'The shares of traffic that are wanted now.' })

export const Status = Type.Object({
  phase: Type.Optional(oneOf(PHASES, { description: 'One word for people.' })),
  currentModelVersion: Type.Optional(Type.String({ maxLength: 64, description: 'The version that is trusted (stable).' })),
  previousModelVersion: Type.Optional(Type.String({ maxLength: 64, description: 'The version before it.' })),
  canaryModelVersion: Type.Optional(Type.String({ maxLength: 64, description: 'The version that is being tried.' })),
  weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: "The canary's share of traffic that is in force." })),
  step: Type.Optional(Type.String({ maxLength: 16, description: 'Step of the rollout, such as 3/9.' })),
  error: Type.Optional(Type.String({ maxLength: 1024, description: 'What is wrong and what to do, when Degraded or Paused.' })),
  url: Type.Optional(Type.String({ maxLength: 1024, description: 'Where predictions are answered, through the traffic split.' })),
  stable: Type.Optional(ServedVersion),
  canary: Type.Optional(ServedVersion),
  previous: Type.Optional(PreviousVersion),
  rollout: Type.Optional(RolloutStatus),
  traffic: Type.Optional(Traffic),
  sequence: Type.Optional(Type.Integer({ minimum: 0, description: 'Counts decisions. Equal to the one in the annotation sluice.dev/state of the serving object when this status is up to date.' })),
  counter: Type.Optional(Type.Integer({ minimum: 0, description: 'Number in the last rollout id.' })),
  failedVersions: Type.Optional(Type.Array(Failure, { maxItems: 10, description: 'Versions that failed, newest first.', 'x-kubernetes-list-type': 'atomic' })),
  lastOutcome: Type.Optional(oneOf(OUTCOMES, { description: 'How the last rollout ended.' })),
  lastCommands: Type.Optional(Type.Object({
    promote: Type.Optional(Type.String({ maxLength: 253, description: 'Last promote that was acted on or had nothing to act on.' })),
    abort: Type.Optional(Type.String({ maxLength: 253, description: 'Likewise for abort.' })),
    retry: Type.Optional(Type.String({ maxLength: 253, description: 'Likewise for retry.' }))
  }, { description: 'Commands that are spent.' })),
  deleting: Type.Optional(Type.Boolean({ description: 'The serving object is being deleted because the alias is gone.' })),
  nextDeadline: Type.Optional(instant({ description: 'When this object must be looked at again at the latest.' })),
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0, description: 'The generation of the spec that this status speaks of.' })),
  conditions: Type.Optional(Conditions)
}, { description: 'What is served and what is under way.' })
export type Status = Static<typeof Status>
