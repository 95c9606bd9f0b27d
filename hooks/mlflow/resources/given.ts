// What users give as Kubernetes' own fields, made fit to be sent: without nulls and what is empty, with what the API server would fill in.
import { isMap, isSendable, withoutEmpty } from '../../core/plain-value.ts'

export type Fields = Record<string, unknown>

/** A copy that may be sent; undefined where nothing of it can be. */
export function given (fields: object | undefined): Fields | undefined {
  if (fields === undefined) return undefined
  const cleaned = withoutEmpty(withoutNulls(fields) as Fields)
  return Object.keys(cleaned).length > 0 && isSendable(cleaned) ? cleaned : undefined
}

/** A list of such; entries that nothing is left of are gone. */
export function givenList (list: object[] = []): Fields[] {
  return list.map(given).filter((item) => item !== undefined)
}

/** Of two entries with one key the later wins, in the place of the first. */
export function unique (list: Fields[], key: string): Fields[] {
  return [...new Map(list.map((item) => [item[key], item])).values()]
}

function withoutNulls (value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null && item !== undefined).map(withoutNulls)
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null && field !== undefined).map(([key, field]) => [key, withoutNulls(field)]))
}
