// The registered models of the registry stand-in: a few versions each, aliases on them, and the answers in the words of MLflow.

const DAY = 86_400_000
/** When the first model was registered, in ms. Fixed, so that runs can be compared. */
const BEGINNING = Date.UTC(2026, 0, 5, 8)

/** Name of the model with this number. Sorted by name they are sorted by number. */
export function modelName (index: number): string {
  return `m${String(index).padStart(5, '0')}-${['churn', 'fraud', 'ranking', 'forecast', 'price'][index % 5]}`
}

/** Between 2 and 6. */
export function versionsOf (index: number): number {
  return 2 + index % 5
}

/** The version that an alias names before anybody moves it. */
export function aliasOf (index: number, alias: 'champion' | 'challenger'): string {
  return String(alias === 'champion' ? versionsOf(index) - 1 : versionsOf(index))
}

/** Creation of a version (or of the model: version 0) in ms. */
export function creationOf (index: number, version: string | number): number {
  return BEGINNING + index * 61_000 + Number(version) * 7 * DAY + 123
}

/** Where the version's files are. */
export function uriOf (index: number, version: string): string {
  return `s3://mlflow/${1 + index % 40}/models/m-${String(index).padStart(5, '0')}${version.padStart(27, '0')}/artifacts`
}

type Tag = { key: string, value: string }

/** One ModelVersion as the REST API gives it. */
export function versionAnswer (index: number, version: string): Record<string, unknown> {
  const created = creationOf(index, version)
  return {
    name: modelName(index),
    version,
    creation_timestamp: created,
    last_updated_timestamp: created + 5_000,
    user_id: '',
    current_stage: 'None',
    description: `Trained on the data of week ${version} by the nightly pipeline. Evaluation: see the run.`,
    source: `models:/m-${String(index).padStart(5, '0')}${version.padStart(27, '0')}`,
    run_id: `${String(index).padStart(8, '0')}${version.padStart(24, 'a')}`,
    status: 'READY',
    tags: tagsOf({ validated: 'true', framework: 'sklearn', dataset: `week-${version}` }),
    run_link: ''
  }
}

/** One RegisteredModel. `aliases` as they stand now. */
export function modelAnswer (index: number, aliases: Record<string, string>): Record<string, unknown> {
  const newest = String(versionsOf(index))
  return {
    name: modelName(index),
    creation_timestamp: creationOf(index, 0),
    last_updated_timestamp: creationOf(index, newest) + 5_000,
    user_id: '',
    description: `Model ${index}, owned by team ${Math.floor(index / 50)}.`,
    latest_versions: [versionAnswer(index, newest)],
    tags: tagsOf({ owner: `team-${Math.floor(index / 50)}`, cost_centre: String(1000 + index % 90) }),
    aliases: Object.entries(aliases).map(([alias, version]) => ({ alias, version }))
  }
}

function tagsOf (tags: Record<string, string>): Tag[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }))
}
