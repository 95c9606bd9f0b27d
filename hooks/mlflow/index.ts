// MLflow: the tracking and registry server, its databases, its volume, and all that stands around it.
import { defineKind } from '../core/kind.ts'
import { CHILDREN } from './children.ts'
import { GRANTS } from './grants.ts'
import { Spec, Status, rules } from './schema.ts'
import { customize } from './customize.ts'
import { sync } from './sync.ts'

export const mlflow = defineKind({
  resource: {
    kind: 'MLflow',
    plural: 'mlflows',
    singular: 'mlflow',
    scope: 'Cluster',
    shortNames: [],
    description: 'Runs an MLflow server: tracking, registry and artifacts; migrates its databases when its image changes.',
    columns: [
      { name: 'Available', type: 'string', jsonPath: '.status.conditions[?(@.type=="Available")].status' },
      { name: 'Progressing', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].status' },
      { name: 'Version', type: 'string', jsonPath: '.status.version' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Pods', type: 'string', jsonPath: '.status.replicas' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'URL', type: 'string', jsonPath: '.status.url', priority: 1 },
      { name: 'Address', type: 'string', jsonPath: '.status.address.url', priority: 1 }
    ]
  },
  spec: Spec,
  status: Status,
  rules,
  children: CHILDREN,
  grants: GRANTS,
  isUnderWay: ({ phase }) => phase === 'Migrating',
  sync,
  customize
})
