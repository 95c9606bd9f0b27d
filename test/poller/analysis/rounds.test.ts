// Rounds that do not wait for each other.
import t from 'tap'
import { createRounds } from '../../../poller/analysis/rounds.ts'

t.test('what is slow is collected later, and holds up nothing else', async (t) => {
  const rounds = createRounds<string>()
  const { promise: slow, resolve } = Promise.withResolvers<string[]>()
  t.equal(rounds.nextDue(), Infinity)
  rounds.start('slow', ['a'], () => slow)
  rounds.start('quick', ['b'], async () => ['b passed'])
  t.strictSame(await rounds.collect(1e9), ['b passed'], 'at once, however patient one is')
  t.strictSame([rounds.isBusy('slow', 'x'), rounds.isBusy('quick', 'b'), rounds.isBusy('quick', 'a')], [true, false, true], 'busy is a name, and whatever its round is about')
  t.equal(rounds.nextDue(), 1000)
  resolve(['a passed'])
  await rounds.ended()
  t.equal(rounds.nextDue(), 0)
  t.strictSame(await rounds.collect(20), ['a passed'])
  t.strictSame([await rounds.collect(20), rounds.nextDue()], [[], Infinity], 'once')
})

t.test('a mistake of ours is thrown once, and takes nothing of the others away', async (t) => {
  const rounds = createRounds<string>()
  rounds.start('bad', ['a'], async () => { throw new Error('a bug') })
  rounds.start('good', ['b'], async () => ['b passed'])
  await t.rejects(rounds.collect(1000), { message: 'a bug' })
  t.notOk(rounds.isBusy('bad', 'a'))
  t.strictSame(await rounds.collect(1000), ['b passed'])
})
