// A test that is cut off leaves nothing behind, however it is told to end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'

const PROGRAM = `
  import { whenCutOff } from ${JSON.stringify(new URL('servers/cut-off.ts', import.meta.url))}
  whenCutOff(() => console.log('servers are killed'))
  whenCutOff(() => console.log('their folder is removed'))
  setInterval(() => {}, 1000)
  console.log('ready')
`

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  t.test(`${signal} is followed by all endings, in their order`, async (t) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'], env: {} })
    const told = text(child.stdout)
    child.stdout.once('data', () => { child.kill(signal) })
    const [code] = await once(child, 'exit') as [number | null]
    t.strictSame({ code, told: await told }, { code: 1, told: 'ready\nservers are killed\ntheir folder is removed\n' })
  })
}
