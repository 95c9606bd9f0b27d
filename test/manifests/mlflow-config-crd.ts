// Our CRD of MLflowConfig beside the published one, which differs in its words only.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { makeMlflowConfigCrd } from '../../manifests/generate/mlflow-config-crd.ts'

type Rule = { rule: string, message: string }
type Schema = { type: string, required?: string[], minLength?: number, maxLength?: number, properties?: Record<string, Schema>, 'x-kubernetes-validations'?: Rule[] }
type Crd = { metadata: { name: string }, spec: { group: string, names: object, scope: string, versions: Array<{ name: string, served: boolean, storage: boolean, schema: { openAPIV3Schema: Schema } }> } }

const published = parse(readFileSync(path.join(import.meta.dirname, '../crds/mlflowconfigs.mlflow.kubeflow.org.yaml'), 'utf8')) as Crd
const ours = makeMlflowConfigCrd() as Crd

/** Fields with what they need and the messages of their rules. */
function fieldsOf (schema: Schema, name = ''): Array<{ name: string, type: string, required: string[], messages: string[] }> {
  const messages = (schema['x-kubernetes-validations'] ?? []).map(({ message }) => message)
  const own = { name, type: schema.type, required: schema.required ?? [], messages }
  return [own, ...Object.entries(schema.properties ?? {}).flatMap(([key, field]) => fieldsOf(field, `${name}.${key}`))].toSorted((a, b) => a.name < b.name ? -1 : 1)
}

t.test('our MLflowConfig is the published one', async (t) => {
  const [theirs, version] = [published.spec.versions[0], ours.spec.versions[0]]
  if (!theirs || !version) return t.fail('one of them has no version')
  t.equal(ours.metadata.name, published.metadata.name)
  t.strictSame([ours.spec.group, ours.spec.names, ours.spec.scope, version.name, version.served, version.storage], [published.spec.group, published.spec.names, published.spec.scope, theirs.name, theirs.served, theirs.storage])
  t.strictSame(fieldsOf(version.schema.openAPIV3Schema), fieldsOf(theirs.schema.openAPIV3Schema))
})
