// CustomResourceDefinitions: from the YAML of a CRD to the resources it serves.
import { readFileSync, statSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { invalid } from './api-error.ts'
import type { StatusCause } from './api-error.ts'
import { isMap } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'
import type { Resource } from './resource.ts'
import { compileSchema } from './schema.ts'
import type { Schema } from './schema.ts'

interface CrdVersion {
  name: string
  served: boolean
  storage: boolean
  schema?: { openAPIV3Schema?: any }
  subresources?: { status?: object, scale?: { specReplicasPath: string } }
  additionalPrinterColumns?: Resource['columns']
  selectableFields?: { jsonPath: string }[]
}

const subject = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions', kind: 'CustomResourceDefinition' }
const parsedFiles = new Map<string, { changed: number, objects: KubeObject[] }>()

/** All objects in a YAML file; parsed once as long as the file does not change, so that compiled schemas are shared too. */
export function readYamlObjects (path: string): KubeObject[] {
  const changed = statSync(path).mtimeMs
  const known = parsedFiles.get(path)
  if (known?.changed === changed) return known.objects
  const objects = parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as unknown).filter(isMap) as KubeObject[]
  parsedFiles.set(path, { changed, objects })
  return objects
}

function compileVersion (crd: KubeObject, version: CrdVersion): Schema {
  const field = `spec.versions[${crd.spec.versions.indexOf(version)}].schema.openAPIV3Schema`
  const node = version.schema?.openAPIV3Schema
  if (!isMap(node)) throw invalid(subject, crd.metadata.name, [{ reason: 'FieldValueRequired', message: 'Required value: schemas are required', field }])
  try {
    return compileSchema(node)
  } catch (error) {
    const cause: StatusCause = { reason: 'FieldValueInvalid', message: error instanceof Error ? error.message : String(error), field }
    throw invalid(subject, crd.metadata.name, [cause])
  }
}

function checkCrd (crd: KubeObject): CrdVersion[] {
  const { group, names, versions } = crd.spec ?? {}
  if (!group || !names?.plural || !names?.kind || !Array.isArray(versions)) {
    throw invalid(subject, crd.metadata.name, [{ reason: 'FieldValueRequired', message: 'Required value: group, names.plural, names.kind and versions', field: 'spec' }])
  }
  if (crd.metadata.name !== `${names.plural}.${group}`) {
    throw invalid(subject, crd.metadata.name, [{ reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(crd.metadata.name)}: must be spec.names.plural+"."+spec.group`, field: 'metadata.name' }])
  }
  if (versions.filter((version: CrdVersion) => version.storage).length !== 1) {
    throw invalid(subject, crd.metadata.name, [{ reason: 'FieldValueInvalid', message: 'Invalid value: must have exactly one version marked as storage version', field: 'spec.versions' }])
  }
  return versions
}

/** The served versions of a CRD. Throws 422 for a CRD that cannot be served, or has a rule that cannot be evaluated. */
export function resourcesOfCrd (crd: KubeObject): Resource[] {
  const versions = checkCrd(crd)
  const served = versions.filter((version) => version.served)
  const names = crd.spec.names
  return served.map((version): Resource => ({
    group: crd.spec.group,
    version: version.name,
    versions: served.map((other) => other.name),
    storageVersion: versions.find((other) => other.storage)!.name,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: crd.spec.scope === 'Namespaced',
    hasStatus: version.subresources?.status !== undefined,
    hasGeneration: true,
    columns: version.additionalPrinterColumns ?? [],
    selectableFields: (version.selectableFields ?? []).map((field) => field.jsonPath.replace(/^\./, '')),
    custom: true,
    ...(version.subresources?.scale ? { scale: version.subresources.scale } : {}),
    schema: compileVersion(crd, version)
  }))
}

/** The status a real server writes on a CRD once it serves it. */
export function establishedStatus (crd: KubeObject, now: string): object {
  const condition = (type: string, reason: string, message: string): object => ({ type, status: 'True', lastTransitionTime: now, reason, message })
  return {
    acceptedNames: { ...crd.spec.names, listKind: crd.spec.names.listKind ?? `${crd.spec.names.kind}List`, singular: crd.spec.names.singular ?? crd.spec.names.kind.toLowerCase() },
    conditions: [condition('NamesAccepted', 'NoConflicts', 'no conflicts found'), condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted')],
    storedVersions: [crd.spec.versions.find((version: CrdVersion) => version.storage)!.name]
  }
}
