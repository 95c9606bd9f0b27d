// What keeps the server's pods from being made as the spec asks for: then they stay as they are, and the object says why.
import type { ReferencesFact } from '../core/facts.ts'
import { namespaceOf, type Request } from './place.ts'
import type { Spec } from './schema.ts'
import { makeServerTemplate } from './resources/server-template.ts'
import { selectorText } from './selector.ts'
import { backendStore } from './stores.ts'

export type Problem = { reason: 'RenderFailed' | 'CABundleConfigMapError', message: string }

export function problemOf (request: Request, references: ReferencesFact | undefined): Problem | undefined {
  return renderProblem(request) ?? caProblem(request, references)
}

/** Rules of the API say most of this, too; here it is for objects that are older than the rules, and for what a rule cannot see. */
function renderProblem (request: Request): Problem | undefined {
  const { spec } = request.parent
  const message = selectorProblem(spec) ?? storageProblem(spec) ?? nameProblem(spec) ?? sizeProblem(request)
  return message === undefined ? undefined : { reason: 'RenderFailed', message }
}

/**
 * Bytes of a pod template: during a migration a Deployment has the one before three times in its annotations (in its memory, and both in Metacontroller's),
 * its Jobs likewise, and all annotations of an object may have 256 KiB.
 */
const LARGEST_TEMPLATE = 48_000

function sizeProblem (request: Request): string | undefined {
  const bytes = new TextEncoder().encode(JSON.stringify(makeServerTemplate(request, undefined))).length
  return bytes > LARGEST_TEMPLATE ? `the template of the server's pods has ${bytes} bytes and may have ${LARGEST_TEMPLATE}: move long values of env into a ConfigMap, and shorten lists` : undefined
}

function selectorProblem ({ workspaceLabelSelector }: Spec): string | undefined {
  const selector = workspaceLabelSelector && selectorText(workspaceLabelSelector)
  return selector && 'problem' in selector ? `workspaceLabelSelector cannot be used: ${selector.problem}; correct it` : undefined
}

function storageProblem (spec: Spec): string | undefined {
  if (!backendStore(spec)) return 'backendStoreUri or backendStoreUriFrom must be set'
  const field = spec.storage ? undefined : fieldOnDisk(spec)
  return field && `storage must be configured when ${field} uses file-based storage (file:// prefix)`
}

/** What lies on a volume, which there is none of. */
function fieldOnDisk ({ traceArchival, serveArtifacts, artifactsDestination = 'file://' }: Spec): string | undefined {
  if (traceArchival?.enabled && traceArchival.location?.startsWith('file://')) return 'traceArchival.location'
  return serveArtifacts && artifactsDestination.startsWith('file://') ? 'artifactsDestination' : undefined
}

function nameProblem ({ extraContainers = [], extraInitContainers = [] }: Spec): string | undefined {
  const taken = [...extraContainers, ...extraInitContainers].find(({ name }) => OUR_CONTAINERS.includes(name))
  return taken && `the name ${taken.name} of extraContainers or extraInitContainers is taken by a container of Sluice; choose another`
}

const OUR_CONTAINERS = ['mlflow', 'ca-bundle-watcher', 'combine-ca-bundles', 'write-auth-config']

/** Only where the poller looks at what objects name, and has said that it is absent. */
function caProblem (request: Request, references: ReferencesFact = {}): Problem | undefined {
  const { caBundleConfigMap } = request.parent.spec
  const key = `ConfigMap/${caBundleConfigMap?.name}`
  if (!caBundleConfigMap || !Object.hasOwn(references, key) || references[key] !== '') return undefined
  return { reason: 'CABundleConfigMapError', message: `CA bundle ConfigMap ${JSON.stringify(caBundleConfigMap.name)} not found in namespace ${JSON.stringify(namespaceOf(request))}` }
}
