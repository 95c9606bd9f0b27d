// The server of the bench `download`: a file of BYTES bytes that no disk has to read, at any path. Says its port when it listens.
import { createServer, type ServerResponse } from 'node:http'
import { randomFillSync } from 'node:crypto'
import type { AddressInfo } from 'node:net'

const size = Number(process.env['BYTES'])
const block = randomFillSync(Buffer.alloc(2 ** 20))

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-length': size, etag: '"1"' })
  send(response, size)
}).listen(0, '127.0.0.1', () => { console.log((server.address() as AddressInfo).port) })

/** As fast as it is taken. */
function send (response: ServerResponse, left: number): void {
  let rest = left
  while (rest > 0) {
    const chunk = block.subarray(0, Math.min(block.length, rest))
    rest -= chunk.length
    if (rest === 0) response.end(chunk)
    else if (!response.write(chunk)) {
      response.once('drain', () => { send(response, rest) })
      return
    }
  }
}
