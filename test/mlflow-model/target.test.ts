// From the registry's answer to a target.
import t from 'tap'
import type { RegistryFact } from '../../hooks/core/facts.ts'
import { targetOf } from '../../hooks/mlflow-model/target.ts'
import type { Target } from '../../hooks/mlflow-model/rollout/facts.ts'
import { at } from '../helpers/rollout.ts'
import { specOf } from '../helpers/poller-model.ts'

const FOUND: RegistryFact = {
  server: 'default',
  workspace: '',
  model: 'churn',
  alias: 'champion',
  state: 'Found',
  version: '7',
  createdAt: '2026-11-07T00:00:00.000Z',
  uri: 's3://models/7',
  observedAt: at(0)
}
const identity = { version: '7', createdAt: '2026-11-07T00:00:00.000Z' }
const found = (uri?: string): Target => ({ kind: 'Version', version: { ...identity, ...(uri !== undefined && { uri }) } })
const without = (...fields: Array<keyof RegistryFact>): RegistryFact => Object.fromEntries(Object.entries(FOUND).filter(([field]) => !(fields as string[]).includes(field))) as RegistryFact

const rows: Array<{ name: string, spec?: object, fact?: RegistryFact, want: Target }> = [
  { name: 'without an answer nothing is known', want: { kind: 'Unknown' } },
  { name: 'a found version is the target, with its URI', fact: FOUND, want: found('s3://models/7') },
  { name: 'an answer from long ago is one all the same', fact: { ...FOUND, stale: true }, want: found('s3://models/7') },
  { name: 'an answer of another registry is none', fact: { ...FOUND, server: 'other' }, want: { kind: 'Unknown' } },
  { name: 'an answer of another workspace is none', fact: { ...FOUND, workspace: 'team' }, want: { kind: 'Unknown' } },
  { name: 'an answer about another model is none', fact: { ...FOUND, model: 'fraud' }, want: { kind: 'Unknown' } },
  { name: 'an answer about another alias is none', fact: { ...FOUND, alias: 'challenger' }, want: { kind: 'Unknown' } },
  { name: 'even a missing alias, when it is another one', fact: { ...FOUND, alias: 'challenger', state: 'AliasMissing' }, want: { kind: 'Unknown' } },
  { name: 'a missing alias is missing', fact: { ...FOUND, state: 'AliasMissing' }, want: { kind: 'Missing' } },
  { name: 'a missing model is missing', fact: { ...FOUND, state: 'ModelMissing' }, want: { kind: 'Missing' } },
  { name: 'a version that is not ready is not known yet', fact: { ...FOUND, state: 'NotReady' }, want: { kind: 'Unknown' } },
  { name: 'nor is one of a registry that never answered', fact: { ...FOUND, state: 'Unreachable' }, want: { kind: 'Unknown' } },
  { name: 'or that may not be asked', fact: { ...FOUND, state: 'Refused' }, want: { kind: 'Unknown' } },
  { name: 'a version without number is not known', fact: without('version'), want: { kind: 'Unknown' } },
  { name: 'a version without creation time is not known', fact: without('createdAt'), want: { kind: 'Unknown' } },
  { name: 'a version that nothing can load is a target without URI', fact: { ...without('uri'), problem: 'no artifactsDestination' }, want: found() },
  { name: 'a template stands in for the URI', spec: { modelUri: 'pvc://models/{name}/{version}' }, fact: FOUND, want: found('pvc://models/churn/7') },
  { name: 'a template without {uri} needs none', spec: { modelUri: 'pvc://models/{version}' }, fact: without('uri'), want: found('pvc://models/7') },
  { name: 'a template with {uri} needs one', spec: { modelUri: '{uri}/model' }, fact: without('uri'), want: found() },
  { name: 'a template can go on from the URI, and name a variable twice', spec: { modelUri: '{uri}/{version}/{version}' }, fact: FOUND, want: found('s3://models/7/7/7') },
  { name: 'what is no variable stays as it is', spec: { modelUri: '{uri}?{other}$&' }, fact: FOUND, want: found('s3://models/7?{other}$&') },
  { name: 'a template that makes too long a URI makes none', spec: { modelUri: '{uri}'.repeat(200) }, fact: FOUND, want: found() },
  { name: 'values are not templates themselves', spec: { modelUri: '{uri}' }, fact: { ...FOUND, uri: 's3://{version}' }, want: found('s3://{version}') }
]

for (const { name, spec = {}, fact, want } of rows) {
  t.test(name, async (t) => {
    t.strictSame(targetOf(specOf({ serving: spec }), fact), want)
  })
}
