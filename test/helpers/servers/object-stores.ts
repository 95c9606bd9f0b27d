// Stand-ins for the object stores of AWS and Google that others wrote and keep: moto and gcp-storage-emulator, on loopback ports of their own.
import { freePort } from '../../../playground/system/processes.ts'
import { createServerProcess, type ServerProcess } from './server-process.ts'
import type { Tools } from './tools.ts'

/** moto's S3, with nothing in it. Whoever is who asks is let in, as long as the request is signed. */
export async function describeS3 ({ python }: Tools, folder: string): Promise<ServerProcess> {
  const port = await freePort()
  return createServerProcess({
    command: python,
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    env: { PYTHONUNBUFFERED: '1' },
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/moto-api/data.json',
    patience: 60_000
  })
}

/** A Google Cloud Storage with the empty bucket `models`. It knows no ranges. */
export async function describeGoogleStorage ({ python }: Tools, folder: string): Promise<ServerProcess> {
  const port = await freePort()
  return createServerProcess({
    command: python,
    args: ['-m', 'gcp_storage_emulator', 'start', '--host', '127.0.0.1', '--port', String(port), '--in-memory', '--default-bucket', 'models', '--quiet'],
    env: { PYTHONUNBUFFERED: '1' },
    folder,
    url: `http://127.0.0.1:${port}`,
    readyPath: '/storage/v1/b/models',
    patience: 60_000
  })
}
