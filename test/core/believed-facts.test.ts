// Facts from the future are none: the API server's own times in a request bound what the poller can have written.
import t from 'tap'
import { believedFacts } from '../../hooks/core/believed-facts.ts'
import { formatFact, type AnalysisFact, type RegistryFact } from '../../hooks/core/facts.ts'
import type { Metadata } from '../../hooks/core/request.ts'
import { requestFor } from '../helpers/requests.ts'
import { greeting } from '../fixtures/kinds/greeting.ts'

const FAR = '9999-12-31T23:59:59Z'
const registryAt = (observedAt: string): RegistryFact => ({ server: 'default', workspace: '', model: 'churn', alias: 'champion', state: 'AliasMissing', observedAt })
const analysisAt = (at: string): AnalysisFact => ({ rollout: 'r', step: 1, stepStartedAt: at, passed: 1, failed: 0, inconclusive: 0, errors: 0, streak: { outcome: 'Passed', count: 1 }, last: { at, outcome: 'Passed', reason: '', metrics: [] } })
const annotationsAt = ({ registry, analysis, clock }: { registry: string, analysis: string, clock: string }): Record<string, string> =>
  ({ 'sluice.dev/registry': formatFact(registryAt(registry)), 'sluice.dev/analysis': formatFact(analysisAt(analysis)), 'sluice.dev/clock': clock })
const all = (at: string) => annotationsAt({ registry: at, analysis: at, clock: at })
const written = (time: string): Partial<Metadata> => ({ managedFields: [{ manager: 'poller', operation: 'Update', time }] })

const rows: Array<{ name: string, metadata: Partial<Metadata>, want: string[] }> = [
  { name: 'facts as old as their write', metadata: { ...written('2026-01-05T12:00:00Z'), annotations: all('2026-01-05T12:00:00Z') }, want: ['registry', 'analysis', 'clock'] },
  { name: 'older ones', metadata: { ...written('2026-01-05T12:00:00Z'), annotations: all('2026-01-01T00:00:00Z') }, want: ['registry', 'analysis', 'clock'] },
  { name: 'ones of an API server whose clock is ten minutes ahead of the one that wrote', metadata: { ...written('2026-01-05T12:00:00Z'), annotations: all('2026-01-05T12:10:00Z') }, want: ['registry', 'analysis', 'clock'] },
  { name: 'none from the future', metadata: { ...written('2026-01-05T12:00:00Z'), annotations: all('2026-01-05T12:10:01Z') }, want: [] },
  { name: 'not the clock of the last of days', metadata: { ...written('2026-01-05T12:00:00Z'), annotations: { ...all('2026-01-05T12:00:00Z'), 'sluice.dev/clock': FAR } }, want: ['registry', 'analysis'] },
  { name: 'nor one beyond all calendars', metadata: { ...written('2026-01-05T12:00:00Z'), annotations: { 'sluice.dev/clock': '+275760-09-13T00:00:00Z' } }, want: [] },
  { name: 'each fact by its own instant', metadata: { ...written('2026-01-05T12:00:00Z'), annotations: annotationsAt({ registry: FAR, analysis: '2026-01-05T12:00:00Z', clock: FAR }) }, want: ['analysis'] },
  { name: 'all, where no write was recorded: the request was made by hand', metadata: { annotations: all(FAR) }, want: ['registry', 'analysis', 'clock'] }
]

for (const { name, metadata, want } of rows) {
  t.test(`believed: ${name}`, async (t) => t.strictSame(Object.keys(believedFacts(requestFor(greeting, { metadata }))), want))
}

t.test('what was written of a child counts, too', async (t) => {
  const request = requestFor(greeting, { metadata: { annotations: all('2026-01-05T12:00:00Z'), ...written('2026-01-01T00:00:00Z') } })
  t.strictSame(Object.keys(believedFacts(request)), [], 'without it they are from the future')
  const child = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'first', namespace: 'home', ...written('2026-01-05T12:00:00Z') } }
  t.strictSame(Object.keys(believedFacts({ ...request, children: { 'ConfigMap.v1': { 'home/first': child } } })), ['registry', 'analysis', 'clock'])
})
