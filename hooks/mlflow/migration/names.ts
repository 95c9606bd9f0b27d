// Names of the Jobs: they follow from all that a try is for, so that one which is asked for twice is one.
import { contentHash, suffixedName } from '../../core/names.ts'
import type { MigrationMemory } from './memory.ts'

const MARKS = { preflight: 'pf', migrate: 'mg' } as const

/** `<server>-pf-<hash>` and `<server>-mg-<hash>`, at most 63 characters. */
export function jobName (server: string, kind: 'preflight' | 'migrate', memory: Pick<MigrationMemory, 'target' | 'attempt' | 'preflights' | 'migrations'>): string {
  const { target: { image, storesKey }, attempt } = memory
  return suffixedName(server, `${MARKS[kind]}-${contentHash({ image, storesKey, attempt, try: tryOf(kind, memory) })}`)
}

/** Number of the newest try. */
export function tryOf (kind: 'preflight' | 'migrate', { preflights, migrations }: Pick<MigrationMemory, 'preflights' | 'migrations'>): number {
  return kind === 'preflight' ? preflights : migrations
}
