// ModelDeployment: a model that is validated before it runs, and a new version beside the one that answers until it is ready.
import { defineKind } from '../core/kind.ts'
import { CHILDREN } from './resources/names.ts'
import { Spec, Status, rules } from './schema.ts'
import { sync } from './sync.ts'

export const modelDeployment = defineKind({
  resource: {
    kind: 'ModelDeployment',
    plural: 'modeldeployments',
    singular: 'modeldeployment',
    scope: 'Namespaced',
    shortNames: ['mdep'],
    description: 'Validates a model, then runs it; a new version runs beside the one that answers until it is ready, and is taken back if it fails.',
    columns: [
      { name: 'Runtime', type: 'string', jsonPath: '.spec.runtime' },
      { name: 'Active', type: 'string', jsonPath: '.status.activeVersion' },
      { name: 'Candidate', type: 'string', jsonPath: '.status.candidateVersion' },
      { name: 'Replicas', type: 'integer', jsonPath: '.status.replicas' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Reason', type: 'string', jsonPath: '.status.reason' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'URL', type: 'string', jsonPath: '.status.url', priority: 1 }
    ]
  },
  spec: Spec,
  status: Status,
  rules,
  children: CHILDREN,
  isUnderWay: ({ candidateVersion, previousVersion }) => candidateVersion !== undefined || previousVersion !== undefined,
  sync
})
