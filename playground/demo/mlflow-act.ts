// The act of MLflow: a server on a volume that is never lost; an upgrade that migrates its database, one that need not, and one that fails and is taken back.
import type { Act, Chapter, Stage } from './act.ts'
import { apply } from './apply.ts'
import { mlflowLines } from './mlflow-lines.ts'
import { watchMlflow, type MlflowSnapshot } from './mlflow-snapshot.ts'

const NAME = 'mlflow'
const NAMESPACE = 'mlflow'
const PATH = `/apis/sluice.dev/v1alpha1/mlflows/${NAME}`

/** In the playground the tag of an image says how its migration ends. */
const FAILING = 'v3.19.0-migration-fails-14'

async function ask ({ system: { api } }: Stage, tag: string): Promise<void> {
  const spec = {
    image: { image: `registry.example.com/mlflow:${tag}` },
    backendStoreUri: 'sqlite:////mlflow/mlflow.db',
    artifactsDestination: 'file:///mlflow/artifacts',
    storage: { size: '10Gi' }
  }
  await apply(`${api.url}${PATH}`, { apiVersion: 'sluice.dev/v1alpha1', kind: 'MLflow', metadata: { name: NAME }, spec })
}

/** The certificate comes from elsewhere: a Secret, as for any server. */
async function makeCertificate ({ system: { api } }: Stage): Promise<void> {
  const metadata = { name: 'mlflow-tls', namespace: NAMESPACE }
  await apply(`${api.url}/api/v1/namespaces/${NAMESPACE}/secrets/${metadata.name}`, { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'nothing', 'tls.key': 'nothing' } })
}

/** Its pods answer, all of this version. */
function isServing (version: string, { isAvailable, phase, pods, version: told }: MlflowSnapshot): boolean {
  return isAvailable && phase === 'Available' && told === version && pods.length > 0 && pods.every((pod) => pod === `v${version} answers`)
}

const CHAPTERS: Array<Chapter<MlflowSnapshot>> = [
  {
    title: `MLflow ${NAME} is installed: its volume and its tables are made, then its server`,
    async act (stage) {
      await makeCertificate(stage)
      await ask(stage, 'v3.17.2')
    },
    isOver: (now) => isServing('3.17.2', now),
    events: ['MigrationStarted', 'MigrationSucceeded', 'Available'],
    patience: 60
  },
  {
    title: 'it is upgraded to 3.18: looked at first, then stopped, migrated and started',
    act: async (stage) => { await ask(stage, 'v3.18.0') },
    isOver: (now, seen) => isServing('3.18.0', now) && seen.some(({ migration, pods }) => migration === 'MigrationRunning' && pods.length === 0),
    events: ['MigrationSucceeded'],
    patience: 60
  },
  {
    title: 'it is upgraded to 3.18.1, which changes no table: nothing is stopped',
    act: async (stage) => { await ask(stage, 'v3.18.1') },
    isOver: (now, seen) => isServing('3.18.1', now) && seen.every(({ pods }) => pods.some((pod) => pod.endsWith('answers'))),
    events: [],
    patience: 60
  },
  {
    title: 'it is upgraded to an image whose migration fails before it has touched anything',
    act: async (stage) => { await ask(stage, FAILING) },
    isOver: ({ isAvailable, migration, version, pods }) => isAvailable && migration === 'MigrationRestored' && version === '3.18.1' && pods.join() === 'v3.18.1 answers',
    events: ['MigrationRestored'],
    patience: 60
  }
]

export const mlflowAct: Act<MlflowSnapshot> = {
  kind: 'mlflow',
  about: { kind: 'MLflow', name: NAME, path: PATH },
  watch: (stage) => watchMlflow(stage, NAMESPACE, 'mlflow'),
  lines: mlflowLines,
  chapters: CHAPTERS,
  moral: 'The story came true: the server was down only while its database was migrated, and the version before came back from a migration that failed.'
}
