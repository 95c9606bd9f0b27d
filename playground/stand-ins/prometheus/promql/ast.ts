// The tree of a query after the grammar's concrete tree was checked and simplified.
import type { Matcher } from '../labels.ts'

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

export type Operator = '+' | '-' | '*' | '/' | '%' | '^' | '==' | '!=' | '<' | '>' | '<=' | '>=' | 'and' | 'or' | 'unless'
export type AggregateOperator = 'sum' | 'avg' | 'min' | 'max' | 'count'

export type FunctionName =
  | 'abs' | 'absent' | 'clamp_max' | 'clamp_min' | 'histogram_quantile' | 'scalar' | 'time' | 'vector'
  | RangeFunctionName
export type RangeFunctionName =
  | 'avg_over_time' | 'count_over_time' | 'increase' | 'last_over_time' | 'max_over_time' | 'min_over_time'
  | 'rate' | 'sum_over_time'

/** How the two sides of a binary operation find each other. */
export interface Matching {
  readonly on: boolean
  readonly labels: readonly string[]
  /** The side that may have many series a match; undefined is one-to-one. */
  readonly many: 'left' | 'right' | undefined
  /** Labels copied from the "one" side by group_left / group_right. */
  readonly include: readonly string[]
}

export interface Selector {
  readonly kind: 'selector'
  readonly type: 'vector'
  readonly matchers: readonly Matcher[]
  /** Seconds into the past; negative looks into the future. */
  readonly offset: number
}

export interface RangeSelector {
  readonly kind: 'range'
  readonly type: 'matrix'
  readonly selector: Selector
  /** Length of the window in seconds. */
  readonly range: number
}

export interface Call {
  readonly kind: 'call'
  readonly type: ValueType
  readonly name: FunctionName
  readonly args: readonly Expr[]
  /** Where each argument begins in the query, for notes about it. */
  readonly argumentsAt: readonly number[]
}

export interface Aggregate {
  readonly kind: 'aggregate'
  readonly type: 'vector'
  readonly operator: AggregateOperator
  readonly without: boolean
  readonly labels: readonly string[]
  readonly of: Expr
}

export interface Binary {
  readonly kind: 'binary'
  readonly type: ValueType
  readonly operator: Operator
  readonly left: Expr
  readonly right: Expr
  readonly bool: boolean
  readonly matching: Matching
}

export interface Negate {
  readonly kind: 'negate'
  readonly type: ValueType
  readonly of: Expr
}

export type Expr = Selector | RangeSelector | Call | Aggregate | Binary | Negate
  | { readonly kind: 'number', readonly type: 'scalar', readonly value: number }
  | { readonly kind: 'string', readonly type: 'string', readonly value: string }

export const COMPARISONS: readonly Operator[] = ['==', '!=', '<', '>', '<=', '>=']
export const SET_OPERATORS: readonly Operator[] = ['and', 'or', 'unless']
