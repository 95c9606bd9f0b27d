// `npm run fuzz -- [--runs N] [--seed S] [--target NAME] [--kind NAME] [--path P]`: runs that many generated inputs, and ends with 1 when one of them is answered wrongly.
import { parseArgs } from 'node:util'
import { kinds } from '../../hooks/kinds.ts'
import { runBatches } from './crew.ts'
import { chooseKind } from './inputs/goldens.ts'
import { planBatches } from './plan.ts'
import { describeFailure, table } from './report.ts'
import { runTarget, type Outcome } from './run-target.ts'
import { targets as all } from './targets.ts'

const DEFAULT_RUNS = '25000'

const { values } = parseArgs({ options: { runs: { type: 'string', default: DEFAULT_RUNS }, seed: { type: 'string' }, target: { type: 'string' }, kind: { type: 'string' }, path: { type: 'string' } } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(values.runs)
const targets = all.filter(({ name }) => values.target === undefined || name === values.target)
const isKind = values.kind === undefined || kinds.some(({ resource }) => resource.kind === values.kind)
if (targets.length === 0 || !isKind || !Number.isInteger(seed) || !Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`usage: npm run fuzz -- [--runs N] [--seed S] [--target NAME] [--kind NAME] [--path P]\nkinds: ${kinds.map(({ resource }) => resource.kind).join(', ')}\ntargets:\n${all.map(({ name, what }) => `  ${name}: ${what}`).join('\n')}\n`)
  process.exit(2)
}

const began = performance.now()
console.log(`seed ${seed}, ${runs} runs`)
const outcomes: Outcome[] = []
// A long run that is broken off tells how far it came.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    tell()
    process.exit(130)
  })
}
if (values.path === undefined) await runBatches(planBatches(targets, { runs, seed }), values.kind, (outcome) => outcomes.push(outcome))
else chooseKind(values.kind)
if (values.path !== undefined) outcomes.push(await runTarget(targets[0]!, { target: targets[0]!.name, seed, runs: 1, path: values.path }))

const failures = tell()
process.exitCode = failures === 0 ? 0 : 1

/** Prints the table, the failures and the sum; gives the number of failures. */
function tell (): number {
  console.log(table(targets, outcomes))
  const failures = outcomes.flatMap(({ failure }) => failure ?? [])
  for (const failure of failures) console.log(`\n${describeFailure(failure)}${values.kind === undefined ? '' : ` --kind ${values.kind}`}`)
  const done = outcomes.reduce((sum, outcome) => sum + outcome.runs, 0)
  console.log(`\n${done} runs, seed ${seed}, ${Math.round((performance.now() - began) / 1000)} s: ${failures.length === 0 ? 'no input was answered wrongly' : `${failures.length} of them wrong`}`)
  return failures.length
}
