// From where a version is loaded: what the registry resolved, or what a spec's template makes of it. Hooks load by it, and the poller speaks of it.

/** What a template may name. `uri` is absent when the registry's answer could not be resolved to storage. */
export type ModelUriValues = { name: string, version: string, uri?: string | undefined }

/** Characters of a URI that memory holds; a template may make any number of them. */
export const LONGEST_URI = 2048

/** The template over {name}, {version} and {uri}; an empty one is {uri}. Undefined when it needs the URI and there is none, or when it becomes too long. */
export function modelUri (template: string, { name, version, uri }: ModelUriValues): string | undefined {
  const text = template || '{uri}'
  if (uri === undefined && text.includes('{uri}')) return undefined
  const values: Record<string, string> = { name, version, uri: uri ?? '' }
  const filled = text.replace(/\{(name|version|uri)\}/g, (_match, key: string) => values[key] ?? '')
  return filled === '' || filled.length > LONGEST_URI ? undefined : filled
}
