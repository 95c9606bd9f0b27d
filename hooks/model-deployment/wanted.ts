// What the spec asks for, as identities: what a version is made of, and how it is to be tried. Or why nothing can be made of it.
import type { Images } from '../core/images.ts'
import { runtimeImage } from '../core/images.ts'
import { SOURCE_URI } from '../core/model-source.ts'
import { contentHash } from '../core/names.ts'
import { placementOf } from '../core/placement.ts'
import { defined } from '../core/plain-value.ts'
import { canonicalResources } from '../core/pod.ts'
import type { SyncRequest } from '../core/request.ts'
import { isUnsupported, layoutFor, type Layout, type Runtime } from '../serving/runtimes/runtime.ts'
import { runtimes } from '../serving/runtimes/runtimes.ts'
import { makeServerTemplate } from './resources/server-template.ts'
import { RUNTIME_NAMES, type Spec } from './schema.ts'
import type { Status, Version } from './schema/status.ts'

export type Request = SyncRequest<Spec, Status>

export type Wanted = {
  /** Changes with whatever the version's pods or its script depend on. */
  content: string
  /** Changes with how a try is made: what failed is tried again when it does. */
  tries: string
  runtime: Runtime
  layout: Layout
}

/** A spec that no version can be made of. */
export type Problem = { reason: 'SourceUnsupported' | 'SpecTooLarge', message: string }

const sourceUri = new RegExp(SOURCE_URI)

/**
 * What the spec asks for. Only the spec goes into the hashes, not what this release or its settings make of it: an upgrade of Sluice validates and starts
 * nothing. So a field that a later release adds has to be optional. The parent's uid is in them: an object that is made again finds nothing of the one before.
 */
export function wantedOf (request: Request): Wanted | Problem {
  const { spec, metadata } = request.parent
  // Of a spec that was let in unchecked, either may be missing while a switch is under way.
  const runtime = (RUNTIME_NAMES as readonly unknown[]).includes(spec.runtime) ? runtimes[spec.runtime] : undefined
  if (!runtime || typeof spec.modelURI !== 'string' || !sourceUri.test(spec.modelURI)) {
    return { reason: 'SourceUnsupported', message: 'spec.modelURI is no address that can be downloaded: give one that begins with https://, s3://, gs://, models:/, runs:/ or mlflow-artifacts:/.' }
  }
  const layout = layoutFor(runtime, spec.modelURI, metadata.name)
  if (isUnsupported(layout)) return { reason: 'SourceUnsupported', message: `${layout.unsupported}.` }
  const wanted = { content: contentHash({ uid: metadata.uid, ...contentOf(spec) }), tries: contentHash(triesOf(spec)), runtime: withPort(runtime, spec.port), layout }
  return tooLarge(request, wanted) ?? wanted
}

/**
 * Bytes of a template, and of what only the Job has: a Deployment carries its template up to four times (itself, in an annotation, and both again in
 * Metacontroller's), a Job two times, and all annotations of an object may have 256 KiB.
 */
const LARGEST = { template: 48_000, validation: 64_000 }

function tooLarge (request: Request, wanted: Wanted): Problem | undefined {
  const template = bytesOf(makeServerTemplate(request, wanted, { id: '0123456789' }, serverImage(request.parent.spec, request.images)))
  if (template > LARGEST.template) return { reason: 'SpecTooLarge', message: `The template of the server's pods has ${template} bytes and may have ${LARGEST.template}: move long values of env into a ConfigMap, and shorten affinity.` }
  const validation = bytesOf(request.parent.spec.validation)
  if (validation > LARGEST.validation) return { reason: 'SpecTooLarge', message: `spec.validation has ${validation} bytes and may have ${LARGEST.validation}: move long values of its env into a ConfigMap.` }
  return undefined
}

function bytesOf (value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length
}

export function isProblem (wanted: Wanted | Problem): wanted is Problem {
  return 'reason' in wanted
}

/** A version of that content, in its next attempt. */
export function newVersion ({ content, tries }: Wanted, spec: Spec, attempt: number): Omit<Version, 'startedAt'> {
  return { id: contentHash({ content, tries, attempt }), attempt, content, tries, version: spec.version, runtime: spec.runtime }
}

/** The image of the server: that of the spec, of the settings, or the pinned one. */
export function serverImage ({ runtime, runtimeImage: image }: Spec, images: Images | undefined): string {
  return image || runtimeImage(images, runtime, runtimes[runtime].image)
}

function contentOf (spec: Spec): object {
  const { modelURI, runtime, runtimeImage, version, resources, validateScript, validateScriptFrom, env, credentialsSecret, port, serviceAccountName } = spec
  return defined({ modelURI, runtime, runtimeImage, version, resources: resources && canonicalResources(resources), validateScript, validateScriptFrom, env, credentialsSecret, port, serviceAccountName, placement: placementOf(spec) })
}

function triesOf ({ validation, progressDeadline, storage }: Spec): object {
  return defined({ ...validation, resources: validation.resources && canonicalResources(validation.resources), progressDeadline, storage })
}

/** An image of users may answer elsewhere. */
function withPort (runtime: Runtime, port: number | undefined): Runtime {
  return port === undefined ? runtime : { ...runtime, ports: { http: port } }
}
