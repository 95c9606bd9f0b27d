// Kubeconfig files for those who take part: administrators and ServiceAccounts.
import { writeFile } from 'node:fs/promises'
import { stringify } from 'yaml'

export interface Access {
  url: string
  /** PEM text of what the server's certificate is signed with. */
  ca: string
  token: string
}

export async function writeKubeconfig (file: string, { url, ca, token }: Access): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'e2e',
    clusters: [{ name: 'e2e', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'e2e', user: { token } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'e2e' } }]
  }
  await writeFile(file, stringify(config), { mode: 0o600 })
}
