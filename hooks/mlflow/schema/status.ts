// status of MLflow: what people read. Nothing of it decides; what a migration remembers travels with the Deployment.
import { Type, type Static } from '@sinclair/typebox'
import { Conditions, instant, oneOf } from '../../core/schema.ts'

export const PHASES = ['Pending', 'Migrating', 'Progressing', 'Available', 'Degraded', 'Failed'] as const

export const Status = Type.Object({
  phase: Type.Optional(oneOf(PHASES, { description: 'One word for people.' })),
  namespace: Type.Optional(Type.String({ maxLength: 63, description: 'Where everything is.' })),
  url: Type.Optional(Type.String({ maxLength: 2048, description: 'Where the server is reached from outside the cluster.' })),
  address: Type.Optional(Type.Object({ url: Type.String({ maxLength: 2048, description: 'Where it is reached inside the cluster.' }) }, { description: 'The address inside the cluster.' })),
  version: Type.Optional(Type.String({ maxLength: 64, description: 'Version of MLflow whose migration and rollout were completed last.' })),
  attempt: Type.Optional(Type.Integer({ minimum: 1, description: 'Number of the attempt to migrate; the value for sluice.dev/retry.' })),
  replicas: Type.Optional(Type.String({ maxLength: 32, description: 'Pods that answer, of those wanted, such as 2/3.' })),
  error: Type.Optional(Type.String({ maxLength: 1024, description: 'What is wrong and what to do.' })),
  nextDeadline: Type.Optional(instant({ description: 'When something must be looked at again.' })),
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0, description: 'The generation of the spec that this status speaks of.' })),
  conditions: Type.Optional(Conditions)
}, { description: 'What runs and what is under way.' })
export type Status = Static<typeof Status>
