// The condition RegistryFound over what specs ask and registries answer, as a whole sync tells it.
import t from 'tap'
import { answerSync } from '../../hooks/core/answer.ts'
import { formatFact, type RegistryFact } from '../../hooks/core/facts.ts'
import { FACTS } from '../../hooks/core/labels.ts'
import { mlflowModel } from '../../hooks/mlflow-model/index.ts'
import { findScenarios } from '../helpers/scenarios.ts'

type Condition = { type: string, status: string, reason: string, message: string }
type Row = { name: string, modelUri?: string, fact: Partial<RegistryFact>, want: [status: string, reason: string, message: string] }

const serving = findScenarios().find(({ name }) => name === '06-serving')!.input as { parent: { spec: { serving: object }, metadata: { annotations: Record<string, string> } } }
const FOUND = JSON.parse(serving.parent.metadata.annotations[FACTS.registry] ?? '') as RegistryFact

/** The condition of the golden object that serves version 1, with another answer or template. */
function registryFound ({ modelUri = '', fact }: Row): Condition | undefined {
  const request = structuredClone(serving)
  request.parent.spec.serving = { ...request.parent.spec.serving, modelUri }
  request.parent.metadata.annotations[FACTS.registry] = formatFact({ ...FOUND, ...fact })
  const { status } = answerSync(mlflowModel, request as never) as unknown as { status: { conditions: Condition[] } }
  return status.conditions.find(({ type }) => type === 'RegistryFound')
}

const isVersion = 'Alias champion of model bank-churn is version 1'
const noUri = { uri: undefined as never, problem: 'artifacts are behind the proxy' }

const rows: Row[] = [
  { name: 'a version with a URI is found', fact: {}, want: ['True', 'Found', `${isVersion}.`] },
  { name: 'one that nothing can load is not', fact: noUri, want: ['False', 'UriUnresolvable', `${isVersion}, which cannot be loaded: artifacts are behind the proxy`] },
  { name: 'nor one of which nobody says why', fact: { uri: undefined as never }, want: ['False', 'UriUnresolvable', `${isVersion}, which cannot be loaded: its storage URI is unknown`] },
  { name: 'one that the spec says how to load is', modelUri: 's3://fixed/{name}/{version}', fact: noUri, want: ['True', 'Found', `${isVersion}.`] },
  { name: 'but not when that needs the URI', modelUri: '{uri}/model', fact: noUri, want: ['False', 'UriUnresolvable', `${isVersion}, which cannot be loaded: artifacts are behind the proxy`] },
  { name: 'a registry that never answered is told with cause and remedy', fact: { state: 'Unreachable', problem: 'it refuses the Host header; set host' }, want: ['Unknown', 'RegistryUnreachable', 'Registry default has given no answer for this object yet: it refuses the Host header; set host. It is asked again and again.'] },
  { name: 'an entry that may not be asked, too', fact: { state: 'Refused', problem: 'there is no registry default; name another' }, want: ['Unknown', 'RegistryRefused', 'Alias champion of model bank-churn is not looked up: there is no registry default; name another.'] }
]

for (const row of rows) {
  t.test(row.name, async (t) => {
    const { status, reason, message } = registryFound(row) ?? {}
    t.strictSame([status, reason, message], row.want)
  })
}
