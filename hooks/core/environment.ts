// Settings from environment variables by a schema: one schema of a program knows all of them, and every mistake is told with the variable's name.
import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

export type Variables = Record<string, string | undefined>

/** The settings are wrong; the message has one line a mistake, with the variable or the place in the file, and the remedy. */
export class SettingsError extends Error {
  override name = 'SettingsError'
}

/**
 * Reads the variables that the schema names. Each property is one variable, and its description what it must be; an empty variable counts as
 * not set. `problems` has one sentence a mistake: `values` may be used only if there is none.
 */
export function readEnvironment<T extends TObject> (schema: T, variables: Variables): { values: Static<T>, problems: string[] } {
  const given = Object.entries(schema.properties).flatMap(([name, property]) => variables[name] ? [[name, valueOf(property, variables[name])]] : [])
  const values = Value.Default(schema, Object.fromEntries(given)) as Static<T>
  const wrong = new Set([...Value.Errors(schema, values)].map(({ path }) => path.slice(1)))
  return { values, problems: [...wrong].map((name) => problemOf(name, schema.properties[name] as TSchema, variables[name])) }
}

/** Not Value.Convert, which makes port 80 of 80.5. */
function valueOf (schema: TSchema, text: string): string | number {
  const number = Number(text)
  return schema.type === 'string' || Number.isNaN(number) ? text : number
}

function problemOf (name: string, schema: TSchema, text: string | undefined): string {
  if (!text) return `${name} is not set: set it to ${schema.description}`
  return `${name} is ${JSON.stringify(text)}, and must be ${schema.description}; correct it, or unset it for ${JSON.stringify(schema.default)}`
}
