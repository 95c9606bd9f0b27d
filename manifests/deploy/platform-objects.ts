// What of an overlay depends on the platform that it is applied to: its gateway's address, and the image.
import type { PlatformSetting } from '../../hooks/core/platform.ts'
import { versionWith } from '../generate/install/overlays.ts'

type Variable = { name: string, value?: string }
type Object = { kind: string, spec?: { hooks?: Record<string, { webhook: { url: string } }>, template?: { spec: { containers: Array<{ name: string, image: string, env?: Variable[] }> } } } }

export type Choice = { externalUrl: string, gateway: { name: string, namespace: string }, image?: string | undefined }

/** https:// and the first address of a Gateway; undefined while it has none. */
export function urlOf (gateway: { status?: { addresses?: Array<{ value?: string }> }, spec?: { listeners?: Array<{ hostname?: string }> } }): string | undefined {
  const host = gateway.status?.addresses?.find(({ value }) => value)?.value ?? gateway.spec?.listeners?.find(({ hostname }) => hostname && !hostname.startsWith('*'))?.hostname
  return host && `https://${host}`
}

/** The overlay's objects with what the hooks are told of the platform, in all the places that must say the same. */
export function withPlatform (objects: object[], release: string, { externalUrl, gateway, image }: Choice): object[] {
  const found = (objects as Object[]).flatMap(containersOf).flatMap(({ env = [] }) => env).find(({ name }) => name === 'PLATFORM')
  if (found?.value === undefined) throw new Error('the overlay has no PLATFORM; run npm run generate')
  const platform: PlatformSetting = { ...JSON.parse(found.value) as PlatformSetting, externalUrl, gateway }
  const v = versionWith(release, { ...platform, ...(image && { image }) })
  const told: Record<string, string> = { PLATFORM: JSON.stringify(platform), HOOKS_V: v, ...(image && { IMAGES: JSON.stringify({ jobs: image }) }) }
  return objects.map((object) => changed(structuredClone(object) as Object, told, image, v))
}

function containersOf ({ kind, spec }: Object): Array<{ name: string, image: string, env?: Variable[] }> {
  return kind === 'Deployment' ? spec?.template?.spec.containers ?? [] : []
}

function changed (object: Object, told: Record<string, string>, image: string | undefined, v: string): object {
  for (const container of containersOf(object)) {
    if (image) container.image = image
    if (container.name !== 'hooks') continue
    const others = (container.env ?? []).filter(({ name }) => !(name in told))
    container.env = [...others, ...Object.entries(told).map(([name, value]) => ({ name, value }))]
  }
  for (const { webhook } of Object.values(object.kind === 'CompositeController' ? object.spec?.hooks ?? {} : {})) webhook.url = webhook.url.replace(/\?v=.*$/, `?v=${encodeURIComponent(v)}`)
  return object
}
