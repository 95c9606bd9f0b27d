// The program that downloads models, as a process, against web servers that do as they please: the same rows as in test/jobs, plus what needs a process.
import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { zip } from '../jobs/archives.ts'
import { serveContent } from '../jobs/content-server.ts'
import { startProgram } from '../jobs/program.ts'
import { openVolume, rangesAsked, sha256 } from '../jobs/scene.ts'
import { CONTENT, rows } from '../jobs/web-rows.ts'

t.jobs = 4

for (const { name, answers, arrives = CONTENT, fails, ranges, settings = {} } of rows) {
  t.test(name, async (t) => {
    const volume = openVolume(t)
    const server = await serveContent(t, { content: CONTENT, arrived: volume.arrived }, ...answers)
    const uri = `${server.url}/m.bin`
    const { code, message } = await startProgram(t, volume, { MODEL_URI: uri, ...settings }).ended
    if (ranges) t.strictSame(rangesAsked(server), ranges)
    if (fails) {
      const [reason, permanent, words] = fails
      t.equal(code, permanent ? 42 : 1)
      t.match(JSON.parse(message), { reason, message: words })
      t.equal(await volume.model(), undefined)
      return
    }
    t.equal(code, 0)
    t.strictSame(JSON.parse(message), { uri, sha256: sha256(arrives), bytes: arrives.length, files: 1 })
    t.strictSame(await volume.model(), { 'm.bin': arrives.toString('latin1') })
  })
}

/** A volume of one megabyte, for who may mount one: `unshare` gives the process a root of its own. */
function smallVolume (folder: string): string[] {
  return ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', `mkdir -p '${folder}' && mount -t tmpfs -o size=1m none '${folder}' && exec "$@"`, 'sh']
}

t.test('a volume that is full', async (t) => {
  const volume = openVolume(t)
  const wrap = smallVolume(join(volume.root, 'models'))
  const [unshare = '', ...args] = wrap
  if (spawnSync(unshare, [...args, 'true']).status !== 0) {
    t.plan(0, 'this machine lets nobody mount a small volume')
    return
  }
  const large = Buffer.alloc(2 ** 21)
  const server = await serveContent(t, { content: large, arrived: volume.arrived }, {})
  const told = await startProgram(t, volume, { MODEL_URI: `${server.url}/m.bin` }, wrap).ended
  t.match({ code: told.code, ...JSON.parse(told.message) as object }, { code: 42, reason: 'NoSpace', message: /takes 2 MiB more, and the volume has 1 MiB left; raise spec\.storage\.size/ }, 'known before a byte is asked for')
  const zipped = await serveContent(t, { content: zip([{ name: 'a', content: large.toString('latin1') }]), arrived: volume.arrived }, {})
  const found = await startProgram(t, volume, { MODEL_URI: `${zipped.url}/m.zip`, MODEL_UNPACK: 'true' }, wrap).ended
  t.match({ code: found.code, ...JSON.parse(found.message) as object }, { code: 42, reason: 'NoSpace', message: 'the volume is full; raise spec.storage.size' }, 'found out by writing')
})

t.test('killed hard in the middle, the next one goes on', async (t) => {
  const volume = openVolume(t)
  // More than two checkpoints.
  const content = Buffer.alloc(160 * 2 ** 20, 'sluice')
  const server = await serveContent(t, { content, arrived: volume.arrived }, { stallAfter: 150 * 2 ** 20 }, {})
  const variables = { MODEL_URI: `${server.url}/m.bin`, MODEL_SHA256: sha256(content) }
  const first = startProgram(t, volume, variables)
  await volume.arrived(150 * 2 ** 20)
  first.child.kill('SIGKILL')
  t.strictSame((await first.ended).message, '')
  t.equal((await startProgram(t, volume, variables).ended).code, 0)
  t.match(rangesAsked(server), [undefined, /^bytes=13\d{7}- if "1"$/], 'from the last checkpoint, which lies on the disk for certain')
  t.notOk(existsSync(join(volume.root, 'models/.partial')), 'nothing is left')
})
