// models:/, runs:/ and mlflow-artifacts:/: asked of the tracking server, fetched through its artifact proxy or from the store that it names.
import { DownloadError } from '../failure.ts'
import type { RemoteModel } from '../remote.ts'
import { findProxied } from './mlflow-artifacts.ts'
import { connectMlflow, type Mlflow } from './mlflow-server.ts'
import type { Context } from './source.ts'

type Find = (uri: string, context: Context) => Promise<RemoteModel>

/** Where artifacts lie, and the registry's version if that led there. `uri` names what was found for good, where `location` only says where it is. */
type Located = { location: string, uri: string, version?: string }

/** Follows the reference as far as it leads; `find` is for stores other than the proxy. */
export async function findMlflow (uri: string, context: Context, find: Find): Promise<RemoteModel> {
  const server = connectMlflow(context)
  const located = await locate(uri, server)
  const model = await fetchable(located.location, { server, context, find })
  return { ...model, uri: located.uri, ...(located.version !== undefined && { version: located.version }) }
}

async function fetchable (location: string, { server, context, find }: { server: Mlflow, context: Context, find: Find }): Promise<RemoteModel> {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(location)?.[0].toLowerCase() ?? ''
  if (scheme === 'mlflow-artifacts') return await findProxied(location, server, context)
  if (['s3', 'gs', 'http', 'https'].includes(scheme)) return await find(location, context)
  throw new DownloadError('SourceUnsupported', `MLflow says that the artifacts are at ${location}, which only the machine or service that wrote them can read; log models to s3, gs, or through the server's artifact proxy (mlflow server --serve-artifacts)`)
}

/** A version may point at a model that points at a place; longer chains have no end. */
const MOST_STEPS = 4

async function locate (uri: string, server: Mlflow): Promise<Located> {
  let found: Located = { location: uri, uri }
  for (let step = 0; step < MOST_STEPS; step++) {
    const { location } = found
    const follow = findFollower(location)
    if (!follow) return found
    const next = await follow(location, server)
    // Only the first reference may move; where it led to is one version for good.
    found = step === 0 ? next : { ...found, location: next.location }
  }
  throw new DownloadError('SourceUnsupported', `${uri} leads from one reference to the next; register the version from the URI of its artifacts`)
}

function findFollower (location: string): ((uri: string, server: Mlflow) => Promise<Located>) | undefined {
  if (/^models:/i.test(location)) return locateModel
  return /^runs:/i.test(location) ? locateRun : undefined
}

const FORMS = 'models:/name/7, models:/name@alias or models:/m-… (with a path behind it if you like)'

async function locateModel (uri: string, server: Mlflow): Promise<Located> {
  const { id, name, alias, version, path } = parseModelUri(uri)
  if (id !== undefined) return { location: join(await server.loggedModelLocation(id), path), uri }
  const found = version ?? (alias === undefined ? undefined : await server.aliasVersion(name, alias))
  if (found === undefined) throw new DownloadError('SourceUnsupported', `${uri} names no version; write ${FORMS}`)
  return { location: join(await server.versionLocation(name, found), path), uri: join(`models:/${encodeURIComponent(name)}/${found}`, path), version: found }
}

type ModelUri = { id?: string | undefined, name: string, alias?: string | undefined, version?: string | undefined, path: string }

function parseModelUri (uri: string): ModelUri {
  const [, first = '', rest = ''] = /^models:\/+([^/]+)(?:\/(.*))?$/i.exec(uri) ?? []
  if (/^m-[0-9a-f]{32}$/.test(first)) return { id: first, name: '', path: rest }
  const at = first.lastIndexOf('@')
  if (at > 0) return { name: decode(first.slice(0, at)), alias: decode(first.slice(at + 1)), path: rest }
  const [, version, path = ''] = /^([0-9]+)(?:\/(.*))?$/.exec(rest) ?? []
  return { name: decode(first), version, path }
}

/**
 * The model that the run logged under this name, which since MLflow 3 lies elsewhere; else the run's artifacts. As MLflow's own client, where the model wins. What the
 * run holds is not asked for: where artifacts lie in a store, the server may have no access to it.
 */
async function locateRun (uri: string, server: Mlflow): Promise<Located> {
  const [, id, path = ''] = /^runs:\/+([0-9a-zA-Z_-]+)(?:\/(.*))?$/i.exec(uri) ?? []
  if (id === undefined) throw new DownloadError('SourceUnsupported', `${uri} names no run; write runs:/id/path`)
  const { location, experiment } = await server.run(id)
  const [name = '', ...rest] = path.split('/')
  const model = name === '' ? undefined : await server.loggedModel({ run: id, experiment, name })
  return { location: join(model ?? location, model === undefined ? path : rest.join('/')), uri }
}

function join (base: string, path: string): string {
  return path === '' ? base : `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`
}

function decode (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
