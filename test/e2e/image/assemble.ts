// Carries out a Dockerfile's stages in folders: copies what it copies and runs what it runs, on this machine and its Node.
import dockerignore from '@balena/dockerignore'
import { chmod, cp, glob, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import { commandOf } from '../commands.ts'
import type { Stage, Step } from './recipe.ts'

/** `root` stands for / in the image. */
export type Image = { root: string, workdir: string, env: Record<string, string>, command: string[] }

/** What stands for the base image beside Node itself: package managers, as the official image has them. */
const BASE = ['usr/local/bin/npm', 'usr/local/bin/npx', 'usr/local/bin/corepack', 'usr/local/bin/yarn', 'usr/local/bin/yarnpkg', 'usr/local/lib/node_modules/npm/package.json', 'opt/yarn-v1/bin/yarn']

/** Carries them out below `folder`; `context` is what the builder is given, less what its .dockerignore names. Returns the last stage. */
export async function assemble (stages: Stage[], context: string, folder: string): Promise<Image> {
  const ignored = dockerignore.default().add(await readFile(join(context, '.dockerignore'), 'utf8'))
  const images = new Map<string, Image>()
  for (const stage of stages) {
    const image: Image = { root: join(folder, stage.name), workdir: '/', env: stage.env, command: stage.command }
    for (const path of BASE) await stand(join(image.root, path))
    for (const step of stage.steps) await carryOut(step, image, { images, context, isGiven: (path) => !ignored.ignores(path) })
    images.set(stage.name, image)
  }
  const image = images.get(stages.at(-1)?.name ?? '')
  if (!image) throw new Error('the Dockerfile has no stage')
  return image
}

async function stand (path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, '')
}

type Surroundings = { images: Map<string, Image>, context: string, isGiven: (path: string) => boolean }

async function carryOut (step: Step, image: Image, surroundings: Surroundings): Promise<void> {
  switch (step.do) {
    case 'workdir':
      image.workdir = step.path
      await mkdir(join(image.root, step.path), { recursive: true })
      return
    case 'run':
      // This machine is not the image: a command may only name what is below its folder.
      if (/(^|[\s=])[~/]|\.\./.test(step.command)) throw new Error(`RUN ${step.command}: names a path of this machine; write it relative to WORKDIR`)
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
    const copied = await placeOf(path, target, place)
    await cp(path, copied, { recursive: true, filter })
    if (from === undefined) await closeToOthers(copied)
  }
}

/** A folder's content is copied, a file goes into a target that ends in a slash. */
async function placeOf (path: string, target: string, place: string): Promise<string> {
  return target.endsWith('/') && (await stat(path)).isFile() ? join(place, basename(path)) : place
}

/** What is copied comes from the worst checkout that there is: one made under umask 077. */
async function closeToOthers (path: string): Promise<void> {
  const paths = [path, ...await Array.fromAsync(glob('**/*', { cwd: path }), (name) => join(path, name))]
  for (const one of paths) await chmod(one, (await stat(one)).mode & 0o700)
}

/** Every file and folder below `root` that its owner may read and others may not, or that others may write. */
export async function closedToOthers (root: string): Promise<string[]> {
  const found: string[] = []
  for await (const path of glob('**/*', { cwd: root })) {
    const { mode } = await stat(join(root, path))
    const needed = mode & 0o100 ? 0o055 : 0o044
    if ((mode & needed) !== needed || (mode & 0o022) !== 0) found.push(path)
  }
  return found
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
