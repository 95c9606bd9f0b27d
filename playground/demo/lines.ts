// What changed between two moments, in lines: the whole story for those without a terminal, and the log above the panel for the others.
import { describeMetric } from '../../hooks/core/measurement.ts'
import type { Snapshot } from './snapshot.ts'

const START: Snapshot = { phase: '', reason: '', weight: 0 }

/** Sentences about what happened between two snapshots; none when nothing that matters did. `brief` leaves out numbers, which the panel shows. */
export function changesBetween (before: Snapshot = START, after: Snapshot, brief = false): string[] {
  return [...versionLines(before, after), ...checkLines(before, after, brief), ...weightLines(before, after), ...endLines(before, after)]
}

function versionLines (before: Snapshot, after: Snapshot): string[] {
  if (after.canary === undefined || after.rolloutId === before.rolloutId) return []
  if (after.stable === undefined) return [`version ${after.canary} is the first one: it gets everything once it is ready`]
  return [`version ${after.canary} is seen behind the alias and loads beside version ${after.stable}`]
}

function checkLines (before: Snapshot, after: Snapshot, brief: boolean): string[] {
  const { check } = after
  if (!check || check.at === before.check?.at) return []
  if (brief) return [`check at step ${check.step}: ${check.outcome}`]
  const judged = check.outcome === 'Passed' || check.outcome === 'Failed'
  return [`check at step ${check.step}: ${check.outcome}, ${judged ? check.metrics.map(describeMetric).join(', ') : check.reason}`]
}

function weightLines (before: Snapshot, after: Snapshot): string[] {
  if (after.weight === before.weight || after.canary === undefined) return []
  const direction = after.weight > before.weight ? 'up' : 'down'
  const step = direction === 'up' && after.step !== undefined ? `, step ${after.step}` : ''
  return [`traffic ${direction}: ${after.weight} % to version ${after.canary}, ${100 - after.weight} % to version ${after.stable}${step}`]
}

function endLines (before: Snapshot, after: Snapshot): string[] {
  const lines: string[] = []
  if (after.error !== undefined && after.error !== before.error) lines.push(`${after.phase}: ${after.error}`)
  if (after.stable !== undefined && after.stable !== before.stable) lines.push(`version ${after.stable} is stable now and has all traffic`)
  if (before.canary !== undefined && after.canary === undefined && after.stable === before.stable) lines.push(`version ${before.canary} is unloaded; version ${after.stable} has all traffic`)
  return lines
}
