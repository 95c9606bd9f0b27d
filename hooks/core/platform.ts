// What the cluster around MLflow servers is like, as the chart says: part of every call, so that an answer follows from the request alone.
import { Type, type Static } from '@sinclair/typebox'
import { oneOf } from './schema.ts'

/** Which platform it is. */
export const MODES = ['kubernetes', 'opendatahub', 'rhoai'] as const
const name = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 253, description }))

export const Platform = Type.Object({
  mode: Type.Optional(oneOf(MODES, { description: 'kubernetes, opendatahub or rhoai: says the defaults of the rest.' })),
  namespace: name('Namespace of MLflow servers that name none.'),
  openshift: Type.Optional(Type.Boolean({ description: 'Whether this is OpenShift: it makes certificates, and has ConsoleLinks.' })),
  externalUrl: Type.Optional(Type.String({ maxLength: 1024, pattern: '^https?://[^\\s/?#]+(/[^\\s?#]*)?$', description: 'URL of the gateway as people outside type it; absent means not configured.' })),
  gateway: Type.Optional(Type.Object({ name: name('Name of the gateway.'), namespace: name('Its namespace.') }, { additionalProperties: false, description: 'The Gateway that HTTPRoutes name.' })),
  sectionTitle: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: "Section of OpenShift's application menu." })),
  image: Type.Optional(Type.String({ minLength: 1, maxLength: 512, pattern: '^[^\\s]+$', description: 'Image of MLflow servers that name none.' })),
  caBundleConfigMap: name("ConfigMap in each server's namespace with the platform's authorities; it may be missing."),
  namespaceAccess: Type.Optional(Type.Boolean({ description: 'Whether groups of the Auth object get RoleBindings in namespaces that are labelled as workspaces.' })),
  clusterRolePrefix: Type.Optional(Type.String({ maxLength: 128, description: 'Prefix of the ClusterRoles mlflow-view and mlflow-edit.' }))
}, { additionalProperties: false, description: 'The cluster around MLflow servers.' })
export type PlatformSetting = Static<typeof Platform>

/** Whole: every field that has a default has a value. */
export type Platform = Required<Omit<PlatformSetting, 'externalUrl' | 'caBundleConfigMap' | 'gateway'>> & Pick<PlatformSetting, 'externalUrl' | 'caBundleConfigMap'> & { gateway: { name: string, namespace: string } }

/** MLflow 3.17 with the Kubernetes plugin, whose version the tag is, the Prometheus exporter and the drivers; upstream's own image has none of them. */
const MLFLOW_IMAGE = 'ghcr.io/kubeflow/mlflow-integration:v2.1.0'
/** What is in that image. */
export const MLFLOW_VERSION = '3.17'
const OPEN_DATA_HUB_IMAGE = 'quay.io/opendatahub/mlflow:odh-stable'

/** What differs by mode. Red Hat's own image is named by whoever installs it. */
const BY_MODE = {
  kubernetes: { namespace: 'mlflow', image: MLFLOW_IMAGE },
  opendatahub: { namespace: 'opendatahub', image: OPEN_DATA_HUB_IMAGE, caBundleConfigMap: 'odh-trusted-ca-bundle' },
  rhoai: { namespace: 'redhat-ods-applications', image: OPEN_DATA_HUB_IMAGE, caBundleConfigMap: 'odh-trusted-ca-bundle' }
} as const satisfies Record<typeof MODES[number], Partial<PlatformSetting>>

/** The platform with its defaults. */
export function platformOf (setting: PlatformSetting = {}): Platform {
  const mode = setting.mode ?? 'kubernetes'
  const { gateway = {}, ...rest } = setting
  return {
    openshift: false,
    sectionTitle: 'MLflow',
    namespaceAccess: false,
    clusterRolePrefix: 'sluice-',
    ...BY_MODE[mode],
    ...rest,
    mode,
    gateway: { name: gateway.name ?? 'data-science-gateway', namespace: gateway.namespace ?? 'openshift-ingress' }
  }
}
