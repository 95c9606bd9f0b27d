// JSON merge patch (RFC 7386) and JSON patch (RFC 6902).
import { applyPatch } from 'rfc6902'
import type { Operation } from 'rfc6902'
import { apiError } from './api-error.ts'
import { cloneJson, isMap } from './kube-object.ts'

/** The result of a merge patch: null removes, maps merge, anything else replaces. */
export function mergePatch (target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch
  const result: Record<string, unknown> = isMap(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}

/** The result of a JSON patch. Throws 422 if an operation cannot be done (a path that is missing, a test that fails). */
export function jsonPatch (target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw apiError(400, 'BadRequest', 'a JSON patch must be a list of operations')
  const result = cloneJson(target)
  const error = applyPatch(result, operations as Operation[]).find((outcome) => outcome !== null)
  if (error) throw apiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
  return result
}
