// Limits and aims of a HorizontalPodAutoscaler, as far as a ModelDeployment sets them.
import { Type, type Static } from '@sinclair/typebox'
import { oneOf, section } from '../../core/schema.ts'

const Policy = Type.Object({
  type: oneOf(['Pods', 'Percent'], { description: 'What value counts.' }),
  value: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'By how much it may change within the period.' }),
  periodSeconds: Type.Integer({ minimum: 1, maximum: 1800, description: 'Length of the period.' })
}, { description: 'One limit of speed.' })

const direction = (description: string) => Type.Optional(Type.Object({
  stabilizationWindowSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 3600, description: 'For how long what was wanted before still counts.' })),
  selectPolicy: Type.Optional(oneOf(['Max', 'Min', 'Disabled'], { description: 'Which of several policies holds; Disabled: never in this direction.' })),
  policies: Type.Optional(Type.Array(Policy, { minItems: 1, maxItems: 16, description: 'Limits of speed.', 'x-kubernetes-list-type': 'atomic' }))
}, { description }))

const target = (what: string, value: number) => Type.Integer({ default: value, minimum: 0, maximum: 1000, description: `${what} that is aimed at, in percent of what the pods request; 0: not looked at.` })

export const Autoscaling = section({
  minReplicas: Type.Integer({ default: 1, minimum: 1, maximum: 1000, description: 'Pods at least.' }),
  maxReplicas: Type.Integer({ default: 5, minimum: 1, maximum: 1000, description: 'Pods at most.' }),
  targetCPUUtilization: target('CPU', 80),
  targetMemoryUtilization: target('Memory', 0),
  behavior: Type.Optional(Type.Object({ scaleUp: direction('Towards more pods.'), scaleDown: direction('Towards fewer pods.') }, { description: "How fast, as a HorizontalPodAutoscaler's own behavior." }))
}, { description: 'What holds while autoscale is on. The utilization is of resources.requests, which must be set for it.' })
export type Autoscaling = Static<typeof Autoscaling>
