// Which optional children an installation without any setting has: those that the chart switches on by itself.
import type { Kind } from '../../hooks/core/kind.ts'
import { defaultsOf } from './chart/values-files.ts'
import { ChartValues } from './chart/values.ts'

/** Capabilities of these kinds that are on where nobody says anything. */
export function defaultCapabilities (kinds: Kind[]): string[] {
  const values = defaultsOf(ChartValues) as Record<string, { enabled?: boolean } | undefined>
  const named = new Set(kinds.flatMap(({ children }) => children.flatMap(({ capability = [] }) => capability)))
  return [...named].filter((capability) => values[capability]?.enabled !== false)
}
