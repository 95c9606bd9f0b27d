// The clocks of the poller's machine and of the API server's are ten minutes apart, in both directions: nobody but a person who reads the log can tell.
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { parseFacts } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import { startWorld, type LoopWorld } from '../helpers/loop/world.ts'
import { beginPromotion, POLLER } from './promotion.ts'

const TEN_MINUTES_MS = 600_000
const PRELOAD = fileURLToPath(new URL('../helpers/shifted-clock.ts', import.meta.url))
/** What instants may be off by: the Date header is cut to seconds, and so are they; and on a slow machine an answer is old when it is read. Ten minutes are far from it. */
const TOLERANCE_MS = 60_000

t.setTimeout(400_000)
t.jobs = 2

for (const [name, offset] of [['ahead of', TEN_MINUTES_MS], ['behind', -TEN_MINUTES_MS]] as const) {
  t.test(`a poller whose clock is ten minutes ${name} the API server's`, { buffered: true }, async (t) => {
    const world = await startWorld(t, { controlLoop: { timeScale: 0.1 }, pollerEnv: { NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_OFFSET_MS: String(offset) } })
    const instants = collectInstants(world)
    const began = world.clock.now()
    const promotion = await beginPromotion(world, 'skewed')
    await promotion.end(t)
    assertInTime(t, instants(), [began - TOLERANCE_MS, world.clock.now() + TOLERANCE_MS])
  })
}

/** Every instant that the poller writes: in annotations, in its lease, in Events. */
function collectInstants ({ system: { api } }: LoopWorld): () => Record<string, string[]> {
  const found: Record<string, Set<string>> = { registry: new Set(), analysis: new Set(), clock: new Set(), lease: new Set(), events: new Set() }
  const note = (kind: string, instant: unknown): void => { if (typeof instant === 'string') found[kind]?.add(instant) }
  api.store.subscribe('*', ({ storage, object }) => {
    if (storage === 'sluice.dev/mlflowmodels') {
      const facts = parseFacts(object.metadata.annotations)
      note('registry', facts.registry?.observedAt)
      note('analysis', facts.analysis?.last.at)
      note('clock', object.metadata.annotations?.[FACTS.clock])
    }
    if (storage === 'coordination.k8s.io/leases') note('lease', (object['spec'] as { renewTime?: string } | undefined)?.renewTime)
    if (storage === '/events' && object['reportingComponent'] === POLLER) note('events', object['eventTime'])
  })
  return () => Object.fromEntries(Object.entries(found).map(([kind, instants]) => [kind, [...instants]]))
}

function assertInTime (t: Test, instants: Record<string, string[]>, [from, to]: [number, number]): void {
  for (const [kind, seen] of Object.entries(instants)) {
    // Time is told only to those that wait for it.
    t.ok(seen.length > 0 || kind === 'clock', `${kind}: there are instants`)
    t.same(seen.filter((instant) => Date.parse(instant) < from || Date.parse(instant) > to), [], `${kind}: all are by the API server's clock`)
  }
}
