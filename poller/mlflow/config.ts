// What the poller's configuration says of MLflow objects as registries: all of them are entries by their names, and this is what no object says of itself.
import { Type, type Static } from '@sinclair/typebox'
import { accessProblems } from '../../hooks/core/registry-access.ts'
import { authProblems, BasicAuth, caFile, endpointProperties, parseConfig } from '../http/config.ts'
import { askingProperties } from '../registry/config.ts'
import { holdsCredentials } from '../registry/resolve-uri.ts'

export const MlflowServersConfig = Type.Object({
  ...askingProperties,
  auth: Type.Optional(Type.Object({ basic: Type.Optional(BasicAuth) }, { additionalProperties: false, description: 'For objects with auth.mode Basic. kubernetesAuth is for those with auth.mode Kubernetes.' })),
  caFile,
  caSecrets: Type.Boolean({ default: false, description: 'Whether ca.crt of the Secret with the certificate says whom to trust. Needs get on these Secrets.' }),
  headers: endpointProperties.headers,
  workspaces: Type.Array(Type.String({ maxLength: 256 }), { default: ['', '{namespace}'], description: 'Workspaces that may be asked for, as of an entry; absent means none and the one named like the namespace of the object.' }),
  references: Type.Boolean({ default: false, description: 'Whether objects are told when a Secret or ConfigMap that they name has changed. Needs get on these.' })
}, { additionalProperties: false, default: {}, description: 'MLflow objects as registries.' })
export type MlflowServersConfig = Static<typeof MlflowServersConfig>

/** The section with its defaults. `at` is its place in the file. Throws ConfigError with a line for every wrong field. */
export function parseMlflowServersConfig (value: unknown, at: string): MlflowServersConfig {
  return parseConfig(MlflowServersConfig, value ?? {}, at, (config) => {
    const { artifactRoots = [] } = config
    const secret = artifactRoots.some(holdsCredentials) ? ['artifactRoots: must hold no credentials; they say where models lie, and nothing else'] : []
    return [...authProblems(config.auth ?? {}), ...secret, ...accessProblems(config)]
  })
}
