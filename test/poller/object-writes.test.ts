// Writes on many objects: what becomes of those that fail.
import t from 'tap'
import type { Finding } from '../../poller/model.ts'
import { createObjectWrites } from '../../poller/object-writes.ts'

type Given = { refuse?: (uid: string) => boolean, write?: (finding: Finding<string>) => Promise<void> }

function setUp ({ refuse = () => false, write }: Given) {
  let now = 0
  const log: string[] = []
  const writes = createObjectWrites<string>({
    monotonic: () => now,
    jitter: false,
    async write (finding) {
      await write?.(finding)
      log.push(`try ${finding.uid}=${finding.fact}`)
      if (refuse(finding.uid)) throw new Error('refused')
    },
    onWritten: ({ uid }) => { log.push(`written ${uid}`) },
    onFailed: ({ uid }, error) => { log.push(`${(error as Error).message} ${uid}`) }
  })
  const put = async (...uids: string[]) => { await writes.put(uids.map((uid) => ({ uid, namespace: 'models', name: uid, fact: '1' }))) }
  const wait = (ms: number) => { now += ms }
  const taken = () => log.splice(0).sort()
  return { writes, put, wait, taken }
}

t.test('one object that is refused is none of the others\' business', async (t) => {
  const { put, taken, writes } = setUp({ refuse: (uid) => uid === 'bad' })
  await put('a', 'bad', 'b')
  t.same(taken(), ['refused bad', 'try a=1', 'try b=1', 'try bad=1', 'written a', 'written b'])
  await put('a', 'bad', 'b')
  t.same(taken(), ['try a=1', 'try b=1', 'written a', 'written b'], 'which go on at their own pace')
  t.same([writes.isFree('a'), writes.isFree('bad')], [true, false])
})

t.test('it is tried again after pauses that grow to a minute', async (t) => {
  const { put, wait, writes } = setUp({ refuse: () => true })
  const pauses: number[] = []
  for (let i = 0; i < 12; i++) {
    await put('bad')
    pauses.push(writes.nextDue())
    wait(writes.nextDue())
    t.equal(writes.nextDue(), 0)
  }
  t.ok(pauses.every((pause) => pause > 0 && pause <= 60_000))
  t.same(pauses.slice(9), [60_000, 60_000, 60_000])
  t.equal(writes.isFree('bad'), true)
})

t.test('a pause that is over is due once, for perhaps nobody wants it written any more', async (t) => {
  const { put, wait, writes } = setUp({ refuse: () => true })
  await put('bad')
  wait(60_000)
  t.equal(writes.nextDue(), 0)
  await put()
  t.equal(writes.nextDue(), Infinity)
})

t.test('what was written at last begins anew', async (t) => {
  let broken = true
  const { put, wait, writes, taken } = setUp({ refuse: () => broken })
  await put('a')
  wait(60_000)
  broken = false
  taken()
  await put('a')
  t.same(taken(), ['try a=1', 'written a'])
  t.equal(writes.nextDue(), Infinity)
})

t.test('an object is not free while it is being written, and two failures at once are one', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { put, writes, taken } = setUp({ refuse: () => true, write: async () => { await gate.promise } })
  const both = [put('a'), put('a')]
  t.equal(writes.isFree('a'), false)
  t.equal(writes.nextDue(), Infinity)
  gate.resolve()
  await Promise.all(both)
  t.same(taken(), ['refused a', 'refused a', 'try a=1', 'try a=1'])
  t.ok(writes.nextDue() < 2_000)
})
