// Databases of MLflow as migrations and servers find them: one schema a database, of the MLflow that has made or migrated it. No program is run, and no
// database is there: what is known of one is which minor version of MLflow its tables are of.
import { contentHash } from '../../../hooks/core/names.ts'
import type { Run } from './job-process.ts'
import { toFolder, type Mount } from './volumes.ts'

export interface Databases {
  /** What the program of the preflight and of the migration would do with this environment. */
  migrate: (place: Place) => Run
  /** Why a server of this image would not start; one that finds no tables makes them. */
  open: (place: Place) => string | undefined
  /** The revision of a database; undefined: it has no tables. A file of a volume is named as it lies on this machine. */
  revision: (uri: string) => string | undefined
  /** As if an MLflow of this version had made it; undefined: without tables. */
  put: (uri: string, version: string | undefined) => void
}

export interface Place { image: string, variables: Record<string, string>, mounts: readonly Mount[] }

/** Of images whose tag says nothing of it. */
const USUAL_VERSION = '3.17.2'

/** What the tag of an image may say: `-preflight-fails-15`, `-migration-fails-15` (nothing touched), `-migration-breaks-13` (touched), `-crashes`. */
const CONDUCT = /-(preflight-fails|migration-fails|migration-breaks)-(\d{1,3})\b/

interface Known { version: string, broken: boolean }
interface Store { store: string, uri: string, key: string }
interface Told { store: string, dialect: string, schema: string, before: string | null, after: string | null, head: string }

/** Without any database; each comes with the first who uses it. */
export function createDatabases (): Databases {
  const known = new Map<string, Known>()
  const revision = (key: string): string | null => {
    const found = known.get(key)
    if (!found) return null
    return found.broken ? contentHash({ broken: found.version }).slice(0, 12) : headOf(found.version)
  }

  function migrate (place: Place): Run {
    const version = versionOf(place.image)
    const stores = storesOf(place)
    const told = stores.map(({ store, uri, key }): Told => ({ store, dialect: dialectOf(uri), schema: schemaOf(revision(key)), before: revision(key), after: revision(key), head: headOf(version) }))
    const failure = refusalOf(stores, version, known) ?? play(place, { stores, version })
    for (const [index, { key }] of stores.entries()) Object.assign(told[index] ?? {}, { after: revision(key), schema: schemaOf(revision(key)) })
    const result = { version, stores: told }
    if (!failure) return { exitCode: 0, message: JSON.stringify(result) }
    return { exitCode: failure.exitCode, message: JSON.stringify({ reason: failure.reason, message: failure.message, result }) }
  }

  function play ({ image, variables }: Place, { stores, version }: { stores: Store[], version: string }): Failure | undefined {
    const [, conduct = '', code = ''] = CONDUCT.exec(image) ?? []
    const failure = { exitCode: Number(code), reason: 'PlaygroundFailure', message: `The image ${image} fails, as its tag says: set spec.image to another.` }
    if (variables['MIGRATION_MODE'] !== 'migrate') return conduct === 'preflight-fails' ? failure : undefined
    if (conduct === 'migration-fails') return failure
    const broken = conduct === 'migration-breaks'
    for (const { key } of stores) known.set(key, { version, broken })
    return broken ? failure : undefined
  }

  return {
    migrate,
    open (place) {
      const head = headOf(versionOf(place.image))
      for (const { key } of storesOf(place)) {
        const found = revision(key)
        if (found === null) known.set(key, { version: versionOf(place.image), broken: false })
        else if (found !== head) return `Detected out-of-date database schema (found version ${found}, but expected ${head})`
      }
      return undefined
    },
    revision: (uri) => revision(uri) ?? undefined,
    put (uri, version) {
      if (version === undefined) known.delete(uri)
      else known.set(uri, { version, broken: false })
    }
  }
}

interface Failure { exitCode: number, reason: string, message: string }

const DIALECTS = ['sqlite', 'postgresql', 'mysql']

function refusalOf (stores: readonly Store[], version: string, known: ReadonlyMap<string, Known>): Failure | undefined {
  for (const { store, uri, key } of stores) {
    if (!DIALECTS.includes(dialectOf(uri))) return { exitCode: store === 'backend' ? 11 : 12, reason: store === 'backend' ? 'UnsupportedBackend' : 'UnsupportedRegistry', message: `The ${store} store is of a kind that MLflow cannot migrate: use sqlite, postgresql or mysql.` }
    if (isOlder(version, known.get(key)?.version ?? version)) return { exitCode: 10, reason: 'UnknownRevision', message: `The database of the ${store} store was migrated by a newer MLflow: set spec.image to an image that is not older.` }
  }
  return undefined
}

/** The registry has a database of its own only where it names another. */
function storesOf ({ variables, mounts }: Place): Store[] {
  const { MLFLOW_BACKEND_STORE_URI: backend = '', MLFLOW_REGISTRY_STORE_URI: registry = backend } = variables
  const named = [{ store: 'backend', uri: backend }, ...registry === backend ? [] : [{ store: 'registry', uri: registry }]]
  return named.filter(({ uri }) => uri !== '').map(({ store, uri }) => ({ store, uri, key: keyOf(uri, mounts) }))
}

/** A file is another on another volume. */
function keyOf (uri: string, mounts: readonly Mount[]): string {
  const [, path] = /^sqlite:\/\/\/(.+)$/.exec(uri) ?? []
  return path === undefined ? uri : toFolder(path, mounts)
}

/** Tables are those of a revision. */
function schemaOf (revision: string | null): string {
  return contentHash({ tables: revision }).slice(0, 12)
}

function dialectOf (uri: string): string {
  return /^[a-z]+/.exec(uri)?.[0] ?? ''
}

/** The tag of the image with the Kubernetes plugin is the plugin's. */
function versionOf (image: string): string {
  if (/(^|\/)mlflow-integration:/.test(image)) return USUAL_VERSION
  return /:v?(\d+\.\d+(?:\.\d+)?)/.exec(image.replace(/@.*$/, ''))?.[1] ?? USUAL_VERSION
}

/** Patch releases change no table. */
function minorOf (version: string): [number, number] {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return [major, minor]
}

function headOf (version: string): string {
  return contentHash({ schema: minorOf(version) }).slice(0, 12)
}

function isOlder (one: string, other: string): boolean {
  const [[major, minor], [otherMajor, otherMinor]] = [minorOf(one), minorOf(other)]
  return major === otherMajor ? minor < otherMinor : major < otherMajor
}
