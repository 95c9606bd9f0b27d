// Volumes as folders of a temporary directory: one for each claim, and one for each volume that lives as long as its pod.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Container, Pod } from './objects.ts'

export interface Mount { mountPath: string, folder: string }

export interface Volumes {
  /** Where the container's mounts lie; folders are made. `claims` are uids of claims by name. Others than claims and empty folders have no files here. */
  mountsOf (pod: Pod, container: Container, claims: ReadonlyMap<string, string>): Promise<Mount[]>
  /** A file of this pod that lies on none of its volumes. */
  fileOf (pod: Pod, name: string): Promise<string>
  forgetPod (uid: string): Promise<void>
  forgetClaim (uid: string): Promise<void>
  close (): Promise<void>
}

/** Makes the directory; everything goes with `close`. */
export async function openVolumes (): Promise<Volumes> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-volumes-'))
  const made = async (...parts: string[]): Promise<string> => {
    const folder = join(root, ...parts)
    await mkdir(folder, { recursive: true })
    return folder
  }
  const forget = async (...parts: string[]): Promise<void> => { await rm(join(root, ...parts), { recursive: true, force: true, maxRetries: 3 }) }
  const folderOf = async (pod: Pod, name: string, claims: ReadonlyMap<string, string>): Promise<string | undefined> => {
    const volume = pod.spec.volumes?.find((entry) => entry.name === name)
    const claim = claims.get(volume?.persistentVolumeClaim?.claimName ?? '')
    if (claim !== undefined) return await made('claims', claim)
    return volume?.emptyDir ? await made('pods', pod.metadata.uid ?? '', 'volumes', name) : undefined
  }
  return {
    async mountsOf (pod, { volumeMounts = [] }, claims) {
      const mounts = await Promise.all(volumeMounts.map(async ({ name, mountPath }) => ({ mountPath, folder: await folderOf(pod, name, claims) })))
      return mounts.filter((mount): mount is Mount => mount.folder !== undefined)
    },
    fileOf: async (pod, name) => join(await made('pods', pod.metadata.uid ?? ''), name),
    forgetPod: async (uid) => { await forget('pods', uid) },
    forgetClaim: async (uid) => { await forget('claims', uid) },
    close: async () => { await forget() }
  }
}

/** A path of a container as it lies on this machine. */
export function toFolder (path: string, mounts: readonly Mount[]): string {
  const mount = mounts.find(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath}/`))
  return mount ? `${mount.folder}${path.slice(mount.mountPath.length)}` : path
}

/** A text of a program with its paths as the container would have them. */
export function withMountPaths (text: string, mounts: readonly Mount[]): string {
  return mounts.reduce((changed, { mountPath, folder }) => changed.replaceAll(folder, mountPath), text)
}
