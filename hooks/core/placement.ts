// Where pods may run, as Kubernetes' own pod fields: schemas that the API of several kinds takes over as they are.
import { Type, type Static, type TObject, type TProperties } from '@sinclair/typebox'
import { defined, withoutEmpty } from './plain-value.ts'
import { oneOf } from './schema.ts'

const text = (description: string, maxLength = 253) => Type.String({ minLength: 1, maxLength, description })
const optionalText = (description: string, maxLength = 253) => Type.Optional(Type.String({ maxLength, description }))
const values = (description: string) => Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 256, description }))

const expressions = (operators: readonly string[], description: string) => Type.Optional(Type.Array(Type.Object({
  key: text('Key of the label.', 316),
  operator: oneOf(operators, { description: 'How the value is compared.' }),
  values: values('What it is compared with.')
}, { description: 'One comparison.' }), { maxItems: 64, description }))

const nodeExpressions = (description: string) => expressions(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'], description)

const LabelSelector = (description: string) => Type.Optional(Type.Object({
  matchLabels: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 63 }), { description: 'Labels with their values.' })),
  matchExpressions: expressions(['In', 'NotIn', 'Exists', 'DoesNotExist'], 'Comparisons that must all hold.')
}, { description }))

const NodeTerm = {
  matchExpressions: nodeExpressions("Comparisons of the node's labels."),
  matchFields: nodeExpressions("Comparisons of the node's fields.")
}

const PodTerm = {
  labelSelector: LabelSelector('Which pods are meant.'),
  namespaceSelector: LabelSelector('In which namespaces, by their labels.'),
  namespaces: values('In which namespaces, by name.'),
  topologyKey: text('Label of nodes that says what counts as one place, such as kubernetes.io/hostname.', 316)
}

const weight = Type.Integer({ minimum: 1, maximum: 100, description: 'How much it counts.' })
const terms = (properties: TProperties, description: string) => Type.Optional(Type.Array(Type.Object(properties, { description: 'One term.' }), { maxItems: 64, description }))

const podAffinity = (description: string) => Type.Optional(Type.Object({
  requiredDuringSchedulingIgnoredDuringExecution: terms(PodTerm, 'Must hold.'),
  preferredDuringSchedulingIgnoredDuringExecution: terms({ weight, podAffinityTerm: Type.Object(PodTerm, { description: 'What is preferred.' }) }, 'Had better hold.')
}, { description }))

export const Affinity = Type.Object({
  nodeAffinity: Type.Optional(Type.Object({
    requiredDuringSchedulingIgnoredDuringExecution: Type.Optional(Type.Object({
      nodeSelectorTerms: Type.Array(Type.Object(NodeTerm, { description: 'One term.' }), { minItems: 1, maxItems: 64, description: 'Terms of which one must hold.' })
    }, { description: 'Must hold.' })),
    preferredDuringSchedulingIgnoredDuringExecution: terms({ weight, preference: Type.Object(NodeTerm, { description: 'What is preferred.' }) }, 'Had better hold.')
  }, { description: 'Which nodes.' })),
  podAffinity: podAffinity('Near which pods.'),
  podAntiAffinity: podAffinity('Far from which pods.')
}, { description: "Where pods run, as a pod's own affinity." })
export type Affinity = Static<typeof Affinity>

const Toleration = Type.Object({
  key: optionalText('Key of the taint; absent means every key.', 316),
  operator: Type.Optional(oneOf(['Exists', 'Equal'], { description: 'How the value is compared; absent means Equal.' })),
  value: optionalText('Value of the taint.', 63),
  effect: Type.Optional(oneOf(['NoSchedule', 'PreferNoSchedule', 'NoExecute'], { description: 'Effect of the taint; absent means every effect.' })),
  tolerationSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'For how long, where the effect is NoExecute; absent means for ever.' }))
}, { description: 'One taint that is put up with.' })

/** Properties of a spec. An absent field puts nothing into the pod. */
export const placementProperties = {
  nodeSelector: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 63 }), { maxProperties: 64, description: 'Labels that a node must have.' })),
  tolerations: Type.Optional(Type.Array(Toleration, { maxItems: 64, 'x-kubernetes-list-type': 'atomic', description: 'Taints of nodes that are put up with.' })),
  affinity: Type.Optional(Affinity)
}
export type Placement = Static<TObject<typeof placementProperties>>

/** Those properties of a spec alone, without what is empty. */
export function placementOf ({ nodeSelector, tolerations, affinity }: Placement): Placement {
  return withoutEmpty(defined({ nodeSelector, tolerations, affinity }))
}
