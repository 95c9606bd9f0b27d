// From where server pods load what was validated.
import t from 'tap'
import { answerSync } from '../../hooks/core/answer.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import { modelDeployment } from '../../hooks/model-deployment/index.ts'
import { findScenarios } from '../helpers/scenarios.ts'

type WithTemplate = { spec?: { template: { spec: { initContainers: Array<{ env: Array<{ name: string, value: string }> }> } } } }

t.test('what a result does not show, such as a signature, is taken from the spec', async (t) => {
  const validated = findScenarios().find(({ kind, name }) => kind === modelDeployment && name === '09-validated')
  if (!validated) return t.fail('the story of a validated model is missing')
  const input = structuredClone(validated.input)
  const annotations = input.parent.metadata.annotations ?? {}
  const { modelURI } = input.parent.spec as { modelURI: string }
  const told = annotations[FACTS.pods] ?? ''
  annotations[FACTS.pods] = told.replace(modelURI, `${modelURI}?signature=[redacted]`)
  t.not(annotations[FACTS.pods], told)
  const deployment = answerSync(modelDeployment, input).children.find(({ kind }) => kind === 'Deployment') as WithTemplate | undefined
  const env = deployment?.spec?.template.spec.initContainers[0]?.env ?? []
  t.equal(env.find(({ name }) => name === 'MODEL_URI')?.value, modelURI)
})

t.test('pods of a version whose recipe is lost stay as they are, whatever this release would make of the spec', async (t) => {
  const lost = findScenarios().find(({ kind, name }) => kind === modelDeployment && name === '14-autoscale-on')
  if (!lost) return t.fail('the story of a version that answers is missing')
  const input = structuredClone(lost.input)
  const deployment = Object.values(input.children['Deployment.apps/v1'] ?? {})[0] as unknown as { metadata: { annotations?: object }, spec: { template: { spec: { terminationGracePeriodSeconds?: number } } } }
  delete deployment.metadata.annotations
  deployment.spec.template.spec.terminationGracePeriodSeconds = 77
  const answered = answerSync(modelDeployment, input).children.find(({ kind }) => kind === 'Deployment') as unknown as typeof deployment | undefined
  t.strictSame(answered?.spec.template, deployment.spec.template)
  deployment.spec.template.spec.terminationGracePeriodSeconds = 2 ** 62
  t.throws(() => answerSync(modelDeployment, input), { name: 'UnprocessableError', message: /has pods that answer/ }, 'where they cannot be read back, nothing is decided')
})

t.test('of a version that answers, and of which nothing at all is left but its Deployment, the Service is made again', async (t) => {
  const lost = findScenarios().find(({ kind, name }) => kind === modelDeployment && name === '14-autoscale-on')
  if (!lost) return t.fail('the story of a version that answers is missing')
  const input = structuredClone(lost.input)
  const deployments = Object.values(input.children['Deployment.apps/v1'] ?? {})
  for (const { metadata } of deployments) delete metadata.annotations
  const forgotten = { ...input, parent: { ...input.parent, status: {} }, children: { ...input.children, 'Service.v1': {}, 'Job.batch/v1': {} } }
  const { children } = answerSync(modelDeployment, forgotten)
  t.ok(deployments.length > 0)
  for (const { metadata } of deployments) t.ok(children.some(({ kind, metadata: { name } }) => kind === 'Deployment' && name === metadata.name), metadata.name)
  t.ok(children.some(({ kind }) => kind === 'Service'))
})

t.test('of two versions of which nothing else is left, the one that all pods answer of stays', async (t) => {
  const lost = findScenarios().find(({ kind, input }) => kind === modelDeployment && Object.keys(input.children['Deployment.apps/v1'] ?? {}).length === 2)
  if (!lost) return t.fail('the story of a version beside another is missing')
  const input = structuredClone(lost.input)
  const [known, unknown] = Object.values(input.children['Deployment.apps/v1'] ?? {}).toSorted((a, b) => attemptIn(a) - attemptIn(b))
  if (!known || !unknown) return t.fail('the story has two Deployments')
  delete unknown.metadata.annotations
  const answering = { observedGeneration: 99, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1, conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: '' }] }
  Object.assign(known, { status: answering, spec: { ...known.spec as object, replicas: 1 } })
  Object.assign(unknown, { status: { ...answering, updatedReplicas: 0 }, spec: { ...unknown.spec as object, replicas: 1 } })
  const { children } = answerSync(modelDeployment, { ...input, parent: { ...input.parent, status: {} }, children: { ...input.children, 'Service.v1': {}, 'Job.batch/v1': {} } })
  t.ok(children.some(({ kind, metadata: { name } }) => kind === 'Deployment' && name === known.metadata.name))
})

function attemptIn ({ metadata: { annotations = {} } }: { metadata: { annotations?: Record<string, string> } }): number {
  return (JSON.parse(annotations['sluice.dev/state'] ?? '{}') as { version?: { attempt?: number } }).version?.attempt ?? 0
}
