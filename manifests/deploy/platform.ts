// npm run deploy:platform: Sluice on Open Data Hub or OpenShift AI, with the address of the platform's gateway. With --dry-run it prints what it would apply.
import { parseArgs } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { RELEASE } from '../../hooks/settings.ts'
import { urlOf, withPlatform } from './platform-objects.ts'
import { ask, documents, main, run } from './run-program.ts'

const HELP = `npm run deploy:platform -- [options]: applies an overlay, with the external URL of the platform's gateway.

  --platform odh|rhoai       which overlay [odh]
  --gateway-name NAME        [data-science-gateway]
  --gateway-namespace NS     [openshift-ingress]
  --external-url URL         in place of the gateway's first address
  --image IMAGE              of Sluice, as the cluster pulls it [sluice:<release>]
  --context NAME             of your kubeconfig [the current one]
  --dry-run                  print the objects
`

const OPTIONS = {
  platform: { type: 'string', default: 'odh' },
  'gateway-name': { type: 'string', default: 'data-science-gateway' },
  'gateway-namespace': { type: 'string', default: 'openshift-ingress' },
  'external-url': { type: 'string' },
  image: { type: 'string' },
  context: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false }
} as const

await main(() => {
  const { values } = parseArgs({ options: OPTIONS, strict: true })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if (!['odh', 'rhoai'].includes(values.platform)) throw new Error(`--platform is ${values.platform}, and must be odh or rhoai`)
  const context = values.context === undefined ? [] : ['--context', values.context]
  const gateway = { name: values['gateway-name'], namespace: values['gateway-namespace'] }
  const externalUrl = values['external-url'] ?? readUrl(context, gateway)
  const folder = new URL(`../overlays/${values.platform}`, import.meta.url).pathname
  const overlay = parseAllDocuments(ask('kubectl', ['kustomize', folder])).map((document) => document.toJSON() as object)
  const objects = withPlatform(overlay, RELEASE, { externalUrl, gateway, image: values.image })
  if (values['dry-run']) {
    process.stdout.write(documents(objects))
    return
  }
  run('kubectl', [...context, 'apply', '--server-side', '-f', '-'], documents(objects))
  run('kubectl', [...context, 'rollout', 'status', 'deployment/sluice', '-n', 'sluice-system', '--timeout=300s'])
})

function readUrl (context: string[], { name, namespace }: { name: string, namespace: string }): string {
  const url = urlOf(JSON.parse(ask('kubectl', [...context, 'get', 'gateways.gateway.networking.k8s.io', name, '-n', namespace, '-o', 'json'])) as object)
  if (url === undefined) throw new Error(`the gateway ${namespace}/${name} has no address yet; wait for it, or give --external-url`)
  return url
}
