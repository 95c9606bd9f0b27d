// Where a server is there it stays: volumes and Secrets do not move, and to leave a namespace is to delete everything in it.
import { objectMapKey } from '../core/request.ts'
import { DEPLOYMENT } from './children.ts'
import { namesOf } from './names.ts'
import { namespaceOf, type Request } from './place.ts'

/** The call with the namespace in which the server is, whatever the spec, or the configuration of Sluice, says by now. */
export function inItsNamespace (request: Request): Request {
  const { server } = namesOf(request.parent.metadata.name)
  const places = Object.keys(request.children[objectMapKey(DEPLOYMENT.apiVersion, DEPLOYMENT.kind)] ?? {}).filter((place) => place.endsWith(`/${server}`)).toSorted()
  const namespaces = places.map((place) => place.slice(0, -server.length - 1))
  const [first = reported(request)] = namespaces
  if (first === undefined || namespaces.includes(namespaceOf(request))) return request
  return { ...request, parent: { ...request.parent, spec: { ...request.parent.spec, namespace: first } } }
}

/** While the Deployment is gone, where it was; what the spec itself says cannot change, and counts. */
function reported ({ parent: { spec, status } }: Request): string | undefined {
  const { namespace = '' } = status ?? {}
  return spec.namespace === undefined && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace) ? namespace : undefined
}
