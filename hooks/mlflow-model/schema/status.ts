// status of MlflowModel. Its first half is the mirror of the rollout's memory, field by field; the rest is for people.
import { Type, type Static } from '@sinclair/typebox'
import { Conditions, instant, oneOf } from '../../core/schema.ts'

export const STAGES = ['Loading', 'Stepping', 'AwaitingApproval', 'Promoting', 'Unwinding', 'Draining'] as const
export const OUTCOMES = ['Promoted', 'FastPromoted', 'Aborted', 'Superseded', 'RolledBack', 'FastRolledBack'] as const
export const PHASES = ['Pending', 'Progressing', 'Paused', 'Healthy', 'Degraded'] as const

/** Failures remembered at most, newest first. */
export const FAILURES_KEPT = 10

const identity = {
  version: Type.String({ minLength: 1, maxLength: 64, description: 'Version number in the registry.' }),
  createdAt: instant({ description: 'When the registry created it; with the number this is its identity.' })
}
const loaded = {
  ...identity,
  uri: Type.String({ maxLength: 2048, description: 'Where the model is loaded from, fixed when the version was first taken up.' })
}
const kept = {
  keepUntil: instant({ description: 'When it is unloaded.' }),
  fastReturn: Type.Boolean({ description: 'Whether moving the alias back to it switches at once.' })
}
const ready = { ready: Type.Optional(Type.Boolean({ description: 'Whether all its replicas are available.' })) }

export const Version = Type.Object(loaded, { description: 'One version of the model.' })
export type Version = Static<typeof Version>

/** The version before the last promotion or return, still loaded at weight 0. */
const Previous = Type.Object({ ...loaded, ...kept }, { description: 'The version before the last promotion, still loaded.' })

export const Failure = Type.Object({
  ...identity,
  rollout: Type.String({ maxLength: 128, description: 'The rollout in which it failed; the value for sluice.dev/retry.' }),
  at: instant({ description: 'When.' }),
  reason: Type.String({ maxLength: 64, description: 'Why, in one word.' }),
  metrics: Type.Optional(Type.String({ maxLength: 512, description: 'The numbers it failed with.' }))
}, { description: 'A version that failed. It gets no traffic again before a retry.' })
export type Failure = Static<typeof Failure>

export const Rollout = Type.Object({
  id: Type.String({ maxLength: 128, description: 'Names this rollout in the annotations sluice.dev/promote and sluice.dev/abort.' }),
  stage: oneOf(STAGES, { description: 'Where it stands.' }),
  // A rollout has at most a hundred: shares are whole percents, and rise.
  step: Type.Integer({ minimum: 0, maximum: 100, description: 'The step it is at, from 1; 0 before the first and between two when steps were edited.' }),
  startedAt: instant({ description: 'When it started.' }),
  stepStartedAt: Type.Optional(instant({ description: 'Since when checks count: the weight is in force and nothing holds the rollout.' })),
  trafficSince: Type.Optional(instant({ description: 'When the canary got its first traffic.' })),
  present: Type.Boolean({ description: 'Whether the canary is part of the serving object.' }),
  raised: Type.Boolean({ description: 'Whether the canary was ever to have traffic.' }),
  commanded: Type.Boolean({ description: 'Whether a person asked to skip the remaining checks.' }),
  losses: Type.Integer({ minimum: 0, description: 'How often the canary lost all its pods while it had traffic.' }),
  progress: Type.Optional(Type.String({ maxLength: 64, description: 'The most that was seen of the loading canary, such as 1/2 pods; more than ever moves the deadline.' })),
  deadline: Type.Optional(instant({ description: 'When the current wait ends.' })),
  deadlineLeft: Type.Optional(Type.Integer({ minimum: 0, description: 'Seconds left of a deadline that does not run now.' })),
  outcome: Type.Optional(oneOf(OUTCOMES, { description: 'What it is ending as.' })),
  reason: Type.Optional(Type.String({ maxLength: 64, description: 'Why, in one word.' }))
}, { description: 'The rollout under way.' })
export type Rollout = Static<typeof Rollout>

