// Certificate authorities beside those that Node knows: for every connection of the program, the SDKs' included.
import { readFile } from 'node:fs/promises'
import tls from 'node:tls'
import { DownloadError } from './failure.ts'
import type { Settings } from './settings.ts'

/** Trusts the authorities of the settings from now on. Throws SettingsInvalid. */
export async function trustAuthorities ({ CA_CERTIFICATES, MLFLOW_TRACKING_SERVER_CERT_PATH: path }: Settings): Promise<void> {
  const file = path === '' ? '' : await readFile(path, 'utf8').catch((error: unknown) => { throw new DownloadError('SettingsInvalid', `MLFLOW_TRACKING_SERVER_CERT_PATH names ${path}, which cannot be read; put the certificates into CA_CERTIFICATES instead`, { cause: error }) })
  const given = [CA_CERTIFICATES, file].filter((text) => text !== '')
  if (given.length === 0) return
  try {
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...given])
  } catch (error) {
    throw new DownloadError('SettingsInvalid', 'CA_CERTIFICATES holds no certificates in PEM; put text into it that begins with -----BEGIN CERTIFICATE-----', { cause: error })
  }
}
