// Images that the hooks put into pods of their own making: from the settings, or the defaults that a kind pins.
import { Type, type Static } from '@sinclair/typebox'

const image = (description: string) => Type.String({ minLength: 1, maxLength: 512, pattern: '^[^\\s]+$', description })

export const Images = Type.Object({
  jobs: Type.Optional(image('Image of the programs in jobs/: that of Sluice itself.')),
  runtimes: Type.Optional(Type.Record(Type.String(), image('Image of a runtime.'), { description: 'Images by runtime, such as triton.' }))
}, { additionalProperties: false, description: 'Images of the pods that the hooks ask for.' })
export type Images = Static<typeof Images>

/** Where nobody has said from where: a name that says what is missing when it cannot be pulled. */
const JOBS_IMAGE = 'sluice:0.1.0'

/** The image of the programs in jobs/. */
export function jobsImage (images: Images | undefined): string {
  return images?.jobs ?? JOBS_IMAGE
}

/** The image of a runtime; `pinned` is the kind's default. */
export function runtimeImage (images: Images | undefined, runtime: string, pinned: string): string {
  const { runtimes = {} } = images ?? {}
  return Object.hasOwn(runtimes, runtime) ? runtimes[runtime] ?? pinned : pinned
}