export const Traffic = Type.Object({
  stable: Type.Integer({ minimum: 0, maximum: 100, description: 'Share wanted for stable.' }),
  canary: Type.Integer({ minimum: 0, maximum: 100, description: 'Share wanted for the canary.' }),
  writtenAt: instant({ description: 'When these shares were first wanted.' }),
  routerTransition: Type.String({ maxLength: 128, description: "The router condition's lastTransitionTime at that moment; empty when it had none." }),
  inForce: Type.Boolean({ description: 'Whether they have been seen in force since.' }),
  canaryInForce: Type.Integer({ minimum: 0, maximum: 100, description: "The canary's share that was last seen in force." })
}, { description: 'The shares of traffic that are wanted now.' })
export type Traffic = Static<typeof Traffic>

const command = (verb: string) => Type.Optional(Type.String({ maxLength: 253, description: `Last ${verb} that was acted on or had nothing to act on.` }))

const memory = {
  stable: Type.Optional(Version),
  canary: Type.Optional(Version),
  previous: Type.Optional(Previous),
  rollout: Type.Optional(Rollout),
  traffic: Type.Optional(Traffic),
  failedVersions: Type.Optional(Type.Array(Failure, { maxItems: FAILURES_KEPT, description: 'Versions that failed, newest first.', 'x-kubernetes-list-type': 'atomic' })),
  lastOutcome: Type.Optional(oneOf(OUTCOMES, { description: 'How the last rollout ended.' })),
  lastCommands: Type.Optional(Type.Object({ promote: command('promote'), abort: command('abort'), retry: command('retry') }, { description: 'Commands that are spent.' })),
  deleting: Type.Optional(Type.Boolean({ description: 'The serving object is being deleted because the alias is gone.' })),
  counter: Type.Integer({ minimum: 0, description: 'Number in the last rollout id.' }),
  sequence: Type.Integer({ minimum: 0, description: 'Counts decisions. Equal to the one in the annotation sluice.dev/state of the serving object when this status is up to date.' })
}

/** All that the rollout remembers. It travels in the annotation sluice.dev/state of the object that carries the weights. */
export const Memory = Type.Object(memory)
export type Memory = Static<typeof Memory>

export const Status = Type.Object({
  ...memory,
  counter: Type.Optional(memory.counter),
  sequence: Type.Optional(memory.sequence),
  stable: Type.Optional(Type.Object({ ...loaded, ...ready }, { description: 'The version that is trusted.' })),
  canary: Type.Optional(Type.Object({ ...loaded, ...ready }, { description: 'The version that is being tried.' })),
  previous: Type.Optional(Type.Object({ ...loaded, ...kept, ...ready }, { description: 'The version before the last promotion, still loaded.' })),
  phase: Type.Optional(oneOf(PHASES, { description: 'One word for people.' })),
  currentModelVersion: Type.Optional(Type.String({ maxLength: 64, description: 'The version that is trusted (stable).' })),
  previousModelVersion: Type.Optional(Type.String({ maxLength: 64, description: 'The version before it, while it is still loaded.' })),
  canaryModelVersion: Type.Optional(Type.String({ maxLength: 64, description: 'The version that is being tried.' })),
  weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: "The canary's share of traffic that is in force." })),
  step: Type.Optional(Type.String({ maxLength: 16, description: 'Step of the rollout, such as 3/9.' })),
  reason: Type.Optional(Type.String({ maxLength: 64, description: 'Why the phase is what it is, in one word.' })),
  error: Type.Optional(Type.String({ maxLength: 1024, description: 'What is wrong and what to do, when Degraded or Paused.' })),
  url: Type.Optional(Type.String({ maxLength: 1024, description: 'Where predictions are answered, through the traffic split.' })),
  nextDeadline: Type.Optional(instant({ description: 'When this object must be looked at again at the latest.' })),
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0, description: 'The generation of the spec that this status speaks of.' })),
  conditions: Type.Optional(Conditions)
}, { description: 'What is served and what is under way.' })
export type Status = Static<typeof Status>
