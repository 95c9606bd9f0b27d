// Texts of objects that the hook of kind MLflow makes, read off what it makes for a spec that needs all of them: scripts of containers, and a picture.
import { isMap } from '../../../hooks/core/plain-value.ts'
import { readSpec } from '../../../hooks/core/spec.ts'
import { CONSOLE_LINK } from '../../../hooks/mlflow/children.ts'
import { MIGRATION_LAUNCHER, MIGRATION_PROGRAM } from '../../../hooks/mlflow/migration/program.ts'
import type { Request } from '../../../hooks/mlflow/place.ts'
import { makeConsoleLink } from '../../../hooks/mlflow/resources/console-link.ts'
import { makeServerTemplate } from '../../../hooks/mlflow/resources/server-template.ts'
import { makeTraceArchival } from '../../../hooks/mlflow/resources/trace-archival.ts'
import { Spec } from '../../../hooks/mlflow/schema.ts'

/** File by container. */
const SCRIPTS = {
  'combine-ca-bundles': 'combine-authorities.sh',
  'ca-bundle-watcher': 'watch-authorities.sh',
  'write-auth-config': 'write-auth-config.sh'
} as const

type CronJob = { spec: { jobTemplate: { spec: { template: { spec: { containers: unknown[] } } } } } }

const EVERYTHING = {
  backendStoreUri: 'postgresql://db/mlflow',
  artifactsDestination: 's3://mlflow',
  ingress: { mode: 'Ingress', host: 'mlflow.example.com', tlsSecretName: 'certificate' },
  traceArchival: { enabled: true, location: 's3://mlflow/traces', retention: '30d' },
  caBundleConfigMap: { name: 'authorities' },
  auth: { mode: 'Basic', databaseUri: 'postgresql://db/auth', adminPasswordSecret: { name: 'admin', key: 'password' }, secretKeySecret: { name: 'admin', key: 'key' } }
}

/** Text by file. Throws where something is not made any more. */
export function makeTexts (): Array<[string, string]> {
  const request = exampleRequest()
  const { initContainers = [], containers = [] } = makeServerTemplate(request, undefined).spec as { initContainers?: unknown[], containers?: unknown[] }
  const [archival] = makeTraceArchival(request) as unknown as [CronJob]
  const scripts = Object.entries(SCRIPTS).map(([name, file]): [string, string] => [file, scriptOf([...initContainers, ...containers].find((container) => isMap(container) && container.name === name))])
  const migration: Array<[string, string]> = [['migration.py', MIGRATION_PROGRAM], ['migration.sh', MIGRATION_LAUNCHER]]
  return [...scripts, ...migration, ['archive-traces.sh', scriptOf(archival.spec.jobTemplate.spec.template.spec.containers[0])], ['icon.txt', `${iconOf(makeConsoleLink(request))}\n`]]
}

function iconOf (link: unknown): string {
  const { spec } = link as { spec: { applicationMenu: { imageURL: string } } }
  return spec.applicationMenu.imageURL
}

function exampleRequest (): Request {
  const { spec } = readSpec({ spec: Spec }, EVERYTHING)
  const parent = { apiVersion: 'sluice.dev/v1alpha1', kind: 'MLflow', metadata: { name: 'mlflow' }, spec: spec as Spec }
  return { controller: { spec: { childResources: [CONSOLE_LINK] } }, parent, children: {}, related: {}, finalizing: false }
}

/** The last of `/bin/sh -ec <script>`. */
function scriptOf (container: unknown): string {
  const script: unknown = isMap(container) && Array.isArray(container.command) ? container.command.at(-1) : undefined
  if (typeof script !== 'string') throw new Error('the hook makes no such container; correct the names above')
  return script
}
