// What the scripts that deploy would apply: for each combination of stores, and for the platform's gateway.
import t from 'tap'
import { urlOf, withPlatform } from '../../manifests/deploy/platform-objects.ts'
import { parseKindOptions } from '../../manifests/deploy/kind-options.ts'
import { hostsOf, makeServer, makeSurroundings } from '../../manifests/deploy/trial.ts'

type Named = { kind: string, metadata: { name: string }, stringData?: Record<string, string> }

const CERTIFICATE = { cert: 'cert', key: 'key' }
const around = (...args: string[]): Named[] => makeSurroundings(parseKindOptions(args), CERTIFICATE) as Named[]
const specOf = (...args: string[]): object => (makeServer(parseKindOptions(args)) as { spec: object }).spec
const listed = (objects: Named[]): string[] => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)

const ALONE = ['Namespace mlflow', 'Secret mlflow-tls']
const POSTGRES = ['Secret postgres', 'PersistentVolumeClaim postgres', 'Deployment postgres', 'Service postgres']
const SEAWEEDFS = ['Secret seaweedfs', 'PersistentVolumeClaim seaweedfs', 'Deployment seaweedfs', 'Service seaweedfs', 'Service seaweedfs-master', 'Job seaweedfs-bucket']

t.test('what is installed around the server', async (t) => {
  const rows: Array<[string, string[], string[]]> = [
    ['nothing for SQLite and files', [], ALONE],
    ['PostgreSQL, and its URIs in a Secret', ['--backend-store', 'postgres'], [...ALONE, 'Secret mlflow-db-credentials', ...POSTGRES]],
    ['a second database, where the registry has its own', ['--backend-store', 'postgres', '--registry-db', 'registry'], [...ALONE, 'Secret mlflow-db-credentials', ...POSTGRES, 'Job postgres-databases']],
    ['SeaweedFS and a bucket', ['--artifact-storage', 's3'], [...ALONE, 'Secret aws-credentials', ...SEAWEEDFS]],
    ['both', ['--backend-store', 'postgres', '--artifact-storage', 's3'], [...ALONE, 'Secret mlflow-db-credentials', 'Secret aws-credentials', ...POSTGRES, ...SEAWEEDFS]],
    ['no store of ours for one that is there', ['--artifact-storage', 'external-s3'], [...ALONE, 'Secret aws-credentials']],
    ['nothing that is there already', ['--backend-store', 'postgres', '--skip-infrastructure'], [...ALONE, 'Secret mlflow-db-credentials']]
  ]
  for (const [name, args, expected] of rows) t.strictSame(listed(around(...args)), expected, name)
})

t.test('the server uses them', async (t) => {
  const FROM = { name: 'mlflow-db-credentials', key: 'backend-store-uri' }
  t.match(specOf(), { backendStoreUri: 'sqlite:////mlflow/mlflow.db', registryStoreUri: 'sqlite:////mlflow/mlflow.db', artifactsDestination: 'file:///mlflow/artifacts', storage: { size: '10Gi' } })
  t.match(specOf('--backend-store', 'postgres', '--registry-store', 'sqlite'), { backendStoreUriFrom: FROM, registryStoreUri: 'sqlite:////mlflow/mlflow.db', storage: { size: '10Gi' } })
  const remote = specOf('--backend-store', 'postgres', '--artifact-storage', 's3', '--mlflow-image', 'mlflow:1', '--workspace-label-selector', '{"matchLabels":{"a":"b"}}')
  t.match(remote, { image: { image: 'mlflow:1' }, registryStoreUriFrom: { key: 'registry-store-uri' }, artifactsDestination: 's3://mlpipeline/artifacts', envFrom: [{ secretRef: { name: 'aws-credentials' } }], workspaceLabelSelector: { matchLabels: { a: 'b' } } })
  t.notOk('storage' in remote, 'and has no volume where nothing is local')
  t.match(specOf('--artifact-storage', 'external-s3', '--no-serve-artifacts'), { serveArtifacts: false, defaultArtifactRoot: 's3://mlpipeline/artifacts', artifactsDestination: undefined })
})

t.test('credentials are escaped in URIs, and certificates are for the names of the Service', async (t) => {
  const { stringData } = around('--backend-store', 'postgres', '--postgres-password', 'p@ss/word', '--postgres-host', 'db').find(({ metadata }) => metadata.name === 'mlflow-db-credentials') ?? {}
  t.equal(stringData?.['backend-store-uri'], 'postgresql://mlflow:p%40ss%2Fword@db:5432/mlflow?sslmode=disable')
  t.strictSame(hostsOf({ name: 'team', namespace: 'ml' }), ['mlflow-team', 'mlflow-team.ml.svc', 'mlflow-team.ml.svc.cluster.local', 'localhost'])
})

t.test('what is refused', async (t) => {
  const rows: Array<[string[], RegExp]> = [
    [['--backend-store', 'oracle'], /--backend-store is oracle, and must be one of sqlite, postgres/],
    [['--artifact-storage', 'tape'], /must be one of file, s3, external-s3/],
    [['--no-serve-artifacts'], /clients cannot reach the volume/],
    [['--artifact-storage', 's3', '--skip-infrastructure'], /needs --s3-endpoint/],
    [['--workspace-label-selector', 'a=b'], /must be JSON/],
    [['--nonsense'], /Unknown option '--nonsense'/]
  ]
  for (const [args, says] of rows) t.throws(() => parseKindOptions(args), says, args.join(' '))
})

t.test('the address of a gateway', async (t) => {
  t.equal(urlOf({ status: { addresses: [{}, { value: 'gw.example.com' }] } }), 'https://gw.example.com')
  t.equal(urlOf({ status: {}, spec: { listeners: [{ hostname: '*.example.com' }, { hostname: 'data.example.com' }] } }), 'https://data.example.com')
  t.equal(urlOf({}), undefined)
})

t.test('platform, release and image are said the same in all places', async (t) => {
  const deployment = { kind: 'Deployment', spec: { template: { spec: { containers: [{ name: 'hooks', image: 'sluice:1', env: [{ name: 'HOOKS_V', value: '1-a' }, { name: 'PLATFORM', value: '{"mode":"rhoai"}' }] }, { name: 'poller', image: 'sluice:1' }] } } } }
  const controller = { kind: 'CompositeController', spec: { hooks: { sync: { webhook: { url: 'http://sluice/mlflows/sync?v=1-a' } } } } }
  const gateway = { name: 'g', namespace: 'ns' }
  const [made, asked] = withPlatform([deployment, controller], '1', { externalUrl: 'https://gw', gateway, image: 'r/sluice:2' }) as [typeof deployment, typeof controller]
  const env = Object.fromEntries((made.spec.template.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]))
  t.strictSame(JSON.parse(env['PLATFORM'] ?? ''), { mode: 'rhoai', externalUrl: 'https://gw', gateway })
  t.strictSame(JSON.parse(env['IMAGES'] ?? ''), { jobs: 'r/sluice:2' })
  t.match(env['HOOKS_V'], /^1-[0-9a-f]{10}$/)
  t.strictSame(made.spec.template.spec.containers.map(({ image }) => image), ['r/sluice:2', 'r/sluice:2'])
  t.equal(asked.spec.hooks.sync.webhook.url, `http://sluice/mlflows/sync?v=${env['HOOKS_V']}`)
  t.throws(() => withPlatform([controller], '1', { externalUrl: 'https://gw', gateway }), /has no PLATFORM/)
})
