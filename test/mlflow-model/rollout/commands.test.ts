// What people asked for: which commands count, and when one is spent.
import t from 'tap'
import { isCommanded, obeyRetry, spend } from '../../../hooks/mlflow-model/rollout/commands.ts'
import type { Memory } from '../../../hooks/mlflow-model/schema/status.ts'
import { facts, failure, ID, memory, V1, V2, V3, withRollout, type Told } from '../../helpers/rollout.ts'

const stepping = memory(withRollout('Stepping'))

const commanded: Array<{ name: string, given: Memory, id?: string, want: boolean }> = [
  { name: 'the id of the rollout under way counts', given: stepping, id: ID, want: true },
  { name: 'no command does not', given: stepping, want: false },
  { name: 'the id of another rollout does not', given: stepping, id: `${ID}0`, want: false },
  { name: 'any word does not', given: stepping, id: 'true', want: false },
  { name: 'without a rollout none does', given: memory(), id: ID, want: false },
  { name: 'one that is spent does not', given: memory(withRollout('Stepping'), { lastCommands: { promote: ID, abort: ID } }), id: ID, want: false },
  { name: 'one after another that was spent does', given: memory(withRollout('Stepping'), { lastCommands: { promote: 'old', abort: 'old' } }), id: ID, want: true }
]

for (const { name, given, id, want } of commanded) {
  t.test(name, async (t) => {
    for (const verb of ['promote', 'abort'] as const) t.equal(isCommanded(given, facts(given, { commands: id ? { [verb]: id } : {} }), verb), want, verb)
  })
}

t.test('verbs are spent each for itself', async (t) => {
  const given = memory(withRollout('Stepping'), { lastCommands: { abort: ID } })
  const told = facts(given, { commands: { promote: ID, abort: ID } })
  t.equal(isCommanded(given, told, 'promote'), true)
  t.equal(isCommanded(given, told, 'abort'), false)
  t.strictSame(spend(given, told, 'promote'), { ...given, lastCommands: { abort: ID, promote: ID } })
  t.equal(spend(given, told, 'abort'), given, 'what is spent is not spent again')
  t.equal(spend(given, told, 'retry'), given, 'nor what was not given')
})

const failed = { failedVersions: [failure('AnalysisFailed')] }
const other = { ...failure('Aborted'), ...{ version: V3.version, createdAt: V3.createdAt, rollout: 'v3-zx8g00-9' } }
const spent = { lastCommands: { retry: ID } }

const retries: Array<{ name: string, given: Memory, told?: Told, want?: Memory }> = [
  { name: 'retry forgets the failure of the version that the alias is on', given: memory(failed), told: { target: V2 }, want: memory(spent) },
  { name: 'other failures stay', given: memory({ failedVersions: [other, failure('AnalysisFailed')] }), told: { target: V2 }, want: memory(spent, { failedVersions: [other] }) },
  { name: 'it works while another rollout is under way', given: memory(withRollout('Stepping', { id: 'v2-yhslc0-31' }), failed), want: memory(withRollout('Stepping', { id: 'v2-yhslc0-31' }), spent) },
  { name: 'it works while the failed version drains', given: memory(withRollout('Draining'), failed), want: memory(withRollout('Draining'), spent) },
  { name: 'for a version that the alias has left it is spent', given: memory(failed), told: { target: V1 }, want: memory(failed, spent) },
  { name: 'also while nobody knows where the alias is', given: memory(failed), told: { target: 'Unknown' }, want: memory(failed, spent) },
  { name: 'for the rollout under way it is spent: nothing has failed yet', given: stepping, want: memory(withRollout('Stepping'), spent) },
  { name: 'an id that never was does nothing, and is not spent', given: memory(failed), told: { target: V2, commands: { retry: 'other' } } },
  { name: 'an id that is spent does nothing', given: memory(failed, spent), told: { target: V2 } },
  { name: 'no command does nothing', given: memory(failed), told: { target: V2, commands: {} } },
  { name: 'promote and abort are no retry', given: memory(failed), told: { target: V2, commands: { promote: ID, abort: ID } } }
]

for (const { name, given, told, want } of retries) {
  t.test(name, async (t) => {
    const answer = obeyRetry(given, facts(given, { commands: { retry: ID }, ...told }))
    want ? t.strictSame(answer, want) : t.equal(answer, given, 'the very same')
  })
}
