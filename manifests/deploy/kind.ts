// npm run deploy:kind: Sluice and an MLflow server in a kind cluster. With --render it prints the objects, and needs no cluster.
import { generate } from 'selfsigned'
import { RELEASE } from '../../hooks/settings.ts'
import { HELP, parseKindOptions, type KindOptions } from './kind-options.ts'
import { ask, documents, main, run } from './run-program.ts'
import { hostsOf, makeServer, makeSurroundings, type Certificate } from './trial.ts'

const DAYS = 365
const WAIT = '--timeout=300s'

await main(async () => {
  const options = parseKindOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(HELP)
    return
  }
  const surroundings = makeSurroundings(options, await makeCertificate(options))
  const server = options['skip-mlflow'] ? [] : [makeServer(options)]
  if (options.render) {
    process.stdout.write(documents([...surroundings, ...server]))
    return
  }
  deploy(options, surroundings, server)
})

function deploy (options: KindOptions, surroundings: object[], server: object[]): void {
  const { cluster, name, namespace } = options
  if (!ask('kind', ['get', 'clusters']).split('\n').includes(cluster)) run('kind', ['create', 'cluster', '--name', cluster, '--wait', '120s'])
  const context = `kind-${cluster}`
  const kubectl = (args: string[], input = ''): void => { run('kubectl', ['--context', context, ...args], input) }
  if (!options['skip-operator']) installSluice(options, context)
  kubectl(['apply', '-f', '-'], documents(surroundings))
  for (const deployment of surroundings.filter((object) => (object as { kind: string }).kind === 'Deployment')) {
    kubectl(['rollout', 'status', `deployment/${(deployment as { metadata: { name: string } }).metadata.name}`, '-n', namespace, WAIT])
  }
  if (server.length === 0) return
  kubectl(['apply', '-f', '-'], documents(server))
  kubectl(['wait', '--for=condition=Available', `mlflow/${name}`, WAIT])
  kubectl(['get', 'mlflow', name, '-o', 'wide'])
  const [service = ''] = hostsOf(options)
  process.stdout.write(`\nkubectl --context ${context} -n ${namespace} port-forward service/${service} 8443\ncurl -k -H "Authorization: Bearer $(kubectl --context ${context} create token default -n ${namespace})" https://localhost:8443/${service}/version\n`)
}

/** By the chart: its image is loaded into the node, where nobody can pull it. */
function installSluice (options: KindOptions, context: string): void {
  const image = options.image ?? `sluice:${RELEASE}`
  const chart = options['metacontroller-chart'] ?? process.env['METACONTROLLER_CHART']
  if (chart) run('helm', ['--kube-context', context, 'upgrade', '--install', 'metacontroller', chart, '--namespace', 'metacontroller', '--create-namespace', '--set', 'fullnameOverride=metacontroller', '--wait'])
  run('kind', ['load', 'docker-image', image, '--name', options.cluster])
  const [repository = '', tag = RELEASE] = image.split(/:(?=[^/:]+$)/)
  const values = [`image.repository=${repository}`, `image.tag=${tag}`, 'image.pullPolicy=Never', 'replicas=1', 'seldon.enabled=false', `platform.namespace=${options.namespace}`]
  run('helm', ['--kube-context', context, 'upgrade', '--install', 'sluice', new URL('../../charts/sluice', import.meta.url).pathname, '--namespace', 'sluice-system', '--create-namespace', '--wait', ...values.flatMap((value) => ['--set', value])])
}

async function makeCertificate (options: KindOptions): Promise<Certificate> {
  const hosts = hostsOf(options)
  const notAfterDate = new Date(Date.now() + DAYS * 24 * 3600 * 1000)
  const { cert, private: key } = await generate([{ name: 'commonName', value: hosts[1] ?? '' }], {
    keySize: 2048, algorithm: 'sha256', notAfterDate, extensions: [{ name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2 as const, value })) }]
  })
  return { cert, key }
}
