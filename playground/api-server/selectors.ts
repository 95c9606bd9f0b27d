// Label and field selectors: the query syntax of list and watch, and the LabelSelector object.
import { badRequest } from './api-error.ts'
import { isMap, valueAt } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
export interface Requirement { key: string, operator: Operator, values: string[] }
export type Matcher = (object: KubeObject) => boolean

/** metav1.LabelSelector. */
export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string, operator: string, values?: string[] }[]
}

const patterns: [RegExp, (found: RegExpMatchArray) => Requirement][] = [
  [/^([\w./-]+)\s+in\s*\(([^)]*)\)$/, (found) => ({ key: found[1]!, operator: 'In', values: splitValues(found[2]!) })],
  [/^([\w./-]+)\s+notin\s*\(([^)]*)\)$/, (found) => ({ key: found[1]!, operator: 'NotIn', values: splitValues(found[2]!) })],
  [/^!\s*([\w./-]+)$/, (found) => ({ key: found[1]!, operator: 'DoesNotExist', values: [] })],
  [/^([\w./-]+)\s*!=\s*([\w.-]*)$/, (found) => ({ key: found[1]!, operator: 'NotIn', values: [found[2]!] })],
  [/^([\w./-]+)\s*==?\s*([\w.-]*)$/, (found) => ({ key: found[1]!, operator: 'In', values: [found[2]!] })],
  [/^([\w./-]+)\s*>\s*(-?\d+)$/, (found) => ({ key: found[1]!, operator: 'Gt', values: [found[2]!] })],
  [/^([\w./-]+)\s*<\s*(-?\d+)$/, (found) => ({ key: found[1]!, operator: 'Lt', values: [found[2]!] })],
  [/^([\w./-]+)$/, (found) => ({ key: found[1]!, operator: 'Exists', values: [] })]
]

function splitValues (text: string): string[] {
  return text.split(',').map((part) => part.trim())
}

/** Parses `a=b,c!=d,e in (x,y),!f,g`. Throws 400 on anything else. */
export function parseLabelSelector (text: string): Requirement[] {
  // Commas inside parentheses separate values, not requirements.
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim()).filter(Boolean)
  return parts.map((part) => {
    for (const [pattern, make] of patterns) {
      const found = part.match(pattern)
      if (found) return make(found)
    }
    throw badRequest(`unable to parse requirement: ${part}`)
  })
}

/** True if labels meet one requirement. NotIn also holds where the key is absent. */
export function meets (labels: Record<string, string>, requirement: Requirement): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  switch (requirement.operator) {
    case 'In': return value !== undefined && requirement.values.includes(value)
    case 'NotIn': return value === undefined || !requirement.values.includes(value)
    case 'Exists': return value !== undefined
    case 'DoesNotExist': return value === undefined
    case 'Gt': return value !== undefined && Number(value) > Number(requirement.values[0])
    case 'Lt': return value !== undefined && Number(value) < Number(requirement.values[0])
    default: return requirement.operator satisfies never
  }
}

/** The requirements a LabelSelector object stands for. Throws on an unknown operator. */
export function requirementsOf (selector: LabelSelector): Requirement[] {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]): Requirement => ({ key, operator: 'In', values: [value] }))
  const expressions = (selector.matchExpressions ?? []).map((expression): Requirement => {
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(expression.operator)) {
      throw badRequest(`"${expression.operator}" is not a valid label selector operator`)
    }
    return { key: expression.key, operator: expression.operator as Operator, values: expression.values ?? [] }
  })
  return [...labels, ...expressions]
}

function parseFieldSelector (text: string, allowed: readonly string[]): Matcher[] {
  return text.split(',').map((part) => part.trim()).filter(Boolean).map((part) => {
    const found = part.match(/^([\w.]+)\s*(==?|!=)\s*(.*)$/)
    const field = found?.[1] ?? part
    if (!found || !(field === 'metadata.name' || field === 'metadata.namespace' || allowed.includes(field))) {
      throw badRequest(`field label not supported: ${field}`)
    }
    return (object) => {
      const value = valueAt(object, field.split('.'))
      const same = String(value ?? '') === found[3]
      return found[2] === '!=' ? !same : same
    }
  })
}

/** One predicate of both selectors of a request; empty selectors match everything. */
export function parseSelectors (labelSelector: string | null, fieldSelector: string | null, allowed: readonly string[]): Matcher {
  const requirements = parseLabelSelector(labelSelector ?? '')
  const fields = parseFieldSelector(fieldSelector ?? '', allowed)
  if (requirements.length === 0 && fields.length === 0) return () => true
  return (object) => {
    const labels = isMap(object.metadata.labels) ? object.metadata.labels : {}
    return requirements.every((requirement) => meets(labels, requirement)) && fields.every((matches) => matches(object))
  }
}
