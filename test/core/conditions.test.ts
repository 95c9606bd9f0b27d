// A condition's time moves with its status, and with nothing else.
import t from 'tap'
import { setConditions, settleTimes } from '../../hooks/core/conditions.ts'
import type { Condition } from '../../hooks/core/schema.ts'
import { parseInstant } from '../../hooks/core/time.ts'

const NOW = parseInstant('2026-01-05T10:00:00Z') ?? 0
const wanted = { type: 'Ready', status: 'True' as const, reason: 'Answers', message: 'It answers.' }
const before: Condition = { ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 }

const rows: Array<{ name: string, previous?: Condition[], since?: string, generation?: number, want: Condition[] }> = [
  { name: 'a first condition has the time of now', want: [{ ...wanted, lastTransitionTime: '2026-01-05T10:00:00Z' }] },
  { name: 'the same status keeps its time', previous: [before], want: [{ ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  { name: 'another reason and message keep it too', previous: [{ ...before, reason: 'Other', message: 'Other.' }], want: [{ ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  { name: 'another status has the time of now', previous: [{ ...before, status: 'False' }], want: [{ ...wanted, lastTransitionTime: '2026-01-05T10:00:00Z' }] },
  { name: 'a status that changes has the time of its cause', previous: [{ ...before, status: 'False' }], since: '2026-01-05T09:59:30Z', want: [{ ...wanted, lastTransitionTime: '2026-01-05T09:59:30Z' }] },
  { name: 'a cause does not move a time that is carried over', previous: [before], since: '2026-01-05T09:59:30Z', want: [{ ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  { name: 'the time before has no say, even where the cause is older', previous: [{ ...before, status: 'False' }], since: '2025-12-31T00:00:00Z', want: [{ ...wanted, lastTransitionTime: '2025-12-31T00:00:00Z' }] },
  { name: 'the generation is told', previous: [before], generation: 7, want: [{ ...wanted, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 7 }] },
  { name: 'conditions of other types are neither looked at nor kept', previous: [{ ...before, type: 'Old' }], want: [{ ...wanted, lastTransitionTime: '2026-01-05T10:00:00Z' }] }
]

for (const { name, previous, since, generation, want } of rows) {
  t.test(name, async (t) => {
    t.strictSame(setConditions(previous, [{ ...wanted, since: parseInstant(since) }], NOW, generation), want)
  })
}

t.test('the order is the order given', async (t) => {
  const types = ['Ready', 'Progressing', 'Alive']
  const previous = types.toReversed().map((type) => ({ ...before, type }))
  t.strictSame(setConditions(previous, types.map((type) => ({ ...wanted, type })), NOW).map(({ type }) => type), types)
})

t.test('two histories that only echo each other become one, however old one of them is', async (t) => {
  const [a, b] = ['2026-01-02T00:00:00Z', '2026-01-05T10:00:01Z'].map((lastTransitionTime) => [{ ...before, lastTransitionTime }])
  const echo = { now: NOW + 11, outside: NOW }
  t.strictSame(settleTimes(a ?? [], echo), settleTimes(b ?? [], echo))
  t.strictSame(settleTimes(settleTimes(a ?? [], echo), { ...echo, now: NOW + 12 }), settleTimes(a ?? [], echo), 'and stay so')
})

t.test('what is written long after all that happened is no echo: times are kept', async (t) => {
  t.strictSame(settleTimes([before], { now: NOW + 121, outside: NOW }), [before])
})

t.test('while something happens outside, times are left alone', async (t) => {
  t.strictSame(settleTimes([before], { now: NOW + 10, outside: NOW }), [before])
})
