// Names that the operator gives to what it creates; over 63 characters each becomes `seldon-<md5>`.
import { createHash } from 'node:crypto'

import type { ComponentSpec, Predictor } from './seldon-deployment.ts'

function shorten (name: string): string {
  return name.length > 63 ? `seldon-${createHash('md5').update(name).digest('hex')}` : name
}

/** `<sdep>-<predictor>-<index>-<containers joined by ->`, or with the component's own name in place of the containers. */
export function deploymentName (sdep: string, predictor: string, index: number, component: ComponentSpec): string {
  const own = component.metadata?.name
  const containers = (component.spec.containers ?? []).map(container => container.name).join('-')
  return shorten(`${sdep}-${predictor}-${index}-${own || containers}`)
}

/** Service in front of a predictor; the annotation seldon.io/svc-name replaces it. */
export function predictorServiceName (sdep: string, predictor: Predictor): string {
  return predictor.annotations?.['seldon.io/svc-name'] ?? shorten(`${sdep}-${predictor.name}`)
}

export function containerServiceName (sdep: string, predictor: string, container: string): string {
  return shorten(`${sdep}-${predictor}-${container}`)
}

/** Name of the VirtualService. */
export function routerName (sdep: string): string {
  return shorten(sdep)
}
