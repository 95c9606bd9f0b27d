// The documentation names nothing that does not exist: links, files, scripts, metrics, settings, words of conditions, values, rights.
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { parseAllDocuments, parse } from 'yaml'
import { crdProblems } from './helpers/crd-validation.ts'
import { readPages, ROOT, type Page } from './docs/pages.ts'
import { missingLines, normalise, quotesOf } from './docs/quotes.ts'

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')
const pages = readPages()
const sources = ['hooks', 'poller', 'jobs', 'playground', 'manifests', 'metacontroller', 'charts', 'runtimes', 'test', '.ci'].flatMap((folder) => globSync(`${folder}/**/*.{ts,py,yaml,tpl,json,sh,txt}`, { cwd: ROOT, exclude: ['test/docs.test.ts', '.ci/out/**'] }))
const code = [...sources, 'Dockerfile', 'runtimes/fastapi-pytorch/Dockerfile', 'package.json', '.ci/run'].map(read).join('\n')
const byFile = new Map(pages.map((page) => [page.file, page]))

/** What a page says wrong, for the pages where that is anything. */
function problems (find: (page: Page) => string[]): Record<string, string[]> {
  return Object.fromEntries(pages.map((page) => [page.file, [...new Set(find(page))]] as [string, string[]]).filter(([, found]) => found.length > 0))
}

t.test('every link leads to a file of this repository and to a heading in it', async (t) => {
  t.strictSame(problems((page) => page.links.filter((link) => !/^https?:/.test(link)).filter((link) => {
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? page.file : path.join(path.dirname(page.file), file)
    if (!existsSync(path.join(ROOT, target))) return true
    return anchor !== undefined && !byFile.get(target)?.anchors.includes(anchor)
  })), {})
})

t.test('every page of docs/ is in its index', async (t) => {
  const { links = [] } = byFile.get('docs/README.md') ?? {}
  t.strictSame(globSync('*.md', { cwd: path.join(ROOT, 'docs') }).filter((file) => file !== 'README.md' && !links.includes(file)), [])
})

t.test('every file that is named exists', async (t) => {
  const top = new Set(globSync('*', { cwd: ROOT }).filter((name) => name !== 'node_modules'))
  t.strictSame(problems(({ file, words }) => words.flatMap((word) => word.match(/(?<![\w./<-])[\w.-]+\/[\w./-]*[\w/]/g) ?? [])
    .filter((name) => top.has(name.split('/')[0] ?? '') && !name.startsWith('node_modules'))
    .filter((name) => !existsSync(path.join(ROOT, name)) && !existsSync(path.join(ROOT, path.dirname(file), name)))), {})
})

t.test('every claim of SECURITY.md names the tests that show it', async (t) => {
  const { text } = byFile.get('SECURITY.md') ?? { text: '' }
  const [, table = ''] = /\n\| between \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(text) ?? []
  const claims = table.trim().split('\n').map((row) => row.split('|').map((cell) => cell.trim()).slice(1, -1))
  t.ok(claims.length >= 10, 'there are claims')
  t.strictSame(claims.filter(([,, shown = '']) => {
    const files = [...shown.matchAll(/\]\((test\/[^)]+\.test\.ts)\)/g)].map(([, file = '']) => file)
    return files.length === 0 || files.some((file) => !existsSync(path.join(ROOT, file)))
  }), [])
  t.match(byFile.get('docs/security.md')?.links, ['../SECURITY.md'], 'and the page for operators leads there')
})

t.test('every npm script that is named exists', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const known = new Set([...Object.keys(scripts), 'ci', 'i', 'install'])
  t.strictSame(problems(({ words }) => words.flatMap((word) => [...word.matchAll(/\bnpm (?:run (?:-s )?)?([a-z0-9:]+)/g)].map(([, name = '']) => name)).filter((name) => !known.has(name))), {})
})

t.test('every metric of ours that is named exists', async (t) => {
  const known = [...new Set(code.match(/\bsluice_(?:[a-z_]|\$\{\w+\})+/g))].map((name) => new RegExp(`^${name.replaceAll(/\$\{\w+\}/g, '[a-z]+')}$`))
  t.strictSame(problems(({ words }) => words.flatMap((word) => word.match(/\bsluice_[a-z_]+/g) ?? []).filter((name) => !known.some((pattern) => pattern.test(name)))), {})
})

t.test('every variable, and every word of a condition or Event, occurs in code', async (t) => {
  const isWord = (word: string): boolean => /^([A-Z][a-z]+){2,}$|^[A-Z][A-Z0-9]+(_[A-Z0-9]+)+$/.test(word)
  t.strictSame(problems(({ words }) => words.map((word) => word.split('=')[0] ?? '').filter((word) => isWord(word) && !new RegExp(`\\b${word}\\b`).test(code) && !OTHERS.has(word))), {})
})

/** Words of other programs. */
const OTHERS = new Set(['DRY_RUN'])

