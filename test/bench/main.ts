// `npm run bench [-- [--list] [--quick] [NAME…]]`: measures speed as ratios to a baseline of the same run. Ends with an error where a bench fails
// or a count is wrong, never because of a time.
import { execFileSync } from 'node:child_process'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { benches } from './benches.ts'
import { makeReport, type Verdict } from './bench.ts'

const { values: { list = false, quick = false }, positionals } = parseArgs({ allowPositionals: true, options: { list: { type: 'boolean' }, quick: { type: 'boolean' } } })
const names = positionals.length > 0 ? positionals : Object.keys(benches)
const unknown = names.filter((name) => !Object.hasOwn(benches, name))

if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
} else if (list) {
  for (const name of names) console.log(`${name.padEnd(10)} ${(await load(name)).description}`)
} else {
  await runAll(names)
}

async function runAll (names: string[]): Promise<void> {
  console.log(machine())
  const verdicts: Verdict[] = []
  for (const name of names) {
    const began = performance.now()
    try {
      const { description, run } = await load(name)
      console.log(`\n${name}: ${description}`)
      await run(makeReport(name, { quick }, verdicts))
    } catch (error) {
      console.error(error)
      verdicts.push({ bench: name, text: 'could not be measured', failed: true })
    }
    console.log(`  (${Math.round((performance.now() - began) / 1000)} s)`)
  }
  console.log('\nTargets')
  for (const { bench, text } of verdicts) console.log(`  ${bench.padEnd(10)} ${text}`)
  if (verdicts.some(({ failed }) => failed)) process.exitCode = 1
}

async function load (name: string) {
  const bench = benches[name]
  if (!bench) throw new Error(`there is no bench ${name}`)
  return await bench()
}

/** What the figures depend on: without it they mean nothing to anybody else. */
function machine (): string {
  const [cpu] = os.cpus()
  const memory = Math.round(os.totalmem() / 2 ** 30)
  return `Node ${process.version}, ${cpu?.model ?? 'unknown CPU'}, ${os.availableParallelism()} cores, ${memory} GiB, ${os.type()} ${os.release()}, commit ${commit()}${quick ? '; --quick: too short to quote' : ''}`
}

function commit (): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' and changes'}`
  } catch {
    return 'unknown'
  }
}
