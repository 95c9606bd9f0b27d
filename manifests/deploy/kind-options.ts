// What can be said to `npm run deploy:kind`, with defaults; wrong words are refused with what is known.
import { parseArgs } from 'node:util'

export const HELP = `npm run deploy:kind -- [options]: Sluice and an MLflow server in a kind cluster, to try them out.

  --backend-store sqlite|postgres    database of experiments and runs [sqlite]
  --registry-store sqlite|postgres   database of registered models [that of --backend-store]
  --artifact-storage file|s3|external-s3   where artifacts lie: on the volume, in a SeaweedFS that is installed, or in a store of yours [file]
  --no-serve-artifacts               clients go to the store themselves (not with file)
  --name NAME, --namespace NS        of the MLflow object [mlflow, mlflow]
  --mlflow-image IMAGE               [that of Sluice]
  --image IMAGE                      of Sluice; it is loaded into the cluster [sluice:<release>]
  --cluster NAME                     of kind; made where it is not there [sluice]
  --metacontroller-chart CHART       [$METACONTROLLER_CHART]; it is left as it is where neither is given
  --workspace-label-selector JSON    which namespaces are workspaces [all]
  --postgres-image, --postgres-user, --postgres-password, --postgres-host, --postgres-port, --backend-db, --registry-db, --postgres-sslmode
  --seaweedfs-image, --s3-bucket, --s3-access-key, --s3-secret-key, --s3-endpoint, --s3-region
  --skip-infrastructure              no database and no store: those that the options name are there
  --skip-operator, --skip-mlflow     without Sluice, without the MLflow object
  --render                           print all objects in place of doing anything
`

const OPTIONS = {
  'backend-store': { type: 'string', default: 'sqlite' },
  'registry-store': { type: 'string' },
  'artifact-storage': { type: 'string', default: 'file' },
  'serve-artifacts': { type: 'boolean', default: true },
  name: { type: 'string', default: 'mlflow' },
  namespace: { type: 'string', default: 'mlflow' },
  'mlflow-image': { type: 'string' },
  image: { type: 'string' },
  cluster: { type: 'string', default: 'sluice' },
  'metacontroller-chart': { type: 'string' },
  'workspace-label-selector': { type: 'string' },
  'postgres-image': { type: 'string', default: 'postgres:17' },
  'postgres-user': { type: 'string', default: 'mlflow' },
  'postgres-password': { type: 'string', default: 'mysecretpassword' },
  'postgres-host': { type: 'string' },
  'postgres-port': { type: 'string', default: '5432' },
  'backend-db': { type: 'string', default: 'mlflow' },
  'registry-db': { type: 'string', default: 'mlflow' },
  'postgres-sslmode': { type: 'string', default: 'disable' },
  'seaweedfs-image': { type: 'string', default: 'chrislusf/seaweedfs:4.07' },
  's3-bucket': { type: 'string', default: 'mlpipeline' },
  's3-access-key': { type: 'string', default: 'minio' },
  's3-secret-key': { type: 'string', default: 'minio123' },
  's3-endpoint': { type: 'string' },
  's3-region': { type: 'string', default: 'us-east-1' },
  'skip-infrastructure': { type: 'boolean', default: false },
  'skip-operator': { type: 'boolean', default: false },
  'skip-mlflow': { type: 'boolean', default: false },
  render: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false }
} as const

const STORES = ['sqlite', 'postgres']
const STORAGES = ['file', 's3', 'external-s3']

export type KindOptions = ReturnType<typeof parseKindOptions>

/** Reads them. Throws with a sentence. */
export function parseKindOptions (args: string[]) {
  const { values } = parseArgs({ args, options: OPTIONS, allowNegative: true, strict: true })
  const registryStore = values['registry-store'] ?? values['backend-store']
  const known = (name: string, value: string, words: string[]): void => {
    if (!words.includes(value)) throw new Error(`--${name} is ${value}, and must be one of ${words.join(', ')}`)
  }
  known('backend-store', values['backend-store'], STORES)
  known('registry-store', registryStore, STORES)
  known('artifact-storage', values['artifact-storage'], STORAGES)
  if (!values['serve-artifacts'] && values['artifact-storage'] === 'file') throw new Error('--no-serve-artifacts needs --artifact-storage s3 or external-s3: clients cannot reach the volume')
  if (values['skip-infrastructure'] && values['artifact-storage'] === 's3' && !values['s3-endpoint']) throw new Error('--skip-infrastructure with s3 needs --s3-endpoint, the store that is there')
  return { ...values, 'registry-store': registryStore, selector: readSelector(values['workspace-label-selector']) }
}

function readSelector (text: string | undefined): object | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new Error('--workspace-label-selector must be JSON, such as {"matchLabels":{"mlflow":"yes"}}')
}
