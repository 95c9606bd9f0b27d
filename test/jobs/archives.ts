// Archives as honest and as hostile people make them, byte by byte.
import { Header, type HeaderData } from 'tar'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'

export type TarEntry = { path: string, content?: string } & Pick<HeaderData, 'type' | 'linkpath' | 'mode'>

/** A .tar.gz with these entries, in this order. */
export function tarGz (entries: TarEntry[]): Buffer {
  return gzipSync(tar(entries))
}

/** The same, not yet compressed. */
export function tar (entries: TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content = '', type = 'File', linkpath, mode = 0o644 }) => {
    const body = Buffer.from(content, 'latin1')
    const header = new Header({ path, size: body.length, type, mode, uid: 0, gid: 0, mtime: new Date(0), ...(linkpath !== undefined && { linkpath }) })
    const block = Buffer.alloc(512)
    header.encode(block)
    return [block, body, Buffer.alloc((512 - body.length % 512) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

export type ZipEntry = {
  name: string
  content?: string
  /** Of Unix, in the upper half of the attributes. */
  mode?: number
  /** Bit 0: encrypted. */
  flags?: number
  method?: number
  /** When they are lies. */
  crc?: number
  size?: number
}

/** A .zip with these entries, as PKWARE's APPNOTE has it: local headers with their data, the directory, and its end. */
export function zip (entries: ZipEntry[]): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content = '', mode = 0o100644, flags = 0, method = 8, crc, size } of entries) {
    const body = Buffer.from(content, 'latin1')
    const data = method === 0 ? body : deflateRawSync(body)
    const fileName = Buffer.from(name, 'latin1')
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(flags, 2)
    shared.writeUInt16LE(method, 4)
    shared.writeUInt32LE(crc ?? crc32(body), 10)
    shared.writeUInt32LE(data.length, 14)
    shared.writeUInt32LE(size ?? body.length, 18)
    shared.writeUInt16LE(fileName.length, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, fileName, data])
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), shared, rest, fileName)
    locals.push(local)
    offset += local.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, list, end])
}
