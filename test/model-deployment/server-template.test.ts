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
