// The search language of the registry: `name LIKE 'a%' AND tags.team = 'x'`, order_by, and page tokens.
import { invalid } from './errors.ts'

/** What a search may compare: attribute names and tags of one object. */
export interface Searchable {
  readonly attributes: Readonly<Record<string, string | number>>
  readonly tags: ReadonlyMap<string, string>
}

export type Predicate = (object: Searchable) => boolean

/** Prompts are registered models with this tag: every search leaves them out unless it asks for them. */
export const PROMPT_TAG = 'mlflow.prompt.is_prompt'

const CLAUSE = /^\s*(?:(tags?)\.)?(`[^`]+`|"[^"]+"|[\w.]+)\s*(!=|>=|<=|=|<|>|LIKE|ILIKE|IN)\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|-?\d+|\([^)]*\))\s*$/i

export interface FilterRules {
  readonly attributes: readonly string[]
  /** IN on names came after 3.6. */
  readonly allowIn: boolean
}

/** Parses a filter; clauses are joined by AND only. Throws INVALID_PARAMETER_VALUE in MLflow's words. */
export function parseFilter (text: string, rules: FilterRules): Predicate {
  if (text.trim() === '') return () => true
  const clauses = text.split(/\s+AND\s+/i).map(clause => parseClause(clause, rules))
  return object => clauses.every(accepts => accepts(object))
}

function parseClause (text: string, rules: FilterRules): Predicate {
  const match = CLAUSE.exec(text)
  if (match === null) throw invalid(`Invalid clause(s) in filter string: ${/\bOR\b/i.test(text) ? 'OR' : text.trim()}`)
  const [, tag, quoted, comparator, literal] = match as unknown as [string, string | undefined, string, string, string]
  const key = quoted.replace(/^[`"]|[`"]$/g, '')
  if (tag === undefined && !rules.attributes.includes(key)) {
    throw invalid(`Invalid attribute key '${key}' specified. Valid keys are '{${rules.attributes.map(name => `'${name}'`).join(', ')}}'`)
  }
  const operator = comparator.toUpperCase()
  if (operator === 'IN' && !mayBeIn(key, tag !== undefined, rules)) throw invalid(`Invalid comparator for attribute: ${comparator}`)
  if (tag !== undefined && key === PROMPT_TAG) return promptsWanted(operator, unquote(literal))
  const accepts = compare(operator, literal)
  return object => {
    const value = tag === undefined ? object.attributes[key] : object.tags.get(key)
    return value !== undefined && accepts(value)
  }
}

function mayBeIn (key: string, isTag: boolean, { allowIn }: FilterRules): boolean {
  return !isTag && (allowIn || key === 'run_id')
}

// Judged by the tag's presence alone: "!= 'true'" holds for models that never had the tag.
function promptsWanted (operator: string, literal: string): Predicate {
  const wanted = (operator === '=') === (literal.toLowerCase() === 'true')
  return object => object.tags.has(PROMPT_TAG) === wanted
}

function compare (operator: string, literal: string): (value: string | number) => boolean {
  const wanted = unquote(literal)
  if (operator === 'IN') {
    const names = literal.slice(1, -1).split(',').map(name => unquote(name.trim()))
    return value => names.includes(String(value))
  }
  if (operator === 'LIKE' || operator === 'ILIKE') {
    const pattern = wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('%', '.*').replaceAll('_', '.')
    const expression = new RegExp(`^${pattern}$`, operator === 'ILIKE' ? 'is' : 's')
    return value => expression.test(String(value))
  }
  return value => ordered(operator, typeof value === 'number' ? value - Number(wanted) : value < wanted ? -1 : value > wanted ? 1 : 0)
}

function ordered (operator: string, difference: number): boolean {
  if (operator === '=') return difference === 0
  if (operator === '!=') return difference !== 0
  if (operator.startsWith('<')) return difference < 0 || (operator === '<=' && difference === 0)
  return difference > 0 || (operator === '>=' && difference === 0)
}

function unquote (literal: string): string {
  return /^['"]/.test(literal) ? literal.slice(1, -1).replace(/\\(.)/g, '$1') : literal
}

export interface Order {
  readonly key: string
  readonly descending: boolean
}

/** `name DESC` and the like; `aliases` maps other spellings to the attribute. */
export function parseOrder (texts: readonly string[], aliases: Readonly<Record<string, string>>, shown: readonly string[]): Order[] {
  return texts.map(text => {
    const [key = '', direction = 'ASC'] = text.trim().split(/\s+/)
    const attribute = aliases[key]
    if (attribute === undefined) {
      throw invalid(`Invalid order by key '${key}' specified. Valid keys are '{${shown.map(name => `'${name}'`).join(', ')}}'`)
    }
    return { key: attribute, descending: direction.toUpperCase() === 'DESC' }
  })
}

/** Compares by the given orders, first difference wins. */
export function compareBy (orders: readonly Order[]): (a: Searchable, b: Searchable) => number {
  return (a, b) => {
    for (const { key, descending } of orders) {
      const [left, right] = [a.attributes[key] ?? '', b.attributes[key] ?? '']
      if (left !== right) return (left < right ? -1 : 1) * (descending ? -1 : 1)
    }
    return 0
  }
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly token: string | undefined
}

/** One page by offset: what is created or deleted between two pages shifts the rows, as in MLflow. */
export function takePage<T> (items: readonly T[], size: number, token: string): Page<T> {
  const offset = readToken(token)
  const end = offset + size
  const next = end < items.length ? Buffer.from(JSON.stringify({ offset: end })).toString('base64') : undefined
  return { items: items.slice(offset, end), token: next }
}

function readToken (token: string): number {
  if (token === '') return 0
  const text = Buffer.from(token, 'base64').toString('latin1')
  try {
    const { offset } = JSON.parse(text) as { offset?: unknown }
    if (typeof offset === 'number') return offset
  } catch {}
  throw invalid(`Invalid page token, decoded value=${JSON.stringify(text)}`)
}
