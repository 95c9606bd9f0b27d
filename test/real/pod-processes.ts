// Containers of rendered pods, run as processes of the test: what the kubelet puts together is put together here, with folders of the test for volumes.
// What differs from the rendered command and environment: names of folders, the address and the port that is listened on, and the Service's name, which nobody resolves here.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../playground/system/processes.ts'
import type { KubeObject } from '../../hooks/core/request.ts'

/** The pod's address as the kubelet and Prometheus call it; nothing listens there. */
export const POD_IP = '10.1.2.3'

export interface Surroundings {
  /** Folder of the test. */
  folder: string
  /** Contents of Secrets and ConfigMaps by name. */
  secrets: Record<string, Record<string, string>>
  configMaps: Record<string, Record<string, string>>
  /** What every container has beside its own environment: PATH with the image's programs, and the way to the API server. */
  env: Record<string, string>
  /** Host of the Service with its port, and where the server behind it listens, once there is one. */
  service: string
  serverPort?: number
}

type Source = { secretKeyRef?: { name: string, key: string }, configMapKeyRef?: { name: string, key: string }, fieldRef?: { fieldPath: string } }
type Reference = { name: string }
export type Container = {
  name: string
  command: string[]
  args?: string[]
  env?: Array<{ name: string, value?: string, valueFrom?: Source }>
  envFrom?: Array<{ secretRef?: Reference, configMapRef?: Reference }>
  volumeMounts?: Array<{ name: string, mountPath: string }>
}
type Keys = { items?: Array<{ key: string, path: string }> }
type Volume = { name: string, persistentVolumeClaim?: { claimName: string }, secret?: Keys & { secretName: string }, configMap?: Keys & { name: string }, emptyDir?: object }
type PodSpec = { initContainers?: Container[], containers: Container[], volumes?: Volume[] }

export type Process = { command: string, args: string[], env: Record<string, string> }
export type Ended = { code: number, output: string, termination: string }

export interface Pod {
  container: (name: string) => Container
  /** What to spawn for this container. */
  processOf: (container: Container) => Process
  /** Runs it to its end. */
  run: (container: Container) => Promise<Ended>
  /** Runs all init containers, one after the other. Throws when one fails. */
  initialise: () => Promise<void>
  port: number
}

const run = promisify(execFile)
let pods = 0

/** The pod of a Deployment, a Job or a CronJob. */
export async function preparePod (at: Surroundings, owner: KubeObject): Promise<Pod> {
  const spec = podSpecOf(owner)
  const port = await freePort()
  const home = join(at.folder, `pod-${pods++}`)
  mkdirSync(home)
  const folders = new Map((spec.volumes ?? []).map((volume) => [volume.name, folderOf(at, home, volume)]))
  const all = [...spec.initContainers ?? [], ...spec.containers]
  const termination = join(home, 'termination-log')
  const processOf = (container: Container): Process => {
    const place = placesOf(container, folders, { at, port, termination })
    const env = environmentOf(at, container)
    const [command = '', ...args] = [...container.command, ...container.args ?? []].map((text) => place(expand(text, env)))
    return { command, args, env: { HOME: home, ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, place(value)])), ...at.env } }
  }
  const runToEnd = async (container: Container): Promise<Ended> => {
    const { command, args, env } = processOf(container)
    const { code, output } = await finish(command, args, { cwd: home, env })
    return { code, output, termination: existsSync(termination) ? readFileSync(termination, 'utf8') : '' }
  }
  return {
    port,
    processOf,
    run: runToEnd,
    container (name) {
      const found = all.find((container) => container.name === name)
      if (!found) throw new Error(`no container ${name} in ${owner.kind} ${owner.metadata.name}`)
      return found
    },
    async initialise () {
      for (const container of spec.initContainers ?? []) {
        const { code, output } = await runToEnd(container)
        if (code !== 0) throw new Error(`${container.name} ended with ${code}: ${output}`)
      }
    }
  }
}

