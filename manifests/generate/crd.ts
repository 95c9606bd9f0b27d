// The CustomResourceDefinition of a kind.
import { API_GROUP, API_VERSION, type Kind } from '../../hooks/core/kind.ts'
import { structural, StructuralError } from './structural.ts'

/** Builds the CRD from the kind's schemas, rules and columns. Throws StructuralError. */
export function makeCrd (kind: Kind): object {
  const { plural, singular, shortNames, scope } = kind.resource
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${API_GROUP}` },
    spec: {
      group: API_GROUP,
      names: { kind: kind.resource.kind, listKind: `${kind.resource.kind}List`, plural, singular, ...(shortNames.length > 0 && { shortNames }), categories: ['sluice'] },
      scope,
      versions: [{
        name: API_VERSION.split('/')[1],
        served: true,
        storage: true,
        // Without it Metacontroller ignores the kind.
        subresources: { status: {} },
        additionalPrinterColumns: kind.resource.columns.map((column) => ({ ...column })),
        schema: { openAPIV3Schema: schemaOf(kind) }
      }]
    }
  }
}

function schemaOf (kind: Kind): object {
  // Metacontroller writes it into every status; were it pruned, every sync would write again.
  if (!('observedGeneration' in kind.status.properties)) throw new StructuralError(`${kind.resource.kind}.status: observedGeneration is missing; add it as an optional integer`)
  return {
    description: kind.resource.description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
      kind: { type: 'string', description: 'Kind of this object.' },
      metadata: { type: 'object' },
      spec: structural(kind.spec, 'spec'),
      status: structural(kind.status, 'status', { defaults: false })
    },
    ...(kind.rules.length > 0 && { 'x-kubernetes-validations': kind.rules })
  }
}
