// The oracle of the stable version is no use if it accepts everything: golden answers that are made wrong must be found.
import path from 'node:path'
import t from 'tap'
import { findScenarios, readYaml } from '../helpers/scenarios.ts'
import type { Json } from './inputs/tree.ts'
import { checkStable } from './properties/stable.ts'
import { Violation } from './properties/violation.ts'

type Predictor = { name: string, traffic: number }
type Answer = { children: Array<{ kind: string, spec: { predictors: Predictor[] } }> }

const scenarios = findScenarios().filter(({ kind }) => kind.resource.kind === 'MlflowModel')

/** A golden call, and its answer with other predictors. */
function told (name: string, change: (predictors: Predictor[]) => Predictor[]): { request: Json, answer: Answer } {
  const { input, folder } = scenarios.find((scenario) => scenario.name === name) ?? scenarios[0]!
  const answer = structuredClone(readYaml(path.join(folder, 'want.yaml'))) as Answer
  for (const { kind, spec } of answer.children) if (kind === 'SeldonDeployment') spec.predictors = change(spec.predictors)
  return { request: JSON.parse(JSON.stringify(input)) as Json, answer }
}

const allTo = (index: number) => (predictors: Predictor[]) => predictors.map((predictor, at) => ({ ...predictor, traffic: at === index ? 100 : 0 }))

const wrong: Array<{ name: string, golden: string, change: (predictors: Predictor[]) => Predictor[] }> = [
  { name: 'a canary whose checks failed gets everything', golden: '14-failed-analysis', change: allTo(1) },
  { name: 'a canary gets everything after its first step', golden: '13-step-completed', change: allTo(1) },
  { name: 'a canary gets everything before its step is over', golden: '12-check-passed', change: allTo(1) },
  { name: 'the stable version is gone', golden: '12-check-passed', change: (predictors) => allTo(0)(predictors.slice(1)) },
  { name: 'nothing is left', golden: '12-check-passed', change: () => [] },
  { name: 'shares that are not the whole', golden: '12-check-passed', change: (predictors) => predictors.map((predictor) => ({ ...predictor, traffic: 40 })) }
]

for (const { name, golden, change } of wrong) {
  t.test(name, async (t) => {
    const { request, answer } = told(golden, change)
    t.throws(() => checkStable(request, answer), Violation)
  })
}

t.test('no golden answer as it is', async (t) => {
  for (const { name } of scenarios) {
    const { request, answer } = told(name, (predictors) => predictors)
    if (answer.children) t.doesNotThrow(() => checkStable(request, answer), name)
  }
})
