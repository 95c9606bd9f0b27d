// A condition's time moves with its status, and with nothing else.
import t from 'tap'
import { setConditions } from '../../hooks/core/conditions.ts'
import type { Condition } from '../../hooks/core/schema.ts'
import { parseInstant } from '../../hooks/core/time.ts'

const NOW = parseInstant('2026-01-05T10:00:00Z') ?? 0
const wanted = { type: 'Ready', status: 'True' as const, reason: 'Answers', message: 'It answers.' }
const before: Condition = { ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 }

const rows: Array<{ name: string, previous?: Condition[], generation?: number, want: Condition[] }> = [
  { name: 'a first condition has the time of now', want: [{ ...wanted, lastTransitionTime: '2026-01-05T10:00:00Z' }] },
  { name: 'the same status keeps its time', previous: [before], want: [{ ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  { name: 'another reason and message keep it too', previous: [{ ...before, reason: 'Other', message: 'Other.' }], want: [{ ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  { name: 'another status has the time of now', previous: [{ ...before, status: 'False' }], want: [{ ...wanted, lastTransitionTime: '2026-01-05T10:00:00Z' }] },
  { name: 'the generation is told', previous: [before], generation: 7, want: [{ ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 7 }] },
  { name: 'conditions of other types are neither looked at nor kept', previous: [{ ...before, type: 'Old' }], want: [{ ...wanted, lastTransitionTime: '2026-01-05T10:00:00Z' }] }
]

for (const { name, previous, generation, want } of rows) {
  t.test(name, async (t) => {
    t.strictSame(setConditions(previous, [wanted], NOW, generation), want)
  })
}

t.test('the order is the order given', async (t) => {
  const types = ['Ready', 'Progressing', 'Alive']
  const previous = types.toReversed().map((type) => ({ ...before, type }))
  t.strictSame(setConditions(previous, types.map((type) => ({ ...wanted, type })), NOW).map(({ type }) => type), types)
})
