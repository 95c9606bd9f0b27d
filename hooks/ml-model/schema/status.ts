// status of MLModel: what people read. Nothing of it decides, but the attempt where every other memory is lost.
import { Type, type Static } from '@sinclair/typebox'
import { Conditions, instant, oneOf } from '../../core/schema.ts'

export const PHASES = ['Pending', 'Downloading', 'Deploying', 'Ready', 'Updating', 'Failed'] as const

const Model = Type.Object({
  uri: Type.String({ maxLength: 1024, description: 'What was downloaded; a moving reference is resolved.' }),
  version: Type.Optional(Type.String({ maxLength: 64, description: 'Version in the registry.' })),
  sha256: Type.Optional(Type.String({ maxLength: 64, description: 'SHA-256 of what was downloaded.' })),
  bytes: Type.Optional(Type.Integer({ minimum: 0, description: 'Its size.' })),
  downloadedAt: Type.Optional(instant({ description: 'When it was complete.' }))
}, { description: 'The model that serves.' })

export const Status = Type.Object({
  phase: Type.Optional(oneOf(PHASES, { description: 'One word for people.' })),
  reason: Type.Optional(Type.String({ maxLength: 128, description: 'Why the phase is what it is, in one word.' })),
  attempt: Type.Optional(Type.Integer({ minimum: 1, description: 'Number of the attempt; the value for sluice.dev/retry.' })),
  model: Type.Optional(Model),
  url: Type.Optional(Type.String({ maxLength: 1024, description: 'Where predictions are answered, inside the cluster.' })),
  replicas: Type.Optional(Type.String({ maxLength: 32, description: 'Pods that answer, of those wanted, such as 2/3.' })),
  error: Type.Optional(Type.String({ maxLength: 1024, description: 'What is wrong and what to do. While an older version is kept, why the newer one is not served.' })),
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0, description: 'The generation of the spec that this status speaks of.' })),
  conditions: Type.Optional(Conditions)
}, { description: 'What is served and what is under way.' })
export type Status = Static<typeof Status>
