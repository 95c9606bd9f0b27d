// Prints how often the judge rolls back a version that is the same, and how soon it stops one that is worse: `npm run simulate [rollouts]`.
import Table from 'cli-table3'
import { IDENTICAL, RATES, SETTINGS, WORSE, comparePoints, runScenario, summarize, type Scenario, type Summary } from './experiments.ts'

const rollouts = Number(process.argv[2] ?? 2000)
const percent = (share: number) => `${(100 * share).toFixed(1)} %`

function each (scenarios: Scenario[], row: (scenario: Scenario, rate: number) => Array<string | number>): Array<Array<string | number>> {
  return scenarios.flatMap((scenario) => RATES.map((rate) => row(scenario, rate)))
}

function print (title: string, head: string[], rows: Array<Array<string | number>>): void {
  const table = new Table({ head, style: { head: [], border: [] } })
  table.push(...rows)
  console.log(`\n${title}\n${table.toString()}`)
}

function blamedOf ({ blamed }: Summary): string {
  return Object.entries(blamed).map(([name, count]) => `${name} ${percent(count / rollouts)}`).join(', ')
}

console.log(`${rollouts} rollouts a line, default settings: 9 steps of 6 checks every 10 s, window 5m, failureLimit 2, scrapes every 15 or 30 s.`)
print('Versions that are the same', ['', 'req/s', 'rolled back', 'held, no traffic', 'any failed check', 'inconclusive checks', 'plain comparison rolls back', 'failed by'],
  each(IDENTICAL, (scenario, rate) => {
    const judged = summarize(runScenario(scenario, { rate, rollouts, seed: rate }))
    const plain = summarize(runScenario(scenario, { rate, rollouts: Math.ceil(rollouts / 4), seed: rate, decide: comparePoints }))
    return [scenario.name, rate, percent(judged.rolledBack), percent(judged.held), percent(judged.failedOnce), percent(judged.inconclusive), percent(plain.rolledBack), blamedOf(judged)]
  }))
print('Versions that are worse', ['', 'req/s', 'stopped', 'promoted', 'held', 'checks (median)', 'seconds (median)', 'seconds (90 %)', 'at step', 'failed by'],
  each(WORSE, (scenario, rate) => {
    const { rolledBack, promoted, held, checks = '-', seconds = NaN, slowest = NaN, step = '-', ...rest } = summarize(runScenario(scenario, { rate, rollouts, seed: rate }))
    return [scenario.name, rate, percent(rolledBack), percent(promoted), percent(held), checks, seconds.toFixed(0), slowest.toFixed(0), step, blamedOf({ rolledBack, promoted, held, ...rest })]
  }))

const few = Math.ceil(rollouts / 4)
print('Two requests a second', ['', 'settings', 'rolled back', 'promoted', 'held', 'seconds until stopped (median)'],
  [IDENTICAL[1]!, ...WORSE].flatMap((scenario) => Object.entries(SETTINGS).map(([name, makeSpec]) => {
    const { rolledBack, promoted, held, seconds } = summarize(runScenario(scenario, { rate: 2, rollouts: few, seed: 2, spec: makeSpec() }))
    return [scenario.name, name, percent(rolledBack), percent(promoted), percent(held), seconds?.toFixed(0) ?? '-']
  })))
