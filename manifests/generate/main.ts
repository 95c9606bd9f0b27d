// npm run generate: writes all generated files. With --check it writes nothing, lists those that are stale and fails if there are any.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { kinds } from '../../hooks/kinds.ts'
import { RELEASE } from '../../hooks/settings.ts'
import { GENERATED_FOLDERS, makeFiles } from './files.ts'
import { makeMlflowChart, MLFLOW_CHART_FILES } from './mlflow-chart/files.ts'

const root = path.join(import.meta.dirname, '../..')
const wanted = new Map([...makeFiles(kinds, RELEASE), ...makeMlflowChart(RELEASE)])
const stale = [...wanted.keys(), ...orphans()].filter((file) => read(file) !== wanted.get(file))

if (process.argv.includes('--check')) check()
else write()

function check (): void {
  for (const file of stale) process.stderr.write(`${file} is stale\n`)
  if (stale.length === 0) return
  process.stderr.write('Run `npm run generate` and commit the result.\n')
  process.exitCode = 1
}

function write (): void {
  for (const file of stale) {
    const text = wanted.get(file)
    const target = path.join(root, file)
    if (text === undefined) rmSync(target)
    else {
      mkdirSync(path.dirname(target), { recursive: true })
      writeFileSync(target, text)
    }
    process.stdout.write(`${text === undefined ? 'removed' : 'wrote'} ${file}\n`)
  }
}

/** Files of kinds that are gone. */
function orphans (): string[] {
  const folders = [...GENERATED_FOLDERS, MLFLOW_CHART_FILES].filter((folder) => existsSync(path.join(root, folder)))
  const files = folders.flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`))
  return files.filter((file) => file.endsWith('.yaml') && !wanted.has(file))
}

function read (file: string): string | undefined {
  const target = path.join(root, file)
  return existsSync(target) ? readFileSync(target, 'utf8') : undefined
}
