// Requests and limits: the user's over the defaults, key by key.
import { canonicalQuantity, quantityValue } from '../../core/quantity.ts'
import { defined } from '../../core/plain-value.ts'
import type { ServerResources } from '../schema/fields.ts'
import { givenList, type Fields } from './given.ts'

type Amounts = Record<string, string | number>
type Defaults = { requests: Record<string, string>, limits: Record<string, string> }

const SERVER: Defaults = { requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '4', memory: '3Gi' } }

/** For whatever works on the databases by a schedule. */
export const TASK: Defaults = { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' } }

/** A default gives way where the user's other half contradicts it: more requested than its limit, or a limit below its request. */
export function mergedResources (given: ServerResources | undefined, defaults: Defaults = SERVER): Fields {
  const { requests = {}, limits = {}, claims } = given ?? {}
  return defined({
    requests: canonical({ ...bounded(defaults.requests, limits, (mine, theirs) => mine <= theirs), ...requests }),
    limits: canonical({ ...bounded(defaults.limits, requests, (mine, theirs) => mine >= theirs), ...limits }),
    claims: claims?.length ? givenList(claims) : undefined
  })
}

/** Those defaults that agree with the user's numbers; the number itself where one does not. */
function bounded (defaults: Amounts, others: Amounts, agrees: (mine: number, theirs: number) => boolean): Amounts {
  return Object.fromEntries(Object.entries(defaults).map(([name, amount]) => {
    const other = Object.hasOwn(others, name) ? others[name] : undefined
    const numbers = other === undefined ? undefined : [quantityValue(amount), quantityValue(other)]
    return [name, numbers?.[0] === undefined || numbers[1] === undefined || agrees(numbers[0], numbers[1]) ? amount : other ?? amount]
  }))
}

function canonical (amounts: Amounts): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, canonicalQuantity(amount)]))
}
