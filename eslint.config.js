// House style and boundaries: what may be written where. Every refusal says why, because a rule nobody understands gets disabled.
import neostandard, { plugins } from 'neostandard'
import path from 'node:path'

const root = import.meta.dirname

/** Packages that only compute: all that code which decides may import. */
const PURE_PACKAGES = ['@sinclair/typebox', 'fast-deep-equal', 'parse-duration', 'yaml']

const DECIDES = 'a decision may depend on nothing but the request'

/**
 * Who may import whom, first match wins. `to` lists the places of this repository ($1 is what `from` captured), `packages` the npm packages
 * (absent: all), `builtins` the modules of Node (absent: all). The order is one way: main → app → kinds → <kind> → serving → core.
 */
const ZONES = [
  { from: /^hooks\/core\/names\.ts$/, to: ['hooks/core/'], packages: PURE_PACKAGES, builtins: ['node:crypto'], why: 'hooks/core is pure and at the bottom; of Node it uses hashing only, here' },
  { from: /^hooks\/core\//, to: ['hooks/core/'], packages: PURE_PACKAGES, builtins: [], why: `hooks/core is pure and at the bottom: ${DECIDES}` },
  { from: /^hooks\/serving\//, to: ['hooks/serving/', 'hooks/core/'], packages: PURE_PACKAGES, builtins: [], why: `hooks/serving is pure and knows no kind: ${DECIDES}` },
  { from: /^hooks\/([^/]+)\//, to: ['hooks/$1/', 'hooks/serving/', 'hooks/core/'], packages: PURE_PACKAGES, builtins: [], why: `a kind is pure and stands alone, it never imports another kind: ${DECIDES}` },
  { from: /^hooks\//, to: ['hooks/'], why: 'the hooks run without poller, playground and tests' },
  { from: /^poller\//, to: ['poller/', 'hooks/core/', /^hooks\/[^/]+\/(schema|names)(\.ts$|\/)/], why: 'the poller reports and never decides: of the hooks it takes core, schemas and names only' },
  { from: /^jobs\//, to: ['jobs/', 'hooks/core/'], why: 'a job is one small program: it takes hooks/core only' },
  { from: /^manifests\//, to: ['manifests/', 'hooks/', 'poller/watched.ts', /^poller\/[^/]+\/config\.ts$/], why: 'manifests are derived from the kinds, and from what the poller watches and is configured by' },
  { from: /^playground\//, to: ['playground/', 'poller/', 'hooks/', 'manifests/'], why: 'the playground is shipped, tests are not' }
]

/** Why an import is refused, or undefined. `file` and `target` are relative to the root, with forward slashes. */
function refusal (file, source, typeOnly) {
  const zone = ZONES.find(({ from }) => from.test(file))
  if (!zone) return undefined
  const because = `${file} must not import ${source}: ${zone.why}`
  if (source.startsWith('node:')) return zone.builtins && !zone.builtins.includes(source) ? because : undefined
  if (!source.startsWith('.')) {
    // A type of a package leaves no trace at run time.
    const known = typeOnly || !zone.packages || zone.packages.some((name) => source === name || source.startsWith(`${name}/`))
    return known ? undefined : because
  }
  const target = path.posix.join(path.posix.dirname(file), source)
  const [, captured] = zone.from.exec(file)
  const inside = zone.to.some((place) => place instanceof RegExp ? place.test(target) : target.startsWith(place.replace('$1', captured)))
  return inside ? undefined : because
}

const boundaries = {
  create (context) {
    const file = path.relative(root, context.filename).split(path.sep).join('/')
    const check = (node) => {
      if (typeof node.source?.value !== 'string') return
      const message = refusal(file, node.source.value, node.importKind === 'type' || node.exportKind === 'type')
      if (message) context.report({ node, message })
    }
    return { ImportDeclaration: check, ImportExpression: check, ExportNamedDeclaration: check, ExportAllDeclaration: check }
  }
}

const fileName = {
  create (context) {
    const name = path.basename(context.filename)
    return {
      Program (node) {
        if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*\.[jt]s$/.test(name)) context.report({ node, message: `${name}: file names are kebab-case` })
        if (/^(utils?|helpers?|common|types|manager)\./.test(name)) context.report({ node, message: `${name} says nothing: name the file after its idea` })
      }
    }
  }
}

const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'no default export: a name that is chosen once can be searched for' }

const CLOCK = `pure code reads no clock: ${DECIDES}; take the time from newestInstant(request)`
const CHANCE = `pure code throws no dice: ${DECIDES}; derive names and values from identities`
const LOCALE = 'pure code must not depend on the locale of the machine: compare with < and format by hand'
const ASYNC = 'pure code waits for nothing: a hook answers from the request alone, so it needs no async, await or Promise'

const impureSyntax = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: CLOCK },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: CLOCK },
  { selector: "CallExpression[callee.name='Date']", message: CLOCK },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: CHANCE },
  { selector: 'MemberExpression[property.name=/^(toLocale\\w*|localeCompare)$/]', message: LOCALE },
  { selector: ':function[async=true]', message: ASYNC },
  { selector: 'AwaitExpression', message: ASYNC },
  { selector: 'ForOfStatement[await=true]', message: ASYNC }
]

const IO = `pure code touches nothing outside: ${DECIDES}`
const impureGlobals = [
  ...['performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name) => ({ name, message: CLOCK })),
  ...['process', 'fetch', 'console', 'globalThis', 'WebSocket', 'navigator', 'Buffer'].map((name) => ({ name, message: IO })),
  { name: 'crypto', message: CHANCE },
  { name: 'Intl', message: LOCALE },
  { name: 'Promise', message: ASYNC }
]

export default [
  ...neostandard({ ts: true, noJsx: true, ignores: ['.tap/**', 'coverage/**'] }),
  {
    files: ['**/*.ts', '**/*.js'],
    plugins: { sluice: { rules: { boundaries, 'file-name': fileName } }, n: plugins.n },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'sluice/boundaries': 'error',
      'sluice/file-name': 'error',
      'n/prefer-node-protocol': 'error',
      'func-style': ['error', 'declaration', { allowArrowFunctions: true }],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      // A switch over all variants counts once: it is a table, and the compiler checks that it is complete.
      complexity: ['error', { max: 10, variant: 'modified' }],
      'no-else-return': 'error',
      'no-restricted-syntax': ['error', noDefaultExport],
      // A schema and its type share one name; the compiler refuses real redeclarations.
      '@typescript-eslint/no-redeclare': 'off',
      // Small tables are written as tables.
      '@stylistic/object-property-newline': 'off'
    }
  },
  {
    // Whole files count as they are read, comments included; functions by what they do.
    files: ['**/*.ts'],
    ignores: ['test/**'],
    rules: {
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }]
    }
  },
  {
    files: ['hooks/*/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', noDefaultExport, ...impureSyntax],
      'no-restricted-globals': ['error', ...impureGlobals]
    }
  },
  {
    // One reader of the environment a program: then one schema knows all settings, and names the variable that is wrong.
    files: ['hooks/*.ts', 'poller/**/*.ts', 'jobs/**/*.ts'],
    // exec-credential.ts reads nothing: it hands the whole environment on to the program that kubeconfig names.
    ignores: ['**/settings.ts', 'poller/cluster/exec-credential.ts'],
    rules: { 'n/no-process-env': 'error' }
  },
  {
    // Tools read these by their default export.
    files: ['*.config.js'],
    rules: { 'no-restricted-syntax': 'off' }
  }
]
