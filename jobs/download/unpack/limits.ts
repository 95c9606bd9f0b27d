// How much an archive may become: a bomb of a few kilobytes must not fill the volume.

export type Limits = {
  /** Files and folders. */
  entries: number
  /** Bytes unpacked for each byte of the archive, once more than `bytes` have come out. Deflate reaches 1032 for zeros; weights reach 1 to 10. */
  ratio: number
  bytes: number
}

export const LIMITS: Limits = { entries: 100_000, ratio: 200, bytes: 2 ** 30 }
