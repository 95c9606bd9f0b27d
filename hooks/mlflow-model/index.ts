// MlflowModel: the version behind a registry alias, served and rolled out with proof.
import { defineKind } from '../core/kind.ts'
import { backends } from '../serving/backends.ts'
import { Spec, Status, rules } from './schema.ts'
import { sync } from './sync.ts'

export const mlflowModel = defineKind({
  resource: {
    kind: 'MlflowModel',
    plural: 'mlflowmodels',
    singular: 'mlflowmodel',
    scope: 'Namespaced',
    shortNames: ['mfm'],
    description: 'Serves the version behind an alias of the MLflow registry, and moves traffic to a new one step by step, with proof.',
    columns: [
      { name: 'Model', type: 'string', jsonPath: '.spec.modelName' },
      { name: 'Alias', type: 'string', jsonPath: '.spec.modelAlias' },
      { name: 'Stable', type: 'string', jsonPath: '.status.currentModelVersion' },
      { name: 'Canary', type: 'string', jsonPath: '.status.canaryModelVersion' },
      { name: 'Weight', type: 'integer', jsonPath: '.status.weight' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'Step', type: 'string', jsonPath: '.status.step', priority: 1 },
      { name: 'URL', type: 'string', jsonPath: '.status.url', priority: 1 },
      { name: 'Reason', type: 'string', jsonPath: '.status.reason', priority: 1 }
    ]
  },
  spec: Spec,
  status: Status,
  rules,
  children: Object.values(backends).flatMap(({ children }) => children),
  isUnderWay: (status) => status.rollout !== undefined,
  sync
})
