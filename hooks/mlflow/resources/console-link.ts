// The entry in the application menu of OpenShift's console.
import { platformOf } from '../../core/platform.ts'
import { mayReturn, type Child } from '../../core/request.ts'
import { CONSOLE_LINK } from '../children.ts'
import { namesOf, suffixOf } from '../names.ts'
import { clusterMetadata, externalUrl, type Request } from '../place.ts'

/** A line that falls, with its points: a metric of a run. 24 by 24, as the menu shows it. */
const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#06c" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="M3 3v18h18"/><path d="m6 6 4 7 4-1 6 5"/><circle cx="10" cy="13" r="1" fill="#06c"/><circle cx="14" cy="12" r="1" fill="#06c"/></svg>'

/** Undefined where there is no such console, or the server has no address outside; the console takes none without TLS. */
export function makeConsoleLink (request: Request): Child | undefined {
  const { metadata } = request.parent
  const href = externalUrl(request)
  if (!mayReturn(request, CONSOLE_LINK) || !href?.startsWith('https://')) return undefined
  const { apiVersion, kind } = CONSOLE_LINK
  return {
    apiVersion,
    kind,
    metadata: clusterMetadata(request, namesOf(metadata.name).server),
    spec: {
      location: 'ApplicationMenu',
      // One name for two servers would say nothing.
      text: suffixOf(metadata.name) === '' ? 'MLflow' : `MLflow ${metadata.name}`,
      href,
      applicationMenu: { section: platformOf(request.platform).sectionTitle, imageURL: `data:image/svg+xml,${encodeURIComponent(ICON)}` }
    }
  }
}
