// All generated files, as text: the same kinds always give the same bytes.
import { Document, isMap, isSeq, type ParsedNode } from 'yaml'
import type { Kind } from '../../hooks/core/kind.ts'
import { childrenOf, makeCompositeController, type ControllerOptions } from './composite-controller.ts'
import { makeCrd } from './crd.ts'
import { makeRoles } from './roles.ts'

/** Folders in which every YAML file is generated. */
export const GENERATED_FOLDERS = ['manifests/crds', 'metacontroller']

export const HEADER = ' Generated from hooks/ by `npm run generate`; edits are lost.'

/** Where the plain manifests expect the hooks: the Service of manifests/base. */
const HOOKS_URL = 'http://sluice-hooks.sluice-system.svc:8080'

/** Text by path, relative to the top of the repository. `v` is the release. */
export function makeFiles (kinds: Kind[], v: string): Map<string, string> {
  const names = kinds.map(({ resource }) => `${resource.plural}.yaml`)
  return new Map([
    ...kinds.map((kind) => [`manifests/crds/${kind.resource.plural}.yaml`, format(makeCrd(kind))] as const),
    ['manifests/crds/kustomization.yaml', format(makeKustomization(names))],
    ...kinds.map((kind) => [`metacontroller/${kind.resource.plural}.yaml`, formatController(kind, v)] as const),
    ['metacontroller/kustomization.yaml', format(makeKustomization(names))],
    ['manifests/base/roles.yaml', makeRoles(kinds).map(format).join('---\n')]
  ])
}

function makeKustomization (resources: string[]): object {
  return { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }
}

function format (value: object): string {
  return print(makeDocument(value))
}

/** YAML 1.1 rules of quoting, for Go's readers take a bare `on` or `y` for a boolean. */
function makeDocument (value: object): Document {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false })
  document.commentBefore = HEADER
  return document
}

function print (document: Document): string {
  return document.toString({ lineWidth: 0, directives: false })
}

/** Optional children carry a note, for whoever applies the file as it is. */
function formatController (kind: Kind, v: string): string {
  const options: ControllerOptions = { url: HOOKS_URL, v }
  const document = makeDocument(makeCompositeController(kind, options))
  const list = document.getIn(['spec', 'childResources']) as ParsedNode
  childrenOf(kind, options).forEach((child, index) => {
    const item: unknown = isSeq(list) ? list.items[index] : undefined
    if (isMap(item) && child.capability) item.commentBefore = ` Remove this entry where ${child.kind} is not installed: Metacontroller would not start the controller.`
  })
  return print(document)
}
