// Reads request parameters the way MLflow's handlers do, with their messages.
import { invalid } from './errors.ts'

/** Query parameters or a JSON body; repeated query parameters come as lists. */
export type Parameters = Readonly<Record<string, unknown>>

/** A required string; empty counts as missing. */
export function required (parameters: Parameters, name: string): string {
  const value = parameters[name]
  if (value === undefined || value === '' || value === null) {
    throw invalid(`Missing value for required parameter '${name}'. See the API docs for more information about request parameters.`)
  }
  if (typeof value !== 'string') throw wrong(name, value)
  return value
}

export function optional (parameters: Parameters, name: string): string {
  const value = parameters[name]
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw wrong(name, value)
  return value
}

/** The required name of a model; the REST handlers refuse slashes and colons in it. */
export function modelName (parameters: Parameters): string {
  const name = required(parameters, 'name')
  if (/[/:]/.test(name)) throw invalid(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`)
  return name
}

export function versionNumber (parameters: Parameters): string {
  const version = required(parameters, 'version')
  if (!/^\d+$/.test(version)) throw invalid(`Parameter 'version' must be an integer, got '${version}'.`)
  return version
}

/** max_results; above `highest` or not a number it is refused. */
export function pageSize (parameters: Parameters, standard: number, highest: number): number {
  const value = parameters['max_results']
  if (value === undefined) return standard
  const size = Number(value)
  if (!Number.isInteger(size) || size > highest) throw wrong('max_results', value)
  return size
}

export function list (parameters: Parameters, name: string): string[] {
  const value = parameters[name]
  return value === undefined ? [] : [value].flat().map(String)
}

/** `tags: [{key, value}]` of a create call. */
export function tagList (parameters: Parameters): Array<readonly [string, string]> {
  const tags = parameters['tags']
  if (!Array.isArray(tags)) return []
  return (tags as Array<{ key?: unknown, value?: unknown }>).map(({ key, value }) => [String(key), String(value ?? '')])
}

function wrong (name: string, value: unknown): Error {
  const type = typeof value === 'string' ? 'str' : typeof value === 'number' ? 'int' : Array.isArray(value) ? 'list' : 'dict'
  return invalid(`Invalid value ${JSON.stringify(value)} for parameter '${name}' supplied:  Hint: Value was of type '${type}'. ` +
    'See the API docs for more information about request parameters.')
}
