// The poller follows every kind: it tells all of them the time.
import t from 'tap'
import { kinds } from '../../hooks/kinds.ts'
import { WATCHED } from '../../poller/watched.ts'

t.test('the poller watches every kind, and nothing else', async (t) => {
  const known = kinds.map(({ resource: { plural, scope } }) => ({ plural, scope }))
  const named = (kind: { plural: string, scope: string }) => `{ plural: '${kind.plural}', scope: '${kind.scope}' }`
  const watched = new Set(WATCHED.map(named))
  const all = new Set(known.map(named))
  for (const kind of all) t.ok(watched.has(kind), `poller/watched.ts: WATCHED lacks ${kind}; without it no deadline of that kind is ever told to the hooks`)
  for (const kind of watched) t.ok(all.has(kind), `poller/watched.ts: WATCHED has ${kind}, which is no kind of hooks/kinds.ts: take it out`)
})
