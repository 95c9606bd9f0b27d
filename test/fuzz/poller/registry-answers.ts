// Answers of a registry: whatever bytes come, the client gives what was said, or an error of its own type, and the poller makes no fact up.
import { Readable } from 'node:stream'
import fc from 'fast-check'
import type { Dispatcher } from 'undici'
import type { RegistryClient } from '../../../poller/registry/client.ts'
import { ModelVersion, RegisteredModel } from '../../../poller/registry/client.ts'
import { readAnswer } from '../../../poller/http/answer.ts'
import { isRemoteError, RemoteError } from '../../../poller/http/errors.ts'
import { afterAnswer } from '../../../poller/registry/observe.ts'
import { parseRegistryConfig } from '../../../poller/registry/config.ts'
import { createSource } from '../../../poller/registry/source.ts'
import { formatFact, RegistryFact } from '../../../hooks/core/facts.ts'
import { Type, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { hostileValue } from '../inputs/hostile.ts'
import { valuesOf } from '../inputs/from-schema.ts'
import { demand } from '../properties/violation.ts'
import { session, type Target } from '../target.ts'

export type Spoken = { status: number, type: string, text: string, after: string | undefined }

/** Answers of a JSON API: mostly of the right shape, cut and spoilt now and then. */
export function spoken (schema: TSchema): fc.Arbitrary<Spoken> {
  const errors = fc.record({ error_code: fc.constantFrom('RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE', 'BAD_REQUEST', 'FEATURE_DISABLED', 'x'), message: fc.constantFrom('Registered model alias champion not found.', 'Invalid model name', 'workspace gone', '<style>'.repeat(200), '') })
  const text = fc.oneof(
    { weight: 8, arbitrary: valuesOf(schema, { wild: 20 }).map((value) => JSON.stringify(value) ?? '') },
    { weight: 3, arbitrary: errors.map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: fc.tuple(valuesOf(schema, { wild: 20 }), fc.nat({ max: 200 })).map(([value, at]) => (JSON.stringify(value) ?? '').slice(0, at)) },
    { weight: 2, arbitrary: fc.oneof(hostileValue.map((value) => JSON.stringify(value) ?? ''), fc.string(), fc.constantFrom('<html><body>Sign in</body></html>', '<script>'.repeat(500), '<'.repeat(4000), '\ufeff{}')) }
  )
  return fc.record({
    status: fc.oneof({ weight: 6, arbitrary: fc.constant(200) }, { weight: 2, arbitrary: fc.constantFrom(204, 301, 400, 401, 403, 404, 408, 410, 429, 500, 503, 999) }),
    type: fc.oneof({ weight: 6, arbitrary: fc.constant('application/json') }, { weight: 1, arbitrary: fc.constantFrom('text/html', '', 'application/problem+json', 'application/jsonp', 'application/json;charset=x') }),
    text,
    after: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom('5', '-1', '9'.repeat(400), 'soon', 'Wed, 21 Oct 2099 07:28:00 GMT') })
  })
}

/** The answer as the transport gives it, in two pieces. */
export function transported ({ status, type, text, after }: Spoken): Dispatcher.ResponseData {
  const bytes = Buffer.from(text)
  const middle = Math.floor(bytes.length / 2)
  const body = Readable.from([bytes.subarray(0, middle), bytes.subarray(middle)])
  return { statusCode: status, headers: { ...(type && { 'content-type': type }), ...(after !== undefined && { 'retry-after': after }) }, body } as unknown as Dispatcher.ResponseData
}

const OneModel = Type.Object({ registered_model: RegisteredModel })
const OneVersion = Type.Object({ model_version: ModelVersion })
const Uri = Type.Object({ artifact_uri: Type.Optional(Type.String()) })

const question = { server: 'default', workspace: '', model: 'bank-churn', alias: 'champion' }
const config = parseRegistryConfig({ url: 'http://127.0.0.1:1', artifactsDestination: 's3://mlflow' }, 'registries.default')

