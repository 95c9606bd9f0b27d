// The certificate of the hooks' port, renewed without a restart when its files change.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext, type Server } from 'node:tls'

export type TlsFiles = { certFile: string, keyFile: string }
export type TlsMaterial = { cert: string, key: string, minVersion: 'TLSv1.2' }

/** Reads certificate and key, and tries them. Throws when they cannot be read or do not belong together. */
export function readTls ({ certFile, keyFile }: TlsFiles): TlsMaterial {
  try {
    const material = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), minVersion: 'TLSv1.2' as const }
    createSecureContext(material)
    // A file that is just being written is empty, and an empty key is no key to createSecureContext: every handshake would fail.
    if (!new X509Certificate(material.cert).checkPrivateKey(createPrivateKey(material.key))) throw new Error('the key is not that of the certificate')
    return material
  } catch (error) {
    throw new Error(`cannot use TLS_CERT_FILE ${certFile} with TLS_KEY_FILE ${keyFile}: both must be PEM and belong together`, { cause: error })
  }
}

/**
 * Gives new connections the new certificate after either file has changed. Watches by polling, for a mounted Secret is replaced by way of
 * symbolic links. A pair that does not fit (one file is written before the other) is reported, and the old one stays. Returns how to stop.
 */
export function renewTls (server: Pick<Server, 'setSecureContext'>, files: TlsFiles, report: { renewed: () => void, failed: (error: Error) => void }): () => void {
  const renew = () => {
    try {
      server.setSecureContext(readTls(files))
      report.renewed()
    } catch (error) {
      report.failed(error as Error)
    }
  }
  const paths = [files.certFile, files.keyFile]
  for (const path of paths) watchFile(path, { interval: 1000, persistent: false }, renew)
  return () => paths.forEach((path) => unwatchFile(path, renew))
}
