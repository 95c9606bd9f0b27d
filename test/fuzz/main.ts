// `npm run fuzz -- [--runs N] [--seed S] [--target NAME] [--path P]`: runs that many generated inputs, and ends with 1 when one of them is answered wrongly.
import { parseArgs } from 'node:util'
import { runBatches } from './crew.ts'
import { planBatches } from './plan.ts'
import { describeFailure, table } from './report.ts'
import { runTarget, type Outcome } from './run-target.ts'
import { targets as all } from './targets.ts'

const DEFAULT_RUNS = '25000'

const { values } = parseArgs({ options: { runs: { type: 'string', default: DEFAULT_RUNS }, seed: { type: 'string' }, target: { type: 'string' }, path: { type: 'string' } } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(values.runs)
const targets = all.filter(({ name }) => values.target === undefined || name === values.target)
if (targets.length === 0 || !Number.isInteger(seed) || !Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`usage: npm run fuzz -- [--runs N] [--seed S] [--target NAME] [--path P]\ntargets:\n${all.map(({ name, what }) => `  ${name}: ${what}`).join('\n')}\n`)
  process.exit(2)
}

const began = performance.now()
console.log(`seed ${seed}, ${runs} runs`)
const outcomes: Outcome[] = []
if (values.path === undefined) await runBatches(planBatches(targets, { runs, seed }), (outcome) => outcomes.push(outcome))
else outcomes.push(await runTarget(targets[0]!, { target: targets[0]!.name, seed, runs: 1, path: values.path }))

console.log(table(targets, outcomes))
const failures = outcomes.flatMap(({ failure }) => failure ?? [])
for (const failure of failures) console.log(`\n${describeFailure(failure)}`)
const done = outcomes.reduce((sum, outcome) => sum + outcome.runs, 0)
console.log(`\n${done} runs, seed ${seed}, ${Math.round((performance.now() - began) / 1000)} s: ${failures.length === 0 ? 'no input was answered wrongly' : `${failures.length} of them wrong`}`)
process.exitCode = failures.length === 0 ? 0 : 1