const named = (version: unknown) => fc.record({ name: fc.constant('bank-churn'), aliases: fc.constant([{ alias: 'champion', version }]), creation_timestamp: fc.nat() })
const model = fc.oneof({ weight: 3, arbitrary: spoken(OneModel) }, { weight: 2, arbitrary: fc.constantFrom('1', '2').chain(named).map((value): Spoken => ({ status: 200, type: 'application/json', text: JSON.stringify({ registered_model: value }), after: undefined })) })
const uris = fc.oneof(spoken(Uri), fc.constantFrom('s3://models/1', 'mlflow-artifacts:/1/a', 'mlflow-artifacts:/../x', 'runs:/1', 's3://user:secret@host/x', `s3://${':'.repeat(3000)}`, 's3://a/\u202e', 's3://a?X-Amz-Signature=1').map((uri): Spoken => ({ status: 200, type: 'application/json', text: JSON.stringify({ artifact_uri: uri }), after: undefined })))

export const registryAnswers: Target = {
  name: 'registry-answers',
  what: 'answers of MLflow, of proxies and of nobody: typed errors, and no fact that was not said',
  share: 10_000,
  quick: 20,
  async open (tally) {
    const property = fc.asyncProperty(model, spoken(OneVersion), uris, async (model, version, uri) => {
      const said = [model, version, uri].map(({ text }) => text).join('\n')
      try {
        const source = createSource(config, clientOf({ model, version, uri }), () => 0)
        const { readings } = await source.readModels('', new Set(['bank-churn']))
        const reading = readings.get('bank-churn')
        if (reading?.kind !== 'Answer') return tally.count(reading?.kind ?? 'nothing')
        const fact = afterAnswer(undefined, await source.observe(question, reading.model, undefined), 1_790_000_000)
        checkFact(fact, said)
        tally.count(fact.state)
      } catch (error) {
        demand(isRemoteError(error), () => `an error of no type: ${error instanceof Error ? error.stack : String(error)}`)
        demand(error.message.length < 2000, () => `an error of ${error.message.length} characters`)
        tally.count(error.kind)
      }
    })
    return session(property)
  }
}

/** A client that reads these answers as the real one does. */
function clientOf ({ model, version, uri }: Record<'model' | 'version' | 'uri', Spoken>): RegistryClient {
  const read = async <T extends TSchema>(answer: Spoken, schema: T) => await readAnswer(transported(answer), { schema, maxBytes: 2 ** 20, redact: (text) => text })
  const missing = async <T>(answer: Promise<T>) => await answer.catch((error: unknown) => {
    if (isRemoteError(error, 'NotFound')) return undefined
    throw error
  })
  return {
    getModel: async () => (await missing(read(model, OneModel)))?.registered_model,
    searchModels: async () => { throw new RemoteError('Unreachable', 'not asked') },
    getVersion: async () => (await missing(read(version, OneVersion)))?.model_version,
    getAlias: async () => (await missing(read(version, OneVersion)))?.model_version,
    getDownloadUri: async () => (await missing(read(uri, Uri)))?.artifact_uri,
    close: async () => {}
  }
}

/** A fact fits its schema and its annotation, and what it names was said. */
function checkFact (fact: RegistryFact, said: string): void {
  const [wrong] = Value.Errors(RegistryFact, fact)
  demand(wrong === undefined, () => `the fact is not valid: ${wrong?.path} ${wrong?.message}`)
  formatFact(fact)
  const { version, uri, state } = fact
  if (version !== undefined) demand(said.includes(JSON.stringify(version)), () => `nobody said version ${version}`)
  if (uri !== undefined) demand(state === 'Found' && /^(s3|https?|gs|pvc|[a-z][a-z0-9+.-]+):\/\//i.test(uri), () => `state ${state} with URI ${uri}`)
}
