// npm run licences: every package that is installed has a licence that we may use it under, and docs/licences.md lists those that go into the image.
// With --write that page is written anew.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import satisfies from 'spdx-satisfies'

/** What a package of package-lock.json says of itself. */
export interface Locked { version?: string, license?: string, dev?: boolean, optional?: boolean }

/** One package with its licence as an SPDX expression, undefined where it names none. */
export interface Licensed { name: string, version: string, licence: string | undefined, dev: boolean, hasText: boolean }

/** Licences that ask for no more than their text and a notice. What goes into the image has one of these. */
export const PERMISSIVE = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0', 'CC0-1.0', 'Unlicense', 'Zlib', 'Python-2.0']

/** What is only used to develop is not passed on: attribution of data, and copyleft of single files, ask nothing of us. */
export const FOR_DEVELOPMENT = [...PERMISSIVE, 'CC-BY-3.0', 'CC-BY-4.0', 'MPL-2.0']

/** Packages whose package.json names no licence, and the one that their licence file holds; with the version that was looked at. */
const READ_BY_HAND: Record<string, string> = { 'jstat@1.9.6': 'MIT', 'jsonc-simple-parser@3.0.0': 'MIT' }

const PAGE = 'docs/licences.md'
const ROOT = path.join(import.meta.dirname, '..')

/** The packages of a lock file. `hasText` tells whether the folder of a package holds a file with its licence. */
export function readPackages (lock: { packages: Record<string, Locked> }, hasText: (folder: string) => boolean): Licensed[] {
  const found = Object.entries(lock.packages).filter(([folder]) => folder !== '').map(([folder, { version = '', license, dev = false }]) => {
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
    return { name, version, licence: license ?? READ_BY_HAND[`${name}@${version}`], dev, hasText: hasText(folder) }
  })
  // One version may be installed in several places, for development and not.
  const unique = new Map(found.sort((a, b) => Number(b.dev) - Number(a.dev)).map((entry) => [`${entry.name}@${entry.version}`, entry]))
  return [...unique.values()].sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)
}

function keyOf ({ name, version }: Licensed): string {
  return `${name} ${version}`
}

/** What may not be used, a sentence each. */
export function findProblems (packages: Licensed[]): string[] {
  return packages.flatMap(({ name, version, licence, dev }) => {
    const allowed = dev ? FOR_DEVELOPMENT : PERMISSIVE
    if (licence === undefined) return [`${name} ${version} names no licence: look into its files, and add it to READ_BY_HAND or do without it`]
    if (isSatisfied(licence, allowed)) return []
    return [`${name} ${version} is under ${licence}, which is not on the list ${dev ? 'for development' : 'of what goes into the image'}: do without it, or let somebody who may decide on it extend the list`]
  })
}

/** A text that is no SPDX expression, such as SEE LICENSE IN, is on no list. */
function isSatisfied (licence: string, allowed: string[]): boolean {
  try {
    return satisfies(licence, allowed)
  } catch {
    return false
  }
}

/** The page about what goes into the image. */
export function renderPage (packages: Licensed[]): string {
  const shipped = packages.filter(({ dev }) => !dev)
  const silent = shipped.filter(({ hasText }) => !hasText).map(({ name }) => name)
  return `# Licences

Sluice is under Apache-2.0. These packages of others go into the image, each in its folder of \`node_modules\`, with the licence file that its authors put there
${silent.length === 0 ? '' : `(${silent.join(', ')} has none, and names its licence in its package.json) `}and with its package.json. All are permissive: they ask that their text and notices stay with them, and they do.

This page is written by \`npm run licences -- --write\`; \`npm run licences\` refuses a package whose licence is not on its list, and a page that is stale.

| package | version | licence (SPDX) |
|---|---|---|
${shipped.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence ?? ''} |`).join('\n')}
`
}

function hasLicenceFile (folder: string): boolean {
  const place = path.join(ROOT, folder)
  return existsSync(place) && readdirSync(place).some((file) => /^(licen[cs]e|copying|notice)/i.test(file))
}

function main (): void {
  const packages = readPackages(JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }, hasLicenceFile)
  const page = renderPage(packages)
  const place = path.join(ROOT, PAGE)
  if (process.argv.includes('--write')) writeFileSync(place, page)
  const problems = findProblems(packages)
  if (!existsSync(place) || readFileSync(place, 'utf8') !== page) problems.push(`${PAGE} is stale: run npm run licences -- --write and commit the result`)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  process.stdout.write(`${packages.length} packages looked at, ${packages.filter(({ dev }) => !dev).length} of them for the image: ${problems.length === 0 ? 'all licences are on the list' : `${problems.length} problems`}\n`)
  if (problems.length > 0) process.exitCode = 1
}

if (import.meta.main) main()