t.test('every value of the chart that is named in docs/ exists', async (t) => {
  const values = parse(read('charts/sluice/values.yaml')) as Record<string, unknown>
  /** Below poller.config, selectors and the like users write what they want. */
  const isKnown = (name: string): boolean => {
    let at: unknown = values
    for (const part of name.split('.')) {
      if (at === null || typeof at !== 'object' || Array.isArray(at) || Object.keys(at).length === 0) return true
      if (!(part in at)) return false
      at = (at as Record<string, unknown>)[part]
    }
    return true
  }
  t.strictSame(problems(({ file, words }) => file.startsWith('docs/') || file.startsWith('charts/sluice/')
    ? words.map((word) => word.split('=')[0] ?? '').filter((word) => /^[a-z]\w*(\.\w+)+$/.test(word) && !/\.(k8s\.io|org|svc)$/.test(word) && (word.split('.')[0] ?? '') in values && !isKnown(word))
    : []), {})
})

t.test('objects in examples are such as the API server takes, and values such as the chart takes', async (t) => {
  const validate = new Ajv({ strict: false }).compile(JSON.parse(read('charts/sluice/values.schema.json')) as object)
  const defaults: unknown = parse(read('charts/sluice/values.yaml'))
  const found = problems(({ blocks }) => blocks.filter(({ language }) => language === 'yaml').flatMap(({ text }) => {
    if (/^# (sluice-)?values\.yaml\n/.test(text)) return validate(over(defaults, parse(text))) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
    return parseAllDocuments(text).map((document) => document.toJS() as { apiVersion?: string, kind?: string }).filter((object) => object?.apiVersion !== undefined && object.kind !== undefined)
      .flatMap((object) => crdProblems(object as { apiVersion: string, kind: string }) ?? [])
  }))
  t.strictSame(found, {})
})

/** As helm lays values over the defaults. */
function over (defaults: unknown, values: unknown): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap(defaults) || !isMap(values)) return values
  return { ...defaults, ...Object.fromEntries(Object.entries(values).map(([key, value]) => [key, over(defaults[key], value)])) }
}

t.test('rights are told as they are generated', async (t) => {
  const { text } = byFile.get('docs/security.md') ?? { text: '' }
  const access = parse(read('charts/sluice/files/access.yaml')) as Access
  const told = [...text.matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split(' | '))
  const rows = (cells: number): string[] => told.filter(({ length }) => length === cells).map((row) => row.join(' | '))
  const cluster = [...access.poller.namespaced, ...access.poller.cluster].map((rule) => rowOf(rule))
  const own = access.election.map((rule) => rowOf(rule, ', in its own namespace'))
  const written = access.metacontroller.map(({ rule }) => rowOf(rule))
  const people = [...access.view.map((rule) => `view | ${rowOf(rule)}`), ...access.edit.map((rule) => `edit, admin | ${rowOf(rule)}`)]
  t.strictSame(new Set([...rows(3), ...rows(4)].filter((row) => /(^| \| )(`|core)/.test(row) && /(get|list|create|patch)/.test(row) && !row.startsWith('who'))), new Set([...cluster, ...own, ...written, ...people]))
})

interface Rule { apiGroups: string[], resources: string[], verbs: string[], resourceNames?: string[] }
interface Access { poller: { namespaced: Rule[], cluster: Rule[] }, election: Rule[], metacontroller: Array<{ rule: Rule }>, view: Rule[], edit: Rule[] }

function rowOf ({ apiGroups, resources, verbs, resourceNames = [] }: Rule, where = ''): string {
  const names = resourceNames.length > 0 ? `, only ${resourceNames.map((name) => `\`${name}\``).join(', ')}` : ''
  return `${apiGroups.map((group) => group === '' ? 'core' : `\`${group}\``).join(', ')} | ${resources.join(', ')}${names}${where} | ${verbs.join(', ')}`
}

t.test('output is quoted from transcripts of the e2e tests, and compared but for what differs in every run', async (t) => {
  const page = byFile.get('docs/reading-the-status.md')
  t.ok(page && quotesOf(page).length >= 12, 'each phase is quoted')
  const quote = { source: 'rollout/05-progressing', lines: ['bank-churn   2        20       Progressing   16s', 'Id: v2-q3r4gk-1795247079', 'said by nobody'] }
  t.strictSame(missingLines(quote, 'bank-churn   2   20   Progressing   2m1s\n  Id:     v2-abc123-1795247099\n'), ['said by nobody'])
  const event = { source: 'rollout/05-progressing', lines: ['3s   Normal   AnalysisPassed   MlflowModel/bank-churn   Version 2 passed'] }
  t.strictSame(missingLines(event, '', '41s (x2 over 40s)  Normal AnalysisPassed MlflowModel/bank-churn Version 2 passed'), [], 'an Event may be printed later')
  t.strictSame(missingLines({ ...event, lines: ['Phase: Progressing'] }, '', 'Phase: Progressing').length, 1, 'the state may not')
  t.equal(normalise('3s  Version 3 failed: latency-p95 233 ms against 151 ms of stable (limit +5%), error-rate 8 % against 0.3 % of stable (limit +2 points).'), '<age> Version 3 failed: <metrics>.')
})
