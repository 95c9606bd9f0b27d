// Conversion between the version an object is stored in and the one it is asked for: apiVersion only, and the two Event APIs.
import { apiVersionOf } from './resource.ts'
import type { Resource } from './resource.ts'
import { joinApiVersion } from './kube-object.ts'
import type { KubeObject } from './kube-object.ts'

function defined (fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}

/** events.k8s.io/v1 → v1, which is how both are stored. */
export function eventToCore (event: KubeObject): KubeObject {
  const { note, regarding, reportingController, deprecatedSource, deprecatedCount, deprecatedFirstTimestamp, deprecatedLastTimestamp, ...rest } = event
  return {
    firstTimestamp: null,
    lastTimestamp: null,
    ...defined({
      ...rest,
      apiVersion: 'v1',
      message: note,
      involvedObject: regarding ?? {},
      reportingComponent: reportingController,
      source: deprecatedSource ?? {},
      count: deprecatedCount,
      firstTimestamp: deprecatedFirstTimestamp,
      lastTimestamp: deprecatedLastTimestamp
    })
  } as unknown as KubeObject
}

/** v1 → events.k8s.io/v1. */
export function eventFromCore (event: KubeObject): KubeObject {
  const { message, involvedObject, reportingComponent, source, count, firstTimestamp, lastTimestamp, ...rest } = event
  return {
    deprecatedFirstTimestamp: null,
    deprecatedLastTimestamp: null,
    ...defined({
      ...rest,
      apiVersion: 'events.k8s.io/v1',
      note: message,
      regarding: involvedObject,
      reportingController: reportingComponent,
      deprecatedSource: source,
      deprecatedCount: count,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp
    })
  } as unknown as KubeObject
}

/** The object in the version of the resource it was asked for. */
export function fromStorage (resource: Resource, object: KubeObject): KubeObject {
  const wanted = apiVersionOf(resource)
  if (object.apiVersion === wanted) return object
  return resource.group === 'events.k8s.io' ? eventFromCore(object) : { ...object, apiVersion: wanted }
}

/** The object in the version it is stored in. */
export function toStorage (resource: Resource, object: KubeObject): KubeObject {
  if (resource.group === 'events.k8s.io') return eventToCore(object)
  const stored = joinApiVersion(resource.group, resource.storageVersion)
  return object.apiVersion === stored ? object : { ...object, apiVersion: stored }
}
