// The memory that a program tells of is its own.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import t from 'tap'

const MB = 2 ** 20
const LARGE = 400 * MB
const PROGRAM = "import('./jobs/download/largest-memory.ts').then(({ largestMemory }) => console.log(largestMemory()))"

t.test('whoever starts it may be as large as he likes', { skip: existsSync('/proc/self/status') ? false : 'needs /proc' }, async (t) => {
  // Filled, so that it is there, and used afterwards, so that it is still.
  const ballast = Buffer.alloc(LARGE, 1)
  const told = Number(execFileSync(process.execPath, ['-e', PROGRAM], { encoding: 'utf8' }))
  t.ok(told > 10 * MB && told < ballast.length, `${Math.round(told / MB)} MB`)
})
