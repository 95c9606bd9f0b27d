// What is installed into the cluster: CRDs, and the CompositeControllers of all kinds, as they are generated.
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { KubeObject } from '../api-server/kube-object.ts'

const ROOT = new URL('../../', import.meta.url)

/** Those of others, from the test data. */
const FOREIGN_CRDS = ['test/crds/seldondeployments.machinelearning.seldon.io.yaml', 'test/crds/compositecontrollers.metacontroller.k8s.io.yaml']

/** Files with the CRDs that the system needs: ours, Seldon's and Metacontroller's. */
export async function findCrds (): Promise<string[]> {
  return [...await generatedIn('manifests/crds/'), ...FOREIGN_CRDS.map(pathOf)]
}

interface Webhook { url?: string, service?: unknown, path?: string }
interface Controller { spec: { hooks: Record<string, { webhook: Webhook }> } }

/** The CompositeController of each kind, with our hooks at this address. */
export async function findControllers (hooksUrl: string): Promise<KubeObject[]> {
  const files = await generatedIn('metacontroller/')
  return await Promise.all(files.map(async (file) => {
    const controller = parse(await readFile(file, 'utf8')) as Controller
    for (const hook of Object.values(controller.spec.hooks)) {
      const { url = hooksUrl, service: _service, path = new URL(url).pathname, ...rest } = hook.webhook
      hook.webhook = { ...rest, url: `${hooksUrl}${path}` }
    }
    return controller as unknown as KubeObject
  }))
}

function pathOf (relative: string): string {
  return fileURLToPath(new URL(relative, ROOT))
}

/** One file a kind, and one that lists them. */
async function generatedIn (folder: string): Promise<string[]> {
  const names = await readdir(new URL(folder, ROOT))
  return names.filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml').toSorted().map((name) => pathOf(`${folder}${name}`))
}
