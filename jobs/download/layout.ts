// Which folder of an archive or a listing is the model: the one that directly holds what the model server looks for.
import { DownloadError } from './failure.ts'

const SHOWN = 5

/**
 * The shallowest folder ('' for the top) that directly holds one of the alternatives `a|b`, where `*` stands for any part of a name; the top where nothing is
 * demanded. `paths` are those of files, with slashes. Throws LayoutInvalid.
 */
export function findRoot (paths: string[], mustHold: string): string {
  if (mustHold === '') return ''
  const wanted = mustHold.split('|').map(pattern)
  const holders = new Set(paths.flatMap((path) => foldersHolding(path, wanted)))
  const depth = Math.min(...[...holders].map(depthOf))
  const found = [...holders].filter((folder) => depthOf(folder) === depth).toSorted()
  const [root, other] = found
  if (root === undefined) throw new DownloadError('LayoutInvalid', `the model has no ${mustHold.replaceAll('|', ' or ')}, which its runtime looks for; it holds ${someOf(paths)}; give a model in the layout of the runtime`)
  if (other !== undefined) throw new DownloadError('LayoutInvalid', `${found.length} folders hold ${mustHold.replaceAll('|', ' or ')}: ${someOf(found)}; give one model only`)
  return root
}

/** Folders above a path, each of which holds the next part of it. */
function foldersHolding (path: string, wanted: RegExp[]): string[] {
  const parts = path.split('/')
  return parts.flatMap((part, index) => wanted.some((name) => name.test(part)) ? [parts.slice(0, index).join('/')] : [])
}

function depthOf (folder: string): number {
  return folder === '' ? 0 : folder.split('/').length
}

function pattern (name: string): RegExp {
  return new RegExp(`^${name.split('*').map(RegExp.escape).join('.*')}$`, 's')
}

function someOf (paths: string[]): string {
  const shown = paths.toSorted().slice(0, SHOWN).join(', ')
  return paths.length > SHOWN ? `${shown} and ${paths.length - SHOWN} more` : shown
}
