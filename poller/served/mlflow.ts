// MLflow as the poller sees it: what is kept of one, and what it tells people. What happens to its databases is told by the condition Migration, the rest by
// the others.
import { Value } from '@sinclair/typebox/value'
import { parseCommands } from '../../hooks/core/facts.ts'
import type { Parent } from '../../hooks/core/request.ts'
import { parseInstant } from '../../hooks/core/time.ts'
import { tlsSecretOf } from '../../hooks/mlflow/names.ts'
import { Spec, type Status } from '../../hooks/mlflow/schema.ts'
import { referencesOf, type Reference } from '../../hooks/mlflow/schema/references.ts'
import type { Slim } from '../model.ts'
import type { ObjectEvent, Story } from '../object-event.ts'
import { createSlimServed, findCondition, type KeptConditions } from './object.ts'

const SPEC = ['namespace', 'artifactsDestination', 'serveArtifacts', 'auth', 'tls'] as const satisfies Array<keyof Spec>
const STATUS = ['phase', 'namespace', 'address', 'url', 'version', 'attempt', 'error', 'observedGeneration'] as const satisfies Array<keyof Status>
const CONDITIONS = ['Available', 'Progressing', 'Migration', 'Ready', 'Storage', 'Routed']

export type MLflow = Parent<Pick<Spec, typeof SPEC[number]>, Pick<Status, typeof STATUS[number]> & KeptConditions> & {
  /** Secret with its certificate; absent without TLS. */
  tlsSecret?: string
  /** What its spec names. */
  references: Reference[]
}

/** A function that keeps of an MLflow what is in MLflow. */
export function createSlimMLflow (): Slim {
  const slim = createSlimServed({ spec: SPEC, status: STATUS, conditions: CONDITIONS, messages: ['Migration'] })
  return (object) => {
    // A page is slimmed while it is parsed, and what goes into the store once more.
    if ('references' in object) return object
    // The API server has checked it against the schema, but perhaps against that of another release.
    const spec = Value.Default(Spec, Value.Clone(object.spec)) as Spec
    const tlsSecret = tlsSecretOf({ metadata: object.metadata, spec })
    return { ...slim({ ...object, spec }), ...(tlsSecret !== undefined && { tlsSecret }), references: referencesOf(spec, tlsSecret) }
  }
}

export const MLFLOW_STORY: Story<MLflow> = { eventsOf }

/** Whether a migration, or the look whether one is needed, is under way. */
export function isMigrating ({ status }: Pick<MLflow, 'status'>): boolean {
  return findCondition(status, 'Migration')?.status === 'Unknown'
}

/** All that one state bears witness of. */
function eventsOf (server: MLflow): ObjectEvent[] {
  if (!server.status?.phase) return []
  return [...retryEvents(server), ...migrationEvents(server), ...servingEvents(server)]
}

type Words = Pick<ObjectEvent, 'type' | 'reason' | 'action' | 'note'>
type Condition = NonNullable<ReturnType<typeof findCondition>>

/** The transition of the condition is the occasion; what goes from one trouble, or attempt, to the next without it is told apart by `which`. */
function make ({ lastTransitionTime }: Condition, words: Words, which = ''): ObjectEvent {
  return { key: `${words.reason}/${which}`, since: lastTransitionTime, ...words, at: parseInstant(lastTransitionTime) }
}

/** A person had it tried again. */
function retryEvents (server: MLflow): ObjectEvent[] {
  const { attempt = 0 } = server.status ?? {}
  const migration = findCondition(server.status, 'Migration')
  const isAsked = parseCommands(server.metadata.annotations).retry === String(attempt - 1) || migration?.reason.startsWith('Force')
  if (!migration || attempt < 2 || !isAsked) return []
  // Attempts are counted for the life of an object, so the number tells everything.
  return [{ key: `Retried/${attempt}`, type: 'Normal', reason: 'Retried', action: 'Migration', note: `Attempt ${attempt} begins, as an annotation asks.`, at: parseInstant(migration.lastTransitionTime) }]
}

function migrationEvents (server: MLflow): ObjectEvent[] {
  const migration = findCondition(server.status, 'Migration')
  if (!migration) return []
  const { phase, version, attempt } = server.status ?? {}
  const tell = (words: Omit<Words, 'action'>) => [make(migration, { ...words, action: 'Migration' }, `${attempt}/${migration.reason}`)]
  const { message: note = '' } = migration
  switch (migration.reason.replace(/^Force/, '')) {
    case 'MigrationScalingDown':
      // Before anything has served nothing is taken down.
      return version === undefined ? [] : tell({ type: 'Normal', reason: 'ScaledDown', note: `The databases must be migrated, attempt ${attempt}. The server does not answer until that is over.` })
    case 'MigrationRunning':
      // New pods may be on their way to databases that are as they should be.
      return phase === 'Migrating' ? tell({ type: 'Normal', reason: 'MigrationStarted', note: `The databases are being migrated, attempt ${attempt}.` }) : []
    case 'MigrationRetrying':
      return tell({ type: 'Warning', reason: 'MigrationRetrying', note })
    case 'MigrationSucceeded':
      return tell({ type: 'Normal', reason: 'MigrationSucceeded', note: `The databases are as ${version === undefined ? 'the image' : `MLflow ${version}`} needs them, and the server is rolled out.` })
    case 'MigrationRestored':
      return tell({ type: 'Warning', reason: 'MigrationRestored', note })
    case 'MigrationFailed':
      return tell({ type: 'Warning', reason: 'MigrationFailed', note })
    default:
      return []
  }
}

function servingEvents ({ status = {} }: MLflow): ObjectEvent[] {
  const { version, address, url, error } = status
  const available = findCondition(status, 'Available')
  const trouble = troubledCondition(status)
  const where = [address?.url, url].filter((text) => text !== undefined).join(' and ')
  return [
    ...(available?.status === 'True' ? [make(available, { type: 'Normal', reason: 'Available', action: 'Serving', note: `MLflow${version === undefined ? '' : ` ${version}`} answers${where === '' ? '' : ` at ${where}`}.` })] : []),
    ...(trouble && error !== undefined ? [make(trouble, { type: 'Warning', reason: 'Degraded', action: 'Serving', note: error }, trouble.reason)] : [])
  ]
}

/** The condition that says that something is wrong; none where a migration is the cause, of which its own condition tells. */
function troubledCondition (status: NonNullable<MLflow['status']>): Condition | undefined {
  if (findCondition(status, 'Migration')?.status === 'False') return undefined
  return ['Available', 'Progressing', 'Ready', 'Storage', 'Routed'].map((type) => findCondition(status, type))
    .find((condition) => condition?.status === 'False' && condition.reason !== 'ReconcileComplete' && !/^(Force)?Migration/.test(condition.reason))
}
