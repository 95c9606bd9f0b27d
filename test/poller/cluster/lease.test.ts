import t, { type Test } from 'tap'
import type { ClusterClient } from '../../../poller/cluster/client.ts'
import { startElector, type Elector } from '../../../poller/cluster/lease.ts'
import { heldSpec, mayTake, releasedSpec } from '../../../poller/cluster/lease-object.ts'
import type { Fault } from '../../../playground/api-server/faults.ts'
import { logger, startCluster, until, type Cluster } from '../../helpers/poller-cluster.ts'

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/sluice/leases'
type Lease = { metadata: { resourceVersion: string }, spec: { holderIdentity: string, leaseDurationSeconds: number, leaseTransitions: number } }

t.test('a lease may be taken', (t) => {
  const held = (spec: object) => ({ lease: { apiVersion: '', kind: '', metadata: { name: '', namespace: '' }, spec }, changedAt: 1_000 })
  const rows = [
    { name: 'when nobody holds it', spec: {}, now: 1_000, want: true },
    { name: 'when it was released', spec: { holderIdentity: '', leaseDurationSeconds: 1 }, now: 1_000, want: true },
    { name: 'by its holder', spec: { holderIdentity: 'me', leaseDurationSeconds: 15 }, now: 1_000, want: true },
    { name: 'not while another renews it', spec: { holderIdentity: 'you', leaseDurationSeconds: 15 }, now: 15_900, want: false },
    { name: 'when it has not changed for its duration', spec: { holderIdentity: 'you', leaseDurationSeconds: 15 }, now: 16_100, want: true },
    { name: 'whatever the wall clock of its holder says', spec: { holderIdentity: 'you', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' }, now: 15_900, want: false }
  ]
  for (const { name, spec, now, want } of rows) t.equal(mayTake(held(spec), 'me', now), want, name)
  t.end()
})

t.test('the holder writes who it is and since when', (t) => {
  const mine = { identity: 'me', durationSeconds: 15, now: 'now' }
  t.same(heldSpec(undefined, mine), { holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: 'now', renewTime: 'now', leaseTransitions: 0 })
  t.same(heldSpec({ holderIdentity: 'me', acquireTime: 'then', leaseTransitions: 3 }, mine), { holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: 'then', renewTime: 'now', leaseTransitions: 3 })
  t.same(heldSpec({ holderIdentity: 'you', acquireTime: 'then', leaseTransitions: 3 }, mine), { holderIdentity: 'me', leaseDurationSeconds: 15, acquireTime: 'now', renewTime: 'now', leaseTransitions: 4 })
  t.same(releasedSpec({ holderIdentity: 'me', acquireTime: 'then', leaseTransitions: 4 }, 'now'), { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: 'then', renewTime: 'now', leaseTransitions: 4 })
  t.end()
})

/** An elector with a clock of its own, that moves only when it sleeps; a `frozen` one does not move at all. */
function elect (t: Test, client: ClusterClient, identity: string, clock: { now: number, frozen?: boolean }): { elector: Elector, led: string[], lostAt: number[] } {
  const led: string[] = []
  const lostAt: number[] = []
  const elector = startElector({
    client,
    namespace: 'sluice',
    name: 'sluice-poller',
    identity,
    monotonic: () => clock.now,
    async sleep (ms) {
      if (!clock.frozen) clock.now += ms
      await new Promise((resolve) => { setImmediate(resolve) })
    },
    onLead (signal) {
      led.push('leads')
      signal.addEventListener('abort', () => {
        led.push(String((signal.reason as Error).message))
        lostAt.push(clock.now)
      })
    },
    logger
  })
  t.teardown(elector.close)
  return { elector, led, lostAt }
}

const read = async ({ client }: Cluster) => await client.get<Lease>(`${LEASES}/sluice-poller`)

t.test('one of two leads, renews, and hands over when it stops', async (t) => {
  const cluster = await startCluster(t)
  const clock = { now: 0 }
  const a = elect(t, cluster.client, 'a', clock)
  await until(() => a.elector.isLeader())
  // For this one the lease never expires, so it can lead only when the lease is handed over.
  const b = elect(t, cluster.client, 'b', { now: 0, frozen: true })
  const { metadata: { resourceVersion } } = await read(cluster)
  const enough = clock.now + 60_000
  await until(() => clock.now > enough)
  const renewed = await read(cluster)
  t.not(renewed.metadata.resourceVersion, resourceVersion)
  t.match(renewed.spec, { holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 })
  t.equal(b.elector.isLeader(), false)
  await a.elector.close()
  t.same(a.led, ['leads', 'shutting down'])
  await until(() => b.elector.isLeader())
  t.match((await read(cluster)).spec, { holderIdentity: 'b', leaseTransitions: 1 })
})

t.test('a leader that died is followed when its lease has not changed for its duration', async (t) => {
  const cluster = await startCluster(t)
  const resource = cluster.server.registry.find('coordination.k8s.io', 'v1', 'leases')!
  const dead = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'sluice-poller', namespace: 'sluice' }, spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2099-01-01T00:00:00.000000Z' } }
  cluster.server.operations.create(resource, 'sluice', dead as never)
  const clock = { now: 0 }
  const { elector } = elect(t, cluster.client, 'a', clock)
  await until(() => elector.isLeader())
  t.ok(clock.now > 15_000)
  t.match((await read(cluster)).spec, { holderIdentity: 'a', leaseTransitions: 1 })
})

t.test('a leader that cannot renew stops by itself, and leads again when it can', async (t) => {
  let fault: Fault | undefined
  const cluster = await startCluster(t, { fault: () => fault })
  const clock = { now: 0 }
  const { elector, led, lostAt } = elect(t, cluster.client, 'a', clock)
  await until(() => elector.isLeader())
  fault = { answer: 500 }
  const brokenAt = clock.now
  await until(() => lostAt.length > 0)
  t.ok((lostAt[0] ?? Infinity) - brokenAt < 15_000, 'before another may take over')
  fault = undefined
  await until(() => elector.isLeader())
  t.same(led, ['leads', 'the lease could not be renewed in time', 'leads'])
})

t.test('a lease that another has taken is lost at once', async (t) => {
  const cluster = await startCluster(t)
  const { elector, led } = elect(t, cluster.client, 'a', { now: 0 })
  await until(() => elector.isLeader())
  const resource = cluster.server.registry.find('coordination.k8s.io', 'v1', 'leases')!
  cluster.server.operations.patch({ resource, namespace: 'sluice', name: 'sluice-poller' }, 'application/merge-patch+json', { spec: { holderIdentity: 'b', leaseDurationSeconds: 100_000 } })
  await until(() => !elector.isLeader())
  t.same(led, ['leads', 'another holds the lease'])
})

t.test('a lease that was deleted is made anew', async (t) => {
  const cluster = await startCluster(t)
  const { elector } = elect(t, cluster.client, 'a', { now: 0 })
  await until(() => elector.isLeader())
  const resource = cluster.server.registry.find('coordination.k8s.io', 'v1', 'leases')!
  cluster.server.operations.delete({ resource, namespace: 'sluice', name: 'sluice-poller' })
  const created = cluster.server.counts.create
  await until(() => cluster.server.counts.create > created)
  t.equal((await read(cluster)).spec.holderIdentity, 'a')
})

t.test('an elector that starts before the API server waits for it', async (t) => {
  let down = 5
  const cluster = await startCluster(t, { fault: () => down-- > 0 ? { cut: 'before' } : undefined })
  const { elector } = elect(t, cluster.client, 'a', { now: 0 })
  await until(() => elector.isLeader())
  t.pass()
})
