// Selectors: `name{label="value"}[5m] offset 1m` from the concrete tree to matchers and seconds.
import type { Expr, RangeSelector, Selector } from './ast.ts'
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
export function readOffset (at: At, inner: (at: At) => Expr): Expr {
  const [of, , length] = childrenOf(at) as [At, At, At]
  return shift(of, inner(of), readSeconds(length))
}

// The grammar reads `a - b offset 1m` as (a - b) offset 1m, Prometheus as a - (b offset 1m): the offset goes to the
// last operand, as far as no parentheses stand in between.
function shift (at: At, expr: Expr, offset: number): Expr {
  const last = childrenOf(at).at(-1) as At
  if (at.node.name === 'BinaryExpr' && expr.kind === 'binary') return { ...expr, right: shift(last, expr.right, offset) }
  if (at.node.name === 'UnaryExpr') return expr.kind === 'negate' ? { ...expr, of: shift(last, expr.of, offset) } : shift(last, expr, offset)
  const target = expr.kind === 'range' ? expr.selector : expr
  if (target.kind !== 'selector' || at.node.name === 'ParenExpr') {
    throw errorAt(at, 'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery')
  }
  if (target.offset !== 0) throw errorAt(at, 'offset may not be set multiple times')
  const shifted = { ...target, offset }
  return expr.kind === 'range' ? { ...expr, selector: shifted } : shifted
}

function readSeconds (at: At): number {
  const seconds = parseNumberOrDuration(textOf(at))
  if (seconds === undefined) throw outsideSubset(at, `the computed duration "${textOf(at)}"`)
  return seconds
}
