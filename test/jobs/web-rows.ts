// What web servers do, and what becomes of a download from them; played in one process by web.test.ts, and by the program in test/real/download.test.ts.
import type { Answer } from './content-server.ts'
import { sha256 } from './scene.ts'

/** The file, unless a row says otherwise. */
export const CONTENT = Buffer.from('0123456789'.repeat(30_000))
const OTHER = Buffer.from('abcdefghij'.repeat(20_000))

export type Row = {
  name: string
  answers: Answer[]
  /** What arrives [the whole file]. */
  arrives?: Buffer
  /** Or the reason why nothing does. */
  fails?: [reason: string, permanent: boolean, message: RegExp]
  /** The parts that are asked for, where that is certain. */
  ranges?: Array<string | undefined>
  settings?: Record<string, string>
}

export const rows: Row[] = [
  { name: 'a file arrives as it is', answers: [{}], ranges: [undefined] },
  { name: 'also from a server that closes each connection', answers: [{ headers: { connection: 'close' } }], ranges: [undefined] },
  { name: 'after a cut it is gone on with where it broke off, and only if it is still the same', answers: [{ cutAfter: 100_000 }, {}], ranges: [undefined, 'bytes=100000- if "1"'] },
  { name: 'a line that is cut again and again is no obstacle as long as each try brings more', answers: Array.from({ length: 12 }, () => ({ cutAfter: 25_000 })), ranges: [undefined, ...Array.from({ length: 11 }, (_, i) => `bytes=${(i + 1) * 25_000}- if "1"`)] },
  { name: 'a file that changes between two tries is fetched anew, whole', answers: [{ cutAfter: 100_000 }, { content: OTHER, etag: '"2"' }], arrives: OTHER, ranges: [undefined, 'bytes=100000- if "1"'] },
  { name: 'a server without ranges sends all of it again', answers: [{ cutAfter: 100_000, ranges: false }, { ranges: false }], ranges: [undefined, 'bytes=100000- if "1"'] },
  { name: 'without anything that tells one state of the file from the next, nothing is put together', answers: [{ cutAfter: 100_000, etag: null }, { etag: null }], ranges: [undefined, undefined] },
  { name: 'a weak ETag does not tell states apart', answers: [{ cutAfter: 100_000, etag: 'W/"1"' }, { etag: 'W/"1"' }], ranges: [undefined, undefined] },
  { name: 'a time of change does', answers: [{ cutAfter: 100_000, etag: null, headers: { 'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT' } }, { etag: 'Sat, 21 Nov 2026 10:00:00 GMT' }], ranges: [undefined, 'bytes=100000- if Sat, 21 Nov 2026 10:00:00 GMT'] },
  { name: 'a server that announces more than it ever sends is believed neither the first time nor later', answers: [{ length: 400_000 }], fails: ['Cut', false, /was cut|had been announced/] },
  { name: 'a part of another length is not put to the rest', answers: [{ cutAfter: 100_000 }, { content: Buffer.concat([CONTENT, OTHER]) }, {}], ranges: [undefined, 'bytes=100000- if "1"', undefined] },
  { name: 'silence is no end: the connection is given up, and the rest asked for', answers: [{ stallAfter: 100_000 }, {}], settings: { DOWNLOAD_STALL_SECONDS: '0.3' }, ranges: [undefined, 'bytes=100000- if "1"'] },
  { name: 'a server in trouble is asked again', answers: [{ status: 500 }, { status: 503 }, { status: 502 }, {}], ranges: [undefined, undefined, undefined, undefined] },
  { name: 'and given up after some tries', answers: [{ status: 503 }], fails: ['Unreachable', false, /answers 503 \(no\); it is tried again/], ranges: [undefined, undefined, undefined, undefined] },
  { name: 'who says when to come again is obeyed', answers: [{ status: 429, headers: { 'retry-after': '0' } }, {}], ranges: [undefined, undefined] },
  { name: 'but nobody waits for hours', answers: [{ status: 429, headers: { 'retry-after': '7200' } }], fails: ['Unreachable', false, /answers 429/], ranges: [undefined] },
  { name: 'what is not there is asked for once', answers: [{ status: 404 }], fails: ['NotFound', true, /\/m\.bin answers 404 \(no\); check the address/], ranges: [undefined] },
  { name: 'nor is what was removed for good', answers: [{ status: 410 }], fails: ['NotFound', true, /410/], ranges: [undefined] },
  { name: 'who is not let in does not knock again', answers: [{ status: 401 }], fails: ['AccessDenied', true, /401 .*check the credentials Secret/], ranges: [undefined] },
  { name: 'nor who is refused', answers: [{ status: 403 }], fails: ['AccessDenied', true, /403/], ranges: [undefined] },
  { name: 'any other refusal is final, too', answers: [{ status: 400 }], fails: ['Refused', true, /400/], ranges: [undefined] },
  { name: 'a redirect is followed', answers: [{ redirect: '/elsewhere/x.bin' }, {}], ranges: [undefined, undefined] },
  { name: 'redirects in a circle end', answers: [{ redirect: '/m.bin' }], fails: ['RedirectRefused', true, /more than 5 times/], ranges: Array.from({ length: 6 }, () => undefined) },
  { name: 'a redirect to a file of the pod is not followed', answers: [{ redirect: 'file:///etc/passwd' }], fails: ['RedirectRefused', true, /file: address/], ranges: [undefined] },
  { name: 'what is sent in an encoding is not the file', answers: [{ headers: { 'content-encoding': 'br' } }], fails: ['SourceUnsupported', true, /encoding br/], ranges: [undefined] },
  { name: 'the hash that was asked for is the one that came', answers: [{}], settings: { MODEL_SHA256: sha256(CONTENT).toUpperCase() }, ranges: [undefined] },
  { name: 'any other hash is refused', answers: [{}], settings: { MODEL_SHA256: sha256(OTHER) }, fails: ['HashMismatch', true, new RegExp(`${sha256(CONTENT)}, and ${sha256(OTHER)} was asked for`)], ranges: [undefined] },
  { name: 'a wrong hash of what was put together has all of it fetched once more', answers: [{ cutAfter: 100_000 }, { content: Buffer.concat([OTHER, OTHER.subarray(0, 100_000)]) }, {}], settings: { MODEL_SHA256: sha256(CONTENT) }, fails: ['HashMismatch', true, /was asked for/], ranges: [undefined, 'bytes=100000- if "1"'] },
  { name: 'where only the end of the connection ends a file, it is not taken, for it could be a cut', answers: [{ unframed: true }], fails: ['SourceUnsupported', true, /does not say how long the file is.*source\.sha256/], ranges: [undefined] },
  { name: 'but for a hash, which tells', answers: [{ unframed: true }], settings: { MODEL_SHA256: sha256(CONTENT) }, ranges: [undefined] },
  { name: 'and a cut is made good then', answers: [{ unframed: true, cutAfter: 100_000 }, { unframed: true }], settings: { MODEL_SHA256: sha256(CONTENT) }, ranges: [undefined, undefined] },
  { name: 'more bytes than are allowed are not even begun with', answers: [{}], settings: { MODEL_MAX_BYTES: '299999' }, fails: ['TooLarge', true, /more than the 293 KiB of spec\.storage\.size, which an archive and what it holds share; raise that/], ranges: [undefined] }
]
