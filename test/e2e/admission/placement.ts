// Where pods may run, with a value wherever the schema constrains one.

const EXPRESSIONS = [{ key: 'zone', operator: 'In', values: ['a'] }]
const NODE_TERM = { matchExpressions: EXPRESSIONS, matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }] }
const SELECTOR = { matchLabels: { app: 'x' }, matchExpressions: EXPRESSIONS }
const POD_TERM = { labelSelector: SELECTOR, namespaceSelector: SELECTOR, namespaces: ['models'], topologyKey: 'kubernetes.io/hostname' }
const POD_AFFINITY = { requiredDuringSchedulingIgnoredDuringExecution: [POD_TERM], preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: POD_TERM }] }

export const PLACEMENT = {
  nodeSelector: { zone: 'a' },
  tolerations: [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoExecute', tolerationSeconds: 60 }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [NODE_TERM] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: NODE_TERM }]
    },
    podAffinity: POD_AFFINITY,
    podAntiAffinity: POD_AFFINITY
  }
}
