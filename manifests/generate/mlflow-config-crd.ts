// The CustomResourceDefinition of MLflowConfig: where the artifacts of one workspace go, as MLflow's Kubernetes plugin reads it. No controller looks at it, so it
// has no status. Fields, rules and messages are those of the plugin's own CRD, for there may be only one of them in a cluster.
import { Type } from '@sinclair/typebox'
import { structural } from './structural.ts'

const GROUP = 'mlflow.kubeflow.org'
const SECRET = 'mlflow-artifact-connection'

const Spec = Type.Object({
  artifactRootSecret: Type.String({
    minLength: 1,
    maxLength: 253,
    description: `Secret in this namespace of which AWS_S3_BUCKET says the bucket; its name is ${SECRET}. The server reads and writes with its own credentials.`,
    'x-kubernetes-validations': [{ rule: `self == '${SECRET}'`, message: `artifactRootSecret must be '${SECRET}'` }]
  }),
  artifactRootPath: Type.Optional(Type.String({
    maxLength: 512,
    description: 'Folder in the bucket, such as experiments; absent means the top of the bucket.',
    'x-kubernetes-validations': [
      { rule: "!self.startsWith('/')", message: 'artifactRootPath must be relative' },
      { rule: "!self.split('/').exists(part, part == '..')", message: "artifactRootPath must not contain '..' path segments" }
    ]
  }))
}, { description: 'Where the artifacts of this workspace go.' })

export function makeMlflowConfigCrd (): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `mlflowconfigs.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind: 'MLflowConfig', listKind: 'MLflowConfigList', plural: 'mlflowconfigs', singular: 'mlflowconfig' },
      scope: 'Namespaced',
      versions: [{
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            description: 'Where the artifacts of one workspace of MLflow go, which is a namespace. One a namespace, called mlflow.',
            type: 'object',
            required: ['spec'],
            properties: {
              apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
              kind: { type: 'string', description: 'Kind of this object.' },
              metadata: { type: 'object' },
              spec: structural(Spec, 'spec')
            },
            'x-kubernetes-validations': [{ rule: "self.metadata.name == 'mlflow'", message: "MLflowConfig resource name must be 'mlflow'" }]
          }
        }
      }]
    }
  }
}
