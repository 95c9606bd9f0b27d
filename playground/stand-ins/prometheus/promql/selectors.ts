// Selectors: `name{label="value"}[5m] offset 1m` from the concrete tree to matchers and seconds.
import type { RangeSelector, Selector } from './ast.ts'
import { METRIC_NAME } from '../labels.ts'
import type { Matcher, MatchOperator } from '../labels.ts'
import { parseNumberOrDuration, parseString } from './literals.ts'
import { childNamed, childrenOf, errorAt, outsideSubset, textOf } from './tree.ts'
import type { At } from './tree.ts'

/** `name{…}`; at least one matcher must refuse the empty string, as in Prometheus. */
export function readSelector (at: At): Selector {
  const identifier = childNamed(at, 'Identifier')
  const list = childNamed(at, 'LabelMatchers')
  const named: Matcher[] = identifier === undefined ? [] : [makeMatcher(at, METRIC_NAME, '=', textOf(identifier))]
  const matchers = [...named, ...(list === undefined ? [] : childrenOf(list).map(readMatcher))]
  if (identifier !== undefined && matchers.filter(matcher => matcher.name === METRIC_NAME).length > 1) {
    throw errorAt(at, `metric name must not be set twice: "${textOf(identifier)}"`)
  }
  if (matchers.every(matcher => matcher.test(''))) {
    throw errorAt(at, 'vector selector must contain at least one non-empty matcher')
  }
  return { kind: 'selector', type: 'vector', matchers, offset: 0 }
}

function readMatcher (at: At): Matcher {
  if (at.node.name === 'QuotedLabelName') return makeMatcher(at, METRIC_NAME, '=', readString(at))
  const [name, operator, value] = childrenOf(at) as [At, At, At]
  const label = name.node.name === 'QuotedLabelName' ? readString(name) : textOf(name)
  return makeMatcher(at, label, textOf(operator) as MatchOperator, readString(value))
}

function makeMatcher (at: At, name: string, operator: MatchOperator, value: string): Matcher {
  return { name, operator, value, test: makeTest(at, operator, value) }
}

function makeTest (at: At, operator: MatchOperator, wanted: string): (value: string) => boolean {
  switch (operator) {
    case '=': return value => value === wanted
    case '!=': return value => value !== wanted
    case '=~': return compile(at, wanted)
    case '!~': {
      const matches = compile(at, wanted)
      return value => !matches(value)
    }
    default: return operator satisfies never
  }
}

// Prometheus uses RE2, fully anchored. JavaScript accepts more (look-around, references), which RE2 refuses.
function compile (at: At, pattern: string): (value: string) => boolean {
  if (/\(\?(?:[=!]|<[=!])/.test(pattern) || /\\[1-9]/.test(pattern)) {
    throw errorAt(at, `error parsing regexp: invalid or unsupported Perl syntax: \`${pattern}\``)
  }
  try {
    const expression = new RegExp(`^(?:${pattern})$`, 's')
    return value => expression.test(value)
  } catch (cause) {
    throw errorAt(at, `error parsing regexp: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** The value of a string literal, unquoted. */
export function readString (at: At): string {
  const value = parseString(textOf(at))
  if (value === undefined) throw errorAt(at, `invalid string literal ${textOf(at)}`)
  return value
}

/** `selector[range]`. */
export function readRange (at: At, inner: (at: At) => { kind: string }): RangeSelector {
  const [of, length] = childrenOf(at) as [At, At]
  const selector = inner(of) as Selector
  if (of.node.name === 'ParenExpr' || selector.kind !== 'selector') {
    throw errorAt(at, 'ranges only allowed for vector selectors')
  }
  if (selector.offset !== 0) throw errorAt(at, 'no offset modifiers allowed before range')
  const range = readSeconds(length)
  if (range <= 0) throw errorAt(length, 'duration must be greater than 0')
  return { kind: 'range', type: 'matrix', selector, range }
}

/** `expr offset 5m`: only a selector or a range can be shifted. */
export function readOffset (at: At, inner: (at: At) => { kind: string }): Selector | RangeSelector {
  const [of, , length] = childrenOf(at) as [At, At, At]
  const shifted = inner(of) as Selector | RangeSelector
  const offset = readSeconds(length)
  if (shifted.kind === 'selector') {
    if (shifted.offset !== 0) throw errorAt(at, 'offset may not be set multiple times')
    return { ...shifted, offset }
  }
  if (shifted.kind !== 'range') {
    throw errorAt(at, 'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery')
  }
  return { ...shifted, selector: { ...shifted.selector, offset } }
}

function readSeconds (at: At): number {
  const seconds = parseNumberOrDuration(textOf(at))
  if (seconds === undefined) throw outsideSubset(at, `the computed duration "${textOf(at)}"`)
  return seconds
}
