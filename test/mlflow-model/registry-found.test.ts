// The condition RegistryFound over what specs ask and registries answer, as a whole sync tells it.
import t from 'tap'
import { answerSync } from '../../hooks/core/answer.ts'
import { formatFact, type RegistryFact } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import type { Registries } from '../../hooks/core/registry-access.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { findScenarios } from '../helpers/scenarios.ts'

type Condition = { type: string, status: string, reason: string, message: string }
type Row = { name: string, modelUri?: string, registries?: Registries, fact: Partial<RegistryFact>, want: [status: string, reason: string, message: string] }

const serving = findScenarios().find(({ name }) => name === '06-serving')!.input as { parent: { spec: { serving: object }, metadata: { annotations: Record<string, string> } } }
const FOUND = JSON.parse(serving.parent.metadata.annotations[FACTS.registry] ?? '') as RegistryFact

/** The condition of the golden object that serves version 1, with another answer or template. */
function registryFound ({ modelUri = '', registries, fact }: Row): Condition | undefined {
  const request = { ...structuredClone(serving), ...(registries && { registries }) }
  request.parent.spec.serving = { ...request.parent.spec.serving, modelUri }
  request.parent.metadata.annotations[FACTS.registry] = formatFact({ ...FOUND, ...fact })
  const { status } = answerSync(mlflowModel, request as never) as unknown as { status: { conditions: Condition[] } }
  return status.conditions.find(({ type }) => type === 'RegistryFound')
}

const isVersion = 'Alias champion of model bank-churn is version 1'
const noUri = { uri: undefined as never, problem: 'artifacts are behind the proxy' }

const inRoots = { default: { artifactRoots: ['s3://roots'] } }
const notFollowed = 'Alias champion of model bank-churn is not followed'
const remedy = "log the model to a place that is allowed, or ask the registry's owner to add its place to registries.default.artifactRoots"

const rows: Row[] = [
  { name: 'a version with a URI is found', fact: {}, want: ['True', 'Found', `${isVersion}.`] },
  { name: 'one that nothing can load is not', fact: noUri, want: ['False', 'UriUnresolvable', `${isVersion}, which cannot be loaded: artifacts are behind the proxy`] },
  { name: 'nor one of which nobody says why', fact: { uri: undefined as never }, want: ['False', 'UriUnresolvable', `${isVersion}, which cannot be loaded: its storage URI is unknown`] },
  { name: 'one that the spec says how to load is', modelUri: 's3://fixed/{name}/{version}', fact: noUri, want: ['True', 'Found', `${isVersion}.`] },
  { name: 'but not when that needs the URI', modelUri: '{uri}/model', fact: noUri, want: ['False', 'UriUnresolvable', `${isVersion}, which cannot be loaded: artifacts are behind the proxy`] },
  { name: 'a registry that never answered is told with cause and remedy', fact: { state: 'Unreachable', problem: 'it refuses the Host header; set host' }, want: ['Unknown', 'RegistryUnreachable', 'Registry default has given no answer for this object yet: it refuses the Host header; set host. It is asked again and again.'] },
  { name: 'an entry that may not be asked, too', fact: { state: 'Refused', problem: 'there is no registry default; name another' }, want: ['Unknown', 'RegistryRefused', 'Alias champion of model bank-churn is not looked up: there is no registry default; name another.'] },
  { name: 'a version from where it may come is found', registries: inRoots, fact: { uri: 's3://roots/7' }, want: ['True', 'Found', `${isVersion}.`] },
  { name: 'one from elsewhere is not followed', registries: inRoots, fact: { uri: 's3://evil/7' }, want: ['False', 'UriNotAllowed', `${notFollowed}: s3://evil/7 lies outside of what the registry entry allows; ${remedy}.`] },
  { name: 'nor one that a template leads elsewhere', modelUri: 'pvc://mine/{version}', registries: inRoots, fact: { uri: 's3://roots/7' }, want: ['False', 'UriNotAllowed', `${notFollowed}: pvc://mine/1 lies outside of what the registry entry allows; ${remedy}.`] },
  { name: 'or back and elsewhere', modelUri: '{uri}/../../evil', registries: inRoots, fact: { uri: 's3://roots/7' }, want: ['False', 'UriNotAllowed', `${notFollowed}: the URI is not plain, so nobody can tell whether it lies where the registry entry allows (no .., %2e, \\, ? or #); ${remedy}.`] },
  { name: 'a template may lead to where it may come from', modelUri: 's3://roots/{name}/{version}', registries: inRoots, fact: { uri: 's3://evil/7' }, want: ['True', 'Found', `${isVersion}.`] },
  { name: 'an alias that is missing says nothing of places', registries: inRoots, fact: { state: 'AliasMissing', uri: 's3://evil/7' }, want: ['False', 'AliasNotFound', 'Registry default knows model bank-churn, but no alias champion of it; set the alias in MLflow.'] },
  { name: 'no answer of an entry that is not for this namespace is followed', registries: { default: { namespaces: ['shop'] } }, fact: {}, want: ['False', 'NamespaceNotAllowed', `${notFollowed}: objects in namespace models may not use registry default; ask its owner to add the namespace to registries.default.namespaces.`] },
  { name: 'not even that the alias is missing', registries: { default: { workspaces: ['w'] } }, fact: { state: 'AliasMissing' }, want: ['False', 'WorkspaceNotAllowed', `${notFollowed}: objects in namespace models may not use the default workspace of registry default; change spec.workspace, or ask its owner to change registries.default.workspaces.`] },
  { name: 'nor of an entry that there is not', registries: { other: {} }, fact: {}, want: ['False', 'UnknownRegistry', `${notFollowed}: there is no registry default; name an MLflow object, or an entry of the poller's configuration, in spec.registry.`] }
]

for (const row of rows) {
  t.test(row.name, async (t) => {
    const { status, reason, message } = registryFound(row) ?? {}
    t.strictSame([status, reason, message], row.want)
  })
}

t.test('an object that serves nothing yet says what keeps it from following its alias, and nothing is deployed', async (t) => {
  const first = findScenarios().find(({ name }) => name === '02-first-version')!.input
  const { status, children } = answerSync(mlflowModel, { ...first, registries: {} })
  t.strictSame(children, [])
  t.match(status, { phase: 'Pending', reason: 'UnknownRegistry', error: "The alias is not followed: there is no registry default; name an MLflow object, or an entry of the poller's configuration, in spec.registry." })
})
