// Kustomize overlays on the base for Open Data Hub and OpenShift AI: where MLflow servers go there, what is installed around them, and pods as OpenShift wants them.
import type { Kind } from '../../../hooks/core/kind.ts'
import { contentHash } from '../../../hooks/core/names.ts'
import { platformOf, type PlatformSetting } from '../../../hooks/core/platform.ts'
import { makeCompositeController } from '../composite-controller.ts'
import { namespaceAccessRules } from '../mlflow-roles.ts'
import { printDocument } from '../print-yaml.ts'
import { makeAccess } from '../roles.ts'
import { Document } from 'yaml'
import { METACONTROLLER_ROLE, metacontrollerRules } from './access.ts'
import { makeTokenVolume } from './deployment.ts'
import { NAME, NAMESPACE } from './labels.ts'
import { HOOKS_URL } from './objects.ts'
import { makeNetworkPolicy } from './surroundings.ts'

/** Of OpenShift with a gateway. Seldon Core is not part of these platforms: where it is installed, the chart can say so. */
const CAPABILITIES = ['openshift', 'prometheusOperator', 'gatewayApi']

/** What the hooks are told, by the name of the overlay. */
export const PLATFORMS = {
  odh: { mode: 'opendatahub', namespaceAccess: true, openshift: true },
  rhoai: { mode: 'rhoai', namespaceAccess: true, openshift: true }
} as const satisfies Record<string, PlatformSetting>

/** The authority of certificates that OpenShift makes. */
const SERVICE_CA = { configMap: { name: 'openshift-service-ca.crt', optional: true, items: [{ key: 'service-ca.crt', path: 'service-ca.crt' }] } }

type Patched = { apiVersion: string, kind: string, metadata: { name: string, namespace?: string }, spec: object }

/** kustomization.yaml of each. */
export function makeOverlays (kinds: Kind[], release: string): Map<string, object> {
  return new Map(Object.entries(PLATFORMS).map(([name, platform]) => [name, {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['../../base'],
    patches: patchesOf(kinds, release, platform).map((patch) => ({ patch: printDocument(new Document(patch, { version: '1.1', aliasDuplicateObjects: false })) }))
  }]))
}

/** What ?v= says where the hooks are told of this platform. */
export function versionWith (release: string, platform: PlatformSetting): string {
  return `${release}-${contentHash(platform)}`
}

function patchesOf (kinds: Kind[], release: string, platform: PlatformSetting): object[] {
  const v = versionWith(release, platform)
  const controllers = kinds.map((kind) => makeCompositeController(kind, { url: HOOKS_URL, v, capabilities: CAPABILITIES }) as Patched)
  const policy = makeNetworkPolicy(release, platformOf(platform).namespace) as Patched & { spec: { egress: object[] } }
  const role = 'rbac.authorization.k8s.io/v1'
  return [
    ...controllers.map(({ apiVersion, kind, metadata, spec }) => ({ apiVersion, kind, metadata: { name: metadata.name }, spec })),
    { apiVersion: role, kind: 'ClusterRole', metadata: { name: METACONTROLLER_ROLE }, rules: [...metacontrollerRules(makeAccess(kinds), CAPABILITIES), ...namespaceAccessRules(`${NAME}-`)] },
    { apiVersion: policy.apiVersion, kind: policy.kind, metadata: { name: NAME, namespace: NAMESPACE }, spec: { egress: policy.spec.egress } },
    deploymentPatch(platform, v)
  ]
}

/** No user of ours: OpenShift gives each namespace its own. */
function deploymentPatch (platform: PlatformSetting, v: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace: NAMESPACE },
    spec: {
      template: {
        spec: {
          securityContext: { runAsUser: null, runAsGroup: null, fsGroup: null },
          containers: [{ name: 'hooks', env: [{ name: 'HOOKS_V', value: v }, { name: 'PLATFORM', value: JSON.stringify(platform) }] }],
          volumes: [makeTokenVolume([SERVICE_CA])]
        }
      }
    }
  }
}
