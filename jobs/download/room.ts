// How much may be written: as many bytes as were allowed, and as the volume has room for.
import { statfs } from 'node:fs/promises'
import { DownloadError, RAISE_STORAGE } from './failure.ts'

/** Free bytes of the volume that holds the folder, for whoever is not root. */
export async function freeBytes (folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

export type Room = {
  /** Before bytes are written. Throws TooLarge when more lies on the volume than was allowed. */
  take: (bytes: number) => void
  /** What was deleted again. */
  giveBack: (bytes: number) => void
  /** Whether so many more bytes fit. Throws TooLarge or NoSpace. */
  check: (bytes: number) => Promise<void>
}

/** `maxBytes` 0: as many as there is room for. `free` tells the free bytes of a folder's volume. */
export function makeRoom ({ folder, maxBytes, free = freeBytes }: { folder: string, maxBytes: number, free?: (folder: string) => Promise<number> }): Room {
  let taken = 0
  function refuseMore (bytes: number): void {
    if (maxBytes > 0 && taken + bytes > maxBytes) throw new DownloadError('TooLarge', `the model takes more than the ${sizeText(maxBytes)} of spec.storage.size, which an archive and what it holds share; raise that, or take a smaller model`)
  }
  return {
    take (bytes) {
      refuseMore(bytes)
      taken += bytes
    },
    giveBack (bytes) { taken -= bytes },
    async check (bytes) {
      refuseMore(bytes)
      const available = await free(folder)
      if (bytes > available) throw new DownloadError('NoSpace', `the model takes ${sizeText(bytes)} more, and the volume has ${sizeText(available)} left; ${RAISE_STORAGE}`)
    }
  }
}

/** 1536 is 1.5 KiB. */
export function sizeText (bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return power <= 0 ? `${bytes} bytes` : `${Number((bytes / 2 ** (10 * power)).toPrecision(3))} ${['', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}
