// Carries out a Dockerfile's stages in folders: copies what it copies and runs what it runs, on this machine and its Node.
import dockerignore from '@balena/dockerignore'
import { cp, glob, mkdir, readFile, stat } from 'node:fs/promises'
import { basename, isAbsolute, join, relative } from 'node:path'
import { commandOf } from '../commands.ts'
import type { Stage, Step } from './recipe.ts'

/** `root` stands for / in the image. */
export type Image = { root: string, workdir: string, env: Record<string, string>, command: string[] }

/** Carries them out below `folder`; `context` is what the builder is given, less what its .dockerignore names. Returns the last stage. */
export async function assemble (stages: Stage[], context: string, folder: string): Promise<Image> {
  const ignored = dockerignore.default().add(await readFile(join(context, '.dockerignore'), 'utf8'))
  const images = new Map<string, Image>()
  for (const stage of stages) {
    const image: Image = { root: join(folder, stage.name), workdir: '/', env: stage.env, command: stage.command }
    await mkdir(image.root, { recursive: true })
    for (const step of stage.steps) await carryOut(step, image, { images, context, isGiven: (path) => !ignored.ignores(path) })
    images.set(stage.name, image)
  }
  const image = images.get(stages.at(-1)?.name ?? '')
  if (!image) throw new Error('the Dockerfile has no stage')
  return image
}

type Surroundings = { images: Map<string, Image>, context: string, isGiven: (path: string) => boolean }

async function carryOut (step: Step, image: Image, surroundings: Surroundings): Promise<void> {
  switch (step.do) {
    case 'workdir':
      image.workdir = step.path
      await mkdir(join(image.root, step.path), { recursive: true })
      return
    case 'run':
      await commandOf('sh', environment())(['-c', `cd '${join(image.root, image.workdir)}' && ${step.command}`])
      return
    case 'copy': await copy(step, image, surroundings); return
    default: step satisfies never
  }
}

/** All of it: how npm reaches its registry, by proxies and authorities, is this machine's business. */
function environment (): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]))
}

async function copy ({ from, sources, target }: Step & { do: 'copy' }, image: Image, { images, context, isGiven }: Surroundings): Promise<void> {
  const origin = from === undefined ? context : images.get(from)?.root
  if (origin === undefined) throw new Error(`COPY --from=${from}: there is no such stage`)
  const filter = from === undefined ? (path: string) => path === context || isGiven(relative(context, path)) : () => true
  const place = join(image.root, isAbsolute(target) ? target : join(image.workdir, target))
  for (const source of sources) {
    const path = join(origin, source)
    if (!filter(path)) throw new Error(`COPY ${source}: .dockerignore leaves it out`)
    // A folder's content is copied, a file goes into a target that ends in a slash.
    const isFile = (await stat(path)).isFile()
    await cp(path, isFile && target.endsWith('/') ? join(place, basename(path)) : place, { recursive: true, filter })
  }
}

/** Every file below the root with its size and time, to see that nothing is written. */
export async function inventory (root: string): Promise<string[]> {
  const lines: string[] = []
  for await (const path of glob('**/*', { cwd: root })) {
    const { size, mtimeMs } = await stat(join(root, path))
    lines.push(`${path} ${size} ${mtimeMs}`)
  }
  return lines.toSorted()
}
