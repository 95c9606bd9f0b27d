// npm run playground: the whole system with its ports open, until it is interrupted. For curl, kubectl --server and a look around.
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { createRegistryClient } from './demo/registry-client.ts'
import { ALIAS, BAD_VERSIONS, MODEL } from './demo/story.ts'
import { startSystem, type System } from './system/system.ts'

const USAGE = `npm run playground -- [--mlflow URL] [--prometheus URL] [--bad 3,5] [--rate 100] [--empty]

  --mlflow URL       use this MLflow server in place of the stand-in
  --prometheus URL   use this Prometheus in place of the stand-in; it has to scrape the target that is printed
  --bad LIST         versions that answer badly [${[...BAD_VERSIONS].join()}]
  --rate N           requests a second for each SeldonDeployment [100]
  --empty            no model and no MlflowModel to begin with
`

const PORTS = { api: 8001, hooks: 8080, metrics: 9090, mlflow: 5000, prometheus: 9091, traffic: 9464, models: 8002 }
const SAMPLE = fileURLToPath(new URL('../manifests/samples/mlflow-model-demo.yaml', import.meta.url))
const SECRETS = fileURLToPath(new URL('samples-need.yaml', import.meta.url))

const options = readOptions()
const system = await startSystem({
  ports: PORTS,
  bad: new Set(options.bad.split(',')),
  rate: options.rate,
  ...(options.mlflow !== undefined && { mlflowUrl: options.mlflow }),
  ...(options.prometheus !== undefined && { prometheusUrl: options.prometheus }),
  onLine: (program, line) => { process.stdout.write(`${program} ${line}\n`) }
})
system.api.load([SECRETS])
if (!options.empty) await seed(system)
process.stdout.write(welcome(system))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { system.close().catch((error: unknown) => { leave(`The playground cannot end in order: ${String(error)}\n`, 1) }) })

function readOptions () {
  try {
    const { values } = parseArgs({
      options: {
        mlflow: { type: 'string' },
        prometheus: { type: 'string' },
        bad: { type: 'string', default: [...BAD_VERSIONS].join() },
        rate: { type: 'string', default: '100' },
        empty: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false }
      }
    })
    if (values.help) leave(USAGE, 0)
    const rate = Number(values.rate)
    if (!Number.isFinite(rate) || rate < 0) leave(`--rate is ${values.rate}, and must be a number of requests a second\n\n${USAGE}`, 2)
    return { ...values, rate }
  } catch (error) {
    return leave(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, 2)
  }
}

function leave (text: string, code: number): never {
  process.stderr.write(text)
  process.exit(code)
}

/** The model of the demo with three versions, the alias on the first, and the object that follows it. */
async function seed ({ api, mlflowUrl }: System): Promise<void> {
  const registry = createRegistryClient(mlflowUrl)
  try {
    await registry.createModel(MODEL)
    for (const version of [1, 2, 3]) await registry.createVersion(MODEL, `s3://models/${MODEL}/${version}`)
    await registry.setAlias(MODEL, ALIAS, '1')
  } catch (error) {
    process.stdout.write(`The registry is left as it is: ${error instanceof Error ? error.message : String(error)}\n`)
  }
  api.load([SAMPLE])
}

function welcome ({ api, hooksUrl, metricsUrl, mlflowUrl, prometheusUrl, trafficUrl, models }: System): string {
  return `
API server   ${api.url}     kubectl --server ${api.url} get mfm,mlm,mdep -A -w
             another object   kubectl --server ${api.url} apply -f manifests/samples/ml-model.yaml
hooks        ${hooksUrl}     ${hooksUrl}/docs
poller       ${metricsUrl}     ${metricsUrl}/metrics
MLflow       ${mlflowUrl}     curl -X POST ${mlflowUrl}/api/2.0/mlflow/registered-models/alias -H 'Content-Type: application/json' -d '{"name":"${MODEL}","alias":"${ALIAS}","version":"2"}'
Prometheus   ${prometheusUrl}
models       ${models.url}     a model at every path, such as ${models.url}/churn/version-2.pt
${trafficUrl === undefined ? '' : `scrape       ${trafficUrl}     the executor's metrics, for your Prometheus\n`}
Ctrl-C ends it.
`
}
