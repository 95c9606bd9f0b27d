// Binary operations: operator, `bool`, matching clause, and the type rules of the three.
import { COMPARISONS, SET_OPERATORS } from './ast.ts'
import type { Binary, Expr, Matching, Operator } from './ast.ts'
import { readString } from './selectors.ts'
import { childNamed, childrenOf, errorAt, outsideSubset, textOf } from './tree.ts'
import type { At } from './tree.ts'

const OPERATORS: Readonly<Record<string, Operator>> = {
  Add: '+', Sub: '-', Mul: '*', Div: '/', Mod: '%', Pow: '^',
  Eql: '==', Neq: '!=', Lss: '<', Gtr: '>', Lte: '<=', Gte: '>=',
  And: 'and', Or: 'or', Unless: 'unless'
}
const NO_MATCHING: Matching = { on: false, labels: [], many: undefined, include: [] }

/** A binary operation of the concrete tree; `read` converts its sides. */
export function readBinary (at: At, read: (at: At) => Expr): Expr {
  const parts = childrenOf(at)
  const first = parts[0] as At
  const operatorAt = parts[1] as At
  const operator = OPERATORS[operatorAt.node.name]
  if (operator === undefined) throw outsideSubset(at, `the operator "${textOf(operatorAt)}"`)
  if (childNamed(at, 'FillModifier') !== undefined) throw outsideSubset(at, 'the fill modifier')
  const left = read(first)
  const right = read(parts.at(-1) as At)
  const clause = childNamed(at, 'MatchingModifierClause')
  const matching = clause === undefined ? NO_MATCHING : readMatching(clause)
  const bool = childNamed(at, 'BoolModifier') !== undefined
  const type = left.type === 'scalar' && right.type === 'scalar' ? 'scalar' : 'vector'
  const binary: Binary = { kind: 'binary', type, operator, left, right, bool, matching }
  checkTypes(at, binary)
  checkModifiers(at, binary, clause !== undefined)
  return bindSignLoosely(binary, textOf(first))
}

// The grammar reads `-1^2` as (-1)^2, Prometheus as -(1^2): the sign goes round the power.
function bindSignLoosely (binary: Binary, leftText: string): Expr {
  const { left } = binary
  if (binary.operator !== '^' || left.kind !== 'number' || !leftText.startsWith('-')) return binary
  return { kind: 'negate', type: binary.type, of: { ...binary, left: { ...left, value: -left.value } } }
}

function readMatching (clause: At): Matching {
  const parts = childrenOf(clause)
  const lists = parts.filter(part => part.node.name === 'GroupingLabels').map(readLabelList)
  const names = parts.map(part => part.node.name)
  const many = names.includes('GroupLeft') ? 'left' : names.includes('GroupRight') ? 'right' : undefined
  return { on: names.includes('On'), labels: lists[0] ?? [], many, include: lists[1] ?? [] }
}

/** `(a, b)` of by, without, on, ignoring and group_left. */
export function readLabelList (at: At): string[] {
  return childrenOf(at).map(label => label.node.name === 'QuotedLabelName' ? readString(label) : textOf(label))
}

function checkTypes (at: At, { left, right, operator }: Binary): void {
  for (const side of [left, right]) {
    if (side.type === 'matrix' || side.type === 'string') {
      throw errorAt(at, 'binary expression must contain only scalar and instant vector types')
    }
  }
  if (SET_OPERATORS.includes(operator) && (left.type === 'scalar' || right.type === 'scalar')) {
    throw errorAt(at, `set operator "${operator}" not allowed in binary scalar expression`)
  }
}

function checkBool (at: At, operator: Operator, bool: boolean, scalars: number): void {
  const comparison = COMPARISONS.includes(operator)
  if (bool && !comparison) throw errorAt(at, 'bool modifier can only be used on comparison operators')
  if (comparison && scalars === 2 && !bool) throw errorAt(at, 'comparisons between scalars must use BOOL modifier')
}

function checkModifiers (at: At, { left, right, operator, bool, matching }: Binary, hasClause: boolean): void {
  const scalars = [left, right].filter(side => side.type === 'scalar').length
  checkBool(at, operator, bool, scalars)
  if (hasClause && scalars > 0 && matching.labels.length > 0) {
    throw errorAt(at, 'vector matching only allowed between instant vectors')
  }
  if (SET_OPERATORS.includes(operator) && matching.many !== undefined) {
    throw errorAt(at, `no grouping allowed for "${operator}" operation`)
  }
  const doubled = matching.on ? matching.include.find(label => matching.labels.includes(label)) : undefined
  if (doubled !== undefined) throw errorAt(at, `label "${doubled}" must not occur in ON and GROUP clause at once`)
}