function podSpecOf (owner: KubeObject): PodSpec {
  type Templated = { template: { spec: PodSpec } }
  const spec = owner.spec as Templated & { jobTemplate?: { spec: Templated } }
  return (spec.jobTemplate?.spec ?? spec).template.spec
}

/** A claim is one folder for all pods; the rest is the pod's own. */
function folderOf (at: Surroundings, home: string, volume: Volume): string {
  const path = volume.persistentVolumeClaim ? join(at.folder, `claim-${volume.persistentVolumeClaim.claimName}`) : join(home, volume.name)
  mkdirSync(path, { recursive: true })
  for (const [name, text] of filesOf(at, volume)) writeFileSync(join(path, name), text)
  return path
}

function filesOf ({ secrets, configMaps }: Surroundings, { secret, configMap }: Volume): Array<[string, string]> {
  const contents = secret ? secrets[secret.secretName] : configMaps[configMap?.name ?? '']
  const { items } = secret ?? configMap ?? {}
  const chosen = items ?? Object.keys(contents ?? {}).map((key) => ({ key, path: key }))
  return chosen.flatMap(({ key, path }): Array<[string, string]> => contents?.[key] === undefined ? [] : [[path, contents[key]]])
}

/** References to what comes earlier are filled in, as Kubernetes does it; what it does not know stays. */
function environmentOf (at: Surroundings, { env = [], envFrom = [] }: Container): Record<string, string> {
  const known: Record<string, string> = {}
  for (const { secretRef, configMapRef } of envFrom) Object.assign(known, secretRef && at.secrets[secretRef.name], configMapRef && at.configMaps[configMapRef.name])
  for (const { name, value = '', valueFrom } of env) known[name] = valueFrom ? read(at, name, valueFrom) : expand(value, known)
  return known
}

function read (at: Surroundings, name: string, { secretKeyRef, configMapKeyRef, fieldRef }: Source): string {
  if (fieldRef?.fieldPath === 'status.podIP') return POD_IP
  const found = secretKeyRef ? keyOf(at.secrets, secretKeyRef) : configMapKeyRef && keyOf(at.configMaps, configMapKeyRef)
  if (found === undefined) throw new Error(`nothing to read ${name} from: the container would not start`)
  return found
}

function keyOf (objects: Record<string, Record<string, string>>, { name, key }: { name: string, key: string }): string | undefined {
  return objects[name]?.[key]
}

function expand (text: string, known: Record<string, string>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string | undefined) => name === undefined ? '$' : known[name] ?? whole)
}

/** From places in the container to places of the test. The volume lies at /mlflow, as the pages do: a path has more behind it. */
function placesOf ({ volumeMounts = [] }: Container, folders: Map<string, string>, { at, port, termination }: { at: Surroundings, port: number, termination: string }): (text: string) => string {
  const mounts = volumeMounts.filter(({ mountPath }) => mountPath !== '/tmp').sort((one, other) => other.mountPath.length - one.mountPath.length)
  return (text) => {
    let placed = text.replaceAll('/dev/termination-log', termination).replace(/^--host=0\.0\.0\.0$/, '--host=127.0.0.1').replace(/^--port=8443$/, `--port=${port}`).replaceAll(`//${at.service}/`, `//localhost:${at.serverPort}/`)
    for (const { name, mountPath } of mounts) placed = placed.replaceAll(mountPath === '/mlflow' ? '/mlflow/' : mountPath, () => `${folders.get(name)}${mountPath === '/mlflow' ? '/' : ''}`)
    return placed
  }
}

async function finish (command: string, args: string[], options: { cwd: string, env: Record<string, string> }): Promise<{ code: number, output: string }> {
  try {
    const { stdout, stderr } = await run(command, args, options)
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number, stdout: string, stderr: string }
    return { code, output: stdout + stderr }
  }
}

/** A folder for PATH in which `mlflow` is the one of this interpreter, as in an image. */
export function programsOf (python: string, folder: string): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'mlflow'), `#!/bin/sh\nexec ${python} -m mlflow "$@"\n`, { mode: 0o755 })
  return `${bin}:${dirname(python)}:/usr/bin:/bin`
}
