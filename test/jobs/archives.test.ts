// What archives hold, and what of it reaches the volume. No hostile entry leaves anything behind, inside of the model's folder or out of it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { makeRoom } from '../../jobs/download/room.ts'
import type { Limits } from '../../jobs/download/unpack/limits.ts'
import { unpack } from '../../jobs/download/unpack/unpack.ts'
import { tar, tarGz, zip, type TarEntry, type ZipEntry } from './archives.ts'
import { contentOf, folderIn, openVolume } from './scene.ts'

type Row = { name: string, tar?: TarEntry[], zip?: ZipEntry[], bytes?: Buffer, maxBytes?: number, limits?: Limits, files?: Record<string, string>, fails?: RegExp, reason?: string }

const rows: Row[] = [
  {
    name: 'files and folders arrive, in folders that no entry names, too',
    tar: [{ path: './', type: 'Directory' }, { path: './a/', type: 'Directory' }, { path: './a/b', content: 'x' }, { path: 'c/d/e', content: '' }],
    zip: [{ name: 'a/', mode: 0o040755 }, { name: 'a/b', content: 'x' }, { name: 'c/d/e', content: '', method: 0 }],
    files: { 'a/b': 'x', 'c/d/e': '' }
  },
  { name: 'a folder may be named twice', tar: [{ path: 'a/', type: 'Directory' }, { path: 'a/b', content: 'x' }, { path: 'a/', type: 'Directory' }], zip: [{ name: 'a/' }, { name: 'a/b', content: 'x' }, { name: 'a/' }], files: { 'a/b': 'x' } },
  { name: 'modes are ours', tar: [{ path: 'a', content: 'x', mode: 0o4777 }], zip: [{ name: 'a', content: 'x', mode: 0o104777 }], files: { a: 'x' } },
  { name: 'modes of Windows are none', zip: [{ name: 'a', content: 'x', mode: 0 }], files: { a: 'x' } },
  { name: 'a name that climbs out is refused', tar: [{ path: 'a/../../x', content: 'x' }], zip: [{ name: 'a/../../x', content: 'x' }], fails: /climbs out|invalid relative path/ },
  { name: 'so is an absolute one', tar: [{ path: '/x', content: 'x' }], zip: [{ name: '/x', content: 'x' }], fails: /is absolute|absolute path/ },
  { name: 'so is a drive', tar: [{ path: 'C:/x', content: 'x' }], zip: [{ name: 'C:/x', content: 'x' }], fails: /is absolute|absolute path/ },
  { name: 'so is a backslash', tar: [{ path: '..\\x', content: 'x' }], zip: [{ name: '..\\x', content: 'x' }], fails: /backslash|invalid characters/ },
  { name: 'so is what moves the cursor', tar: [{ path: 'a\x1b[2Jb', content: 'x' }], zip: [{ name: 'a\x1b[2Jb', content: 'x', flags: 0x800 }], fails: /control character/ },
  { name: 'a symbolic link is refused before anything can be written through it', tar: [{ path: 'a', type: 'SymbolicLink', linkpath: '..' }, { path: 'a/x', content: 'x' }], zip: [{ name: 'a', content: '..', mode: 0o120777 }, { name: 'a/x', content: 'x' }], fails: /is a link.*links followed/ },
  { name: 'a hard link, too', tar: [{ path: 'a', type: 'Link', linkpath: '/etc/passwd' }], fails: /is a link/ },
  { name: 'devices and pipes are refused', tar: [{ path: 'a', type: 'CharacterDevice' }], zip: [{ name: 'a', mode: 0o020666 }], fails: /a CharacterDevice|a device/ },
  { name: 'pipes, too', tar: [{ path: 'a', type: 'FIFO' }], zip: [{ name: 'a', mode: 0o010666 }], fails: /a FIFO|a device/ },
  { name: 'a file that is there twice is refused', tar: [{ path: 'a', content: 'x' }, { path: './a', content: 'y' }], zip: [{ name: 'a', content: 'x' }, { name: './a', content: 'y' }], fails: /"a" twice/ },
  { name: 'so is one that is a file and a folder', tar: [{ path: 'a', content: 'x' }, { path: 'a/b', content: 'y' }], zip: [{ name: 'a', content: 'x' }, { name: 'a/b', content: 'y' }], fails: /"a\/b" twice, or as a file and as a folder/ },
  { name: 'and the other way round', tar: [{ path: 'a/b', content: 'y' }, { path: 'a', content: 'x' }], zip: [{ name: 'a/b', content: 'y' }, { name: 'a', content: 'x' }], fails: /"a" twice/ },
  { name: 'more bytes than are allowed end it', tar: [{ path: 'a', content: 'x'.repeat(100_000) }], zip: [{ name: 'a', content: 'x'.repeat(100_000) }], maxBytes: 50_000, fails: /more than the 48.8 KiB/, reason: 'TooLarge' },
  { name: 'a bomb ends it, long before the volume is full', tar: [{ path: 'a', content: '0'.repeat(300_000) }], zip: [{ name: 'a', content: '0'.repeat(300_000) }], limits: { entries: 10, ratio: 20, bytes: 100_000 }, fails: /more than 20 times as large/ },
  { name: 'what is small may be compressed well', tar: [{ path: 'a', content: '0'.repeat(90_000) }], zip: [{ name: 'a', content: '0'.repeat(90_000) }], limits: { entries: 10, ratio: 20, bytes: 100_000 }, files: { a: '0'.repeat(90_000) } },
  { name: 'too many entries end it', tar: Array.from({ length: 4 }, (_, i) => ({ path: `${i}`, content: '' })), zip: Array.from({ length: 4 }, (_, i) => ({ name: `${i}` })), limits: { entries: 3, ratio: 20, bytes: 100_000 }, fails: /more than 3 files and folders/ },
  { name: 'an archive without files is no model', tar: [{ path: 'a/', type: 'Directory' }], zip: [{ name: 'a/' }], fails: /holds no file/ },
  { name: 'an entry that needs a password is refused', zip: [{ name: 'a', content: 'x', flags: 1 }], fails: /is encrypted; pack it without a password/ },
  { name: 'so is one that is compressed as we cannot read', zip: [{ name: 'a', content: 'x', method: 14 }], fails: /by method 14; pack it with deflate/ },
  { name: 'a checksum that is wrong is noticed', zip: [{ name: 'a', content: 'x', crc: 1 }], fails: /does not have the checksum/ },
  { name: 'so is a size that is a lie', zip: [{ name: 'a', content: 'x'.repeat(1000), size: 10 }], fails: /too many bytes|no \.zip that can be read/ },
  { name: 'a page that asks to log in is no archive', bytes: Buffer.from('<html>Please log in</html>'), fails: /no \.(zip|tar\.gz) that can be read: .*; look at what the source really sends/ },
  { name: 'nor is nothing', bytes: Buffer.alloc(0), fails: /can be read|holds no file/ },
  { name: 'a tar that ends too soon is refused', bytes: gzip(tar([{ path: 'a', content: 'x'.repeat(5000) }]).subarray(0, 3000)), fails: /damaged|can be read/ },
  { name: 'so is a gzip that ends too soon', bytes: tarGz([{ path: 'a', content: 'x'.repeat(5000) }]).subarray(0, 60), fails: /unexpected end of file|can be read/ },
  { name: 'so is a header that is no header', bytes: gzip(Buffer.concat([tar([{ path: 'a', content: 'x' }]).subarray(0, 1024), Buffer.alloc(512, 'z'), Buffer.alloc(1024)])), fails: /damaged|can be read/ }
]

