// The live picture at the bottom of a terminal: who has how much traffic, what was measured against which limit, and why.
import Table from 'cli-table3'
import color from 'picocolors'
import type { MetricResult } from '../../hooks/core/facts.ts'
import { formatMeasurement } from '../../hooks/core/measurement.ts'
import { splitBar } from './bars.ts'
import type { Snapshot } from './snapshot.ts'

/** Draws one snapshot. `title` says what the story is at, `seconds` how long it has been going on. */
export function drawPanel (snapshot: Snapshot, title: string, seconds: number): string {
  const { stable, canary, weight, phase, reason, step } = snapshot
  const bar = splitBar(weight)
  const names = [stable && color.green(`version ${stable}`), canary && color.yellow(`version ${canary}`)].filter(Boolean).join('  →  ')
  return [
    '',
    `${color.bold(title)}  ${color.dim(`${seconds} s`)}`,
    `  ${color.green(bar.stable)}${color.yellow(bar.canary)}  ${names || color.dim('nothing is served yet')}${canary && stable ? color.yellow(`  ${weight} %`) : ''}`,
    `  ${phaseText(phase)}${reason ? color.dim(` ${reason}`) : ''}${step ? color.dim(`  step ${step}`) : ''}`,
    snapshot.check ? drawMetrics(snapshot.check.metrics) : '',
    snapshot.error ? color.yellow(`  ${snapshot.error}`) : ''
  ].filter((line, index) => index === 0 || line !== '').join('\n')
}

function phaseText (phase: string): string {
  if (phase === 'Healthy') return color.green(phase)
  if (phase === 'Degraded') return color.red(phase)
  return color.yellow(phase)
}

function drawMetrics (metrics: MetricResult[]): string {
  const table = new Table({ head: ['metric', 'stable', 'canary', 'limit', 'verdict'], style: { head: ['dim'], border: ['dim'], compact: true } })
  for (const { name, stable, canary, limit, outcome } of metrics) {
    table.push([name, formatMeasurement(name, stable), formatMeasurement(name, canary), limit, outcome === 'Failed' ? color.red(outcome) : outcome])
  }
  return table.toString().split('\n').map((line) => `  ${line}`).join('\n')
}
