// MLModel: a model that is downloaded once, verified, and served by a runtime; updated beside the version that serves.
import { defineKind } from '../core/kind.ts'
import { CHILDREN } from './resources/names.ts'
import { Spec, Status, rules } from './schema.ts'
import { sync } from './sync.ts'

export const mlModel = defineKind({
  resource: {
    kind: 'MLModel',
    plural: 'mlmodels',
    singular: 'mlmodel',
    scope: 'Namespaced',
    shortNames: ['mlm'],
    description: 'Downloads a model, verifies it, and serves it by a runtime; a new one is downloaded and started beside the one that serves.',
    columns: [
      { name: 'Runtime', type: 'string', jsonPath: '.spec.runtime' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Reason', type: 'string', jsonPath: '.status.reason' },
      { name: 'Pods', type: 'string', jsonPath: '.status.replicas' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'Version', type: 'string', jsonPath: '.status.model.version', priority: 1 },
      { name: 'URL', type: 'string', jsonPath: '.status.url', priority: 1 }
    ]
  },
  spec: Spec,
  status: Status,
  rules,
  children: CHILDREN,
  sync
})
