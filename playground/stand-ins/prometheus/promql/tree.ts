// Small steps over the concrete tree of the grammar package, shared by the parts of the parser.
import type { parser } from '@prometheus-io/lezer-promql'

import { parseError } from './errors.ts'
import type { QueryError } from './errors.ts'

type SyntaxNode = ReturnType<typeof parser.parse>['topNode']

/** A node together with the query it came from; every step of the parser takes one. */
export interface At {
  readonly query: string
  readonly node: SyntaxNode
}

export function textOf ({ query, node }: At): string {
  return query.slice(node.from, node.to)
}

/** The children of a node, comments left out. */
export function childrenOf ({ query, node }: At): At[] {
  const children: At[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push({ query, node: child })
  }
  return children
}

export function childNamed (at: At, name: string): At | undefined {
  return childrenOf(at).find(child => child.node.name === name)
}

/** An error about this node; the message names what is wrong. */
export function errorAt ({ query, node }: At, message: string): QueryError {
  return parseError(query, node.from, message)
}

/** The error for what PromQL knows and this stand-in does not. */
export function outsideSubset (at: At, construct: string): QueryError {
  return errorAt(at, `${construct} is not in the subset of PromQL that this stand-in evaluates`)
}
