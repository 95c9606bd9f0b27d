// Environments of the pods of a version: of several that set one variable the last wins, but nobody else sets ours.
import type { EnvVar } from '../../core/schema.ts'
import type { Layout } from '../../serving/runtimes/runtime.ts'
import { OWN_VARIABLES, type Spec } from '../schema.ts'

/** Where the model lies: its file, or its folder where it has several. */
export function modelPath ({ folder, fileName }: Layout): string {
  return fileName ? `${folder}/${fileName}` : folder
}

/** What a validation script is told beside its environment. */
export function scriptVariables ({ modelURI, version }: Spec, layout: Layout): EnvVar[] {
  return [{ name: 'MODEL_PATH', value: modelPath(layout) }, { name: 'MODEL_URI', value: modelURI }, { name: 'MODEL_VERSION', value: version }]
}

/** What a server is told beside what its runtime needs. */
export function serverVariables ({ version }: Spec): EnvVar[] {
  return version === '' ? [] : [{ name: 'MODEL_VERSION', value: version }]
}

/** One entry a name, in the order of their first mention; `own` wins where the name is one of ours. */
export function mergedVariables (own: EnvVar[], ...given: EnvVar[][]): EnvVar[] {
  const ours = own.filter(({ name }) => (OWN_VARIABLES as readonly string[]).includes(name))
  const merged = new Map([...own, ...given.flat(), ...ours].map((variable) => [variable.name, variable]))
  return [...merged.values()].map(({ value, ...rest }) => rest.valueFrom || value === undefined ? rest : { ...rest, value })
}
