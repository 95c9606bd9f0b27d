// Text of a query → checked tree, by the grammar that Prometheus's own web editor uses.
import { parser } from '@prometheus-io/lezer-promql'

import type { Aggregate, AggregateOperator, Expr, ValueType } from './ast.ts'
import { parseError, QueryError } from './errors.ts'
import { parseNumberOrDuration } from './literals.ts'
import { readBinary, readLabelList } from './parse-binary.ts'
import { readOffset, readRange, readSelector, readString } from './selectors.ts'
import { isKnownFunction, SIGNATURES, TYPE_NAMES } from './signatures.ts'
import { childNamed, childrenOf, errorAt, outsideSubset, textOf } from './tree.ts'
import type { At } from './tree.ts'

const AGGREGATES: readonly string[] = ['sum', 'avg', 'min', 'max', 'count']

/**
 * Parses and type-checks a query. Throws QueryError (bad_data): a syntax error with its place, a type
 * error, or the name of a construct outside the documented subset.
 */
export function parseQuery (query: string): Expr {
  if (query.trim() === '') {
    throw new QueryError('bad_data', 'invalid parameter "query": unknown position: parse error: no expression found in input')
  }
  const tree = parser.parse(query)
  const top = childrenOf({ query, node: tree.topNode })[0]
  refuseSyntaxErrors(query, tree)
  if (top === undefined) {
    throw new QueryError('bad_data', 'invalid parameter "query": unknown position: parse error: no expression found in input')
  }
  return read(top)
}

function refuseSyntaxErrors (query: string, tree: ReturnType<typeof parser.parse>): void {
  tree.iterate({
    enter (node) {
      if (!node.type.isError) return
      const found = /^\S+/.exec(query.slice(node.from))?.[0]
      throw parseError(query, node.from, found === undefined ? 'unexpected end of input' : `unexpected ${JSON.stringify(found)}`)
    }
  })
}

const READERS: Readonly<Record<string, (at: At) => Expr>> = {
  VectorSelector: readSelector,
  MatrixSelector: at => readRange(at, read),
  OffsetExpr: at => readOffset(at, read),
  NumberDurationLiteral: readNumber,
  StringLiteral: at => ({ kind: 'string', type: 'string', value: readString(at) }),
  ParenExpr: at => read(childrenOf(at)[0] as At),
  UnaryExpr: readUnary,
  BinaryExpr: at => readBinary(at, read),
  AggregateExpr: readAggregate,
  FunctionCall: readCall
}

const OUTSIDE: Readonly<Record<string, string>> = {
  SubqueryExpr: 'a subquery', StepInvariantExpr: 'the @ modifier', AnchoredExpr: 'anchored', SmoothedExpr: 'smoothed'
}

function read (at: At): Expr {
  const reader = READERS[at.node.name]
  if (reader === undefined) throw outsideSubset(at, OUTSIDE[at.node.name] ?? at.node.name)
  return reader(at)
}

function readNumber (at: At): Expr {
  const value = parseNumberOrDuration(textOf(at))
  if (value === undefined) throw errorAt(at, `error parsing number: ${textOf(at)}`)
  return { kind: 'number', type: 'scalar', value }
}

function readUnary (at: At): Expr {
  const [sign, operand] = childrenOf(at) as [At, At]
  const of = read(operand)
  if (of.type === 'matrix' || of.type === 'string') {
    throw errorAt(at, `unary expression only allowed on expressions of type scalar or instant vector, got "${TYPE_NAMES[of.type]}"`)
  }
  return textOf(sign) === '-' ? { kind: 'negate', type: of.type, of } : of
}

function readAggregate (at: At): Aggregate {
  const operator = textOf(childNamed(at, 'AggregateOp') as At).toLowerCase()
  if (!AGGREGATES.includes(operator)) throw outsideSubset(at, `the aggregation "${operator}"`)
  const args = childrenOf(childNamed(at, 'FunctionCallBody') as At)
  if (args.length !== 1) {
    throw errorAt(at, `wrong number of arguments for aggregate expression provided, expected 1, got ${args.length}`)
  }
  const of = read(args[0] as At)
  expectType(args[0] as At, of, 'vector', 'aggregation expression')
  const modifier = childNamed(at, 'AggregateModifier')
  const labels = modifier === undefined ? [] : readLabelList(childNamed(modifier, 'GroupingLabels') as At)
  const without = modifier !== undefined && childNamed(modifier, 'Without') !== undefined
  return { kind: 'aggregate', type: 'vector', operator: operator as AggregateOperator, without, labels, of }
}

function readCall (at: At): Expr {
  const nameAt = childNamed(at, 'FunctionIdentifier') as At
  const name = textOf(nameAt)
  if (!isKnownFunction(name)) throw outsideSubset(nameAt, `the function "${name}"`)
  const signature = SIGNATURES[name]
  const given = childrenOf(childNamed(at, 'FunctionCallBody') as At)
  if (given.length !== signature.args.length) {
    throw errorAt(at, `expected ${signature.args.length} argument(s) in call to "${name}", got ${given.length}`)
  }
  const args = given.map(read)
  signature.args.forEach((type, i) => { expectType(given[i] as At, args[i] as Expr, type, `call to function "${name}"`) })
  return { kind: 'call', type: signature.type, name, args, argumentsAt: given.map(arg => arg.node.from) }
}

function expectType (at: At, expr: Expr, type: ValueType, where: string): void {
  if (expr.type !== type) {
    throw errorAt(at, `expected type ${TYPE_NAMES[type]} in ${where}, got ${TYPE_NAMES[expr.type]}`)
  }
}
