// status of ModelDeployment: what people and the poller read. Nothing of it decides, but where every other memory is lost.
import { Type, type Static } from '@sinclair/typebox'
import { Conditions, instant, oneOf } from '../../core/schema.ts'

export const PHASES = ['Pending', 'Validating', 'Deploying', 'Ready', 'Failed'] as const

/** Where a version failed: before it had pods, while they started, or after it had answered. */
export const STAGES = ['Validation', 'Start', 'Serving'] as const

const hash = (description: string) => Type.String({ minLength: 1, maxLength: 16, pattern: '^[0-9a-f]+$', description })

const identity = {
  id: hash('Id of the version; part of the names of its Job and Deployment.'),
  attempt: Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'The attempt in which it was tried.' }),
  content: hash('Stands for what the version is made of.'),
  tries: hash('Stands for how it was tried.'),
  version: Type.String({ maxLength: 63, description: 'The name that spec.version gave it.' }),
  runtime: Type.String({ maxLength: 63, description: 'What serves it.' })
}

const found = {
  uri: Type.String({ maxLength: 1024, description: 'What was validated; a moving reference is resolved.' }),
  registryVersion: Type.Optional(Type.String({ maxLength: 64, description: 'Version in the registry.' })),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$', maxLength: 64, description: 'SHA-256 of what was validated; its pods refuse anything else.' }),
  bytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Its size.' })
}

export const Version = Type.Object({
  ...identity,
  startedAt: instant({ description: 'When its validation was first wanted.' }),
  lostAt: Type.Optional(instant({ description: 'When it lost all its pods although it had not failed; it is switched to again when it has them back.' })),
  found: Type.Optional(Type.Object(found, { description: 'The model, once it is validated.' }))
}, { description: 'A version.' })
export type Version = Static<typeof Version>

export const Active = Type.Object({ ...Version.properties, since: instant({ description: 'When the Service was switched to it.' }) }, { description: 'The version that answers.' })
export type Active = Static<typeof Active>

export const Failure = Type.Object({
  ...identity,
  stage: oneOf(STAGES, { description: 'Where.' }),
  reason: Type.String({ maxLength: 128, description: 'Why, in one word.' }),
  message: Type.String({ maxLength: 512, description: 'Why, in the words of its pods or of Kubernetes.' })
}, { description: 'The version that is wanted and failed. It is not tried again without a change or a retry.' })
export type Failure = Static<typeof Failure>

const validation = {
  attempt: identity.attempt,
  outcome: oneOf(['Running', 'Passed', 'Failed'], { description: 'How it stands.' }),
  reason: Type.Optional(Type.String({ maxLength: 128, description: 'Why it failed, in one word.' })),
  startedAt: Type.Optional(instant({ description: 'When the Job was started.' })),
  finishedAt: Type.Optional(instant({ description: 'When it ended.' }))
}

export const Status = Type.Object({
  phase: Type.Optional(oneOf(PHASES, { description: 'One word for people: what is being done, or how it stands.' })),
  reason: Type.Optional(Type.String({ maxLength: 128, description: 'Why the phase is what it is, in one word.' })),
  message: Type.Optional(Type.String({ maxLength: 1024, description: 'The same in one sentence.' })),
  error: Type.Optional(Type.String({ maxLength: 1024, description: 'What is wrong and what to do. While an older version is kept, why the newer one does not run.' })),
  attempt: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'Number of the last attempt; the value for sluice.dev/retry.' })),
  version: Type.Optional(Type.String({ maxLength: 63, description: 'The same as activeVersion.' })),
  activeVersion: Type.Optional(Type.String({ maxLength: 63, description: 'Name of the version that answers.' })),
  candidateVersion: Type.Optional(Type.String({ maxLength: 63, description: 'Name of the version that is validated or started.' })),
  previousVersion: Type.Optional(Type.String({ maxLength: 63, description: 'Name of the version before, while it is still loaded.' })),
  active: Type.Optional(Active),
  candidate: Type.Optional(Version),
  previous: Type.Optional(Version),
  failure: Type.Optional(Failure),
  validation: Type.Optional(Type.Object(validation, { description: 'The validation of the last attempt.' })),
  url: Type.Optional(Type.String({ maxLength: 1024, description: 'Where predictions are answered, inside the cluster.' })),
  replicas: Type.Optional(Type.Integer({ minimum: 0, description: 'Pods of the active version that answer.' })),
  sha256: Type.Optional(Type.String({ maxLength: 64, description: 'SHA-256 of the model that answers.' })),
  nextDeadline: Type.Optional(instant({ description: 'When this object must be looked at again at the latest.' })),
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0, description: 'The generation of the spec that this status speaks of.' })),
  conditions: Type.Optional(Conditions)
}, { description: 'What runs and what is under way.' })
export type Status = Static<typeof Status>