function gzip (bytes: Buffer): Buffer {
  return gzipSync(bytes)
}

for (const row of rows) {
  const forms: Array<[extension: string, bytes: Buffer | undefined]> = [
    ['.tar.gz', row.tar ? tarGz(row.tar) : row.bytes],
    ['.zip', row.zip ? zip(row.zip) : row.bytes]
  ]
  for (const [extension, bytes] of forms) {
    if (!bytes) continue
    t.test(`${extension}: ${row.name}`, async (t) => {
      const { root } = openVolume(t)
      const archive = join(root, 'archive')
      await writeFile(archive, bytes)
      const into = folderIn(root, 'into')
      const room = makeRoom({ folder: root, maxBytes: row.maxBytes ?? 0 })
      const work = unpack({ archive, extension, into, room, signal: new AbortController().signal, onBytes: () => {}, ...(row.limits && { limits: row.limits }) })
      if (row.fails) {
        await t.rejects(work, { reason: row.reason ?? 'BadArchive', permanent: true, message: row.fails })
        t.strictSame(Object.keys(await contentOf(root) ?? {}).filter((path) => !path.startsWith('into/')), ['archive'], 'nothing is beside the folder')
        return
      }
      await work
      t.strictSame(await contentOf(into), row.files)
    })
  }
}
