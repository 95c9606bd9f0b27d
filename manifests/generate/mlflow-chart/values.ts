// The values of the chart of an MLflow server: the spec of an MLflow object, and what that object has from around it.
import { OptionalKind, Type, type TProperties, type TSchema } from '@sinclair/typebox'
import { Platform } from '../../../hooks/core/platform.ts'
import { Spec } from '../../../hooks/mlflow/schema.ts'
import { closed, name, otherTexts } from '../chart/kubernetes-parts.ts'

const flag = (value: boolean, description: string) => Type.Boolean({ default: value, description })
const text = (value: string, description: string, options: object = {}) => Type.String({ default: value, description, ...options })
const capability = (description: string) => closed({ enabled: flag(false, description) }, 'Whether this cluster has it.')

/** By what selectors go, and what the chart says of every object. */
const RESERVED = ['app', 'component', 'app.kubernetes.io/instance', 'app.kubernetes.io/component', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/version', 'helm.sh/chart', 'sluice.dev/parent', 'sluice.dev/source']

/**
 * A schema of the spec as one of values: without what only CRDs know; a section stands open with the defaults of its fields; a group that may be absent
 * has no defaults in values.yaml, for it would be there then.
 */
function asValue (schema: TSchema): TSchema {
  const kept = Object.entries(schema).filter(([keyword]) => !keyword.startsWith('x-kubernetes-'))
  const copy = { ...Object.fromEntries(kept), ...(schema[OptionalKind] && { [OptionalKind]: schema[OptionalKind] }) } as TSchema
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) copy.additionalProperties = true
  if (schema.properties !== undefined) copy.properties = valuesOf(schema.properties as TProperties)
  if (schema.items !== undefined) copy.items = asValue(schema.items as TSchema)
  if (schema.patternProperties !== undefined) copy.patternProperties = valuesOf(schema.patternProperties as TProperties)
  if (schema['x-kubernetes-map-type'] === 'atomic') return atomic(copy)
  if (copy.properties !== undefined && isEmptyMap(schema.default)) delete copy.default
  return copy
}

function valuesOf (properties: TProperties): TProperties {
  return Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, asValue(field)]))
}

/** One value of several fields, such as a key of a Secret: the checks of the templates say what is missing, in the words of the API. */
function atomic ({ required: _, ...schema }: TSchema): TSchema {
  const properties = Object.entries(schema['properties'] as TProperties).map(([key, { default: _default, ...field }]) => [key, field])
  return { ...schema, properties: Object.fromEntries(properties) } as unknown as TSchema
}

function isEmptyMap (value: unknown): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0
}

const { namespace, image, migration, ...spec } = valuesOf(Spec.properties) as Record<keyof typeof Spec.properties, TSchema>
const platform = valuesOf(Platform.properties) as Record<keyof typeof Platform.properties, TSchema>

const added = (section: TSchema, fields: TProperties) => closed({ ...(section.properties as TProperties), ...fields }, String(section.description))

const sections: TProperties = {
  nameOverride: text('', 'What the object would be called, in place of the name of the release: `mlflow` gives plain names, others are added to each name (mlflow-sa-<name>).', { maxLength: 40, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' }),
  commonLabels: otherTexts(RESERVED, 'Labels of all objects.'),
  image: added(image, {
    registry: text('', 'Registry of the image; empty means that of the default.', { pattern: '^[^\\s/]*$' }),
    repository: text('', 'Name of the image in it; empty means that of the default.', { pattern: '^[^\\s:@]*$' }),
    tag: text('', 'Tag of the image; empty means that of the default.', { pattern: '^[\\w.-]{0,128}$' }),
    digest: text('', 'Such as sha256:…; it counts before the tag.', { pattern: '^(sha256:[0-9a-f]{64})?$' })
  }),
  stopped: flag(false, 'No server runs: there are no pods, and what runs by a schedule is suspended. Before databases are migrated (README.md).'),
  standalone: closed({
    backendStoreUri: text('sqlite:////mlflow/mlflow.db', 'Database where neither backendStoreUri nor backendStoreUriFrom is given; empty means that one of them must be.'),
    storage: text('2Gi', 'Size of the volume that comes with that database, where storage is not given.', { minLength: 1 })
  }, 'What makes a server of no values at all: SQLite and artifacts on a volume. Without effect once there is a database of your own.'),
  ...spec,
  migration: added(migration, {
    enabled: flag(true, 'Looks at the databases before an upgrade that changes the image or the databases: a Job migrates them where no server runs (stopped), and refuses the upgrade where one runs that would have to stop first (README.md).'),
    live: flag(false, 'Migrates them at once, though servers of before go on until the upgrade replaces them: on a schema that they do not know, which MLflow does not promise to work.')
  }),
  platform: closed({
    mode: platform.mode && { ...platform.mode, default: 'kubernetes', [OptionalKind]: undefined } as unknown as TSchema,
    openshift: flag(false, String(platform.openshift.description)),
    externalUrl: text('', String(platform.externalUrl.description), { maxLength: 1024, pattern: '^(https?://[^\\s/?#]+(/[^\\s?#]*)?)?$' }),
    gateway: closed({ name: name('Name of the gateway.', 'data-science-gateway'), namespace: name('Its namespace.', 'openshift-ingress') }, String(platform.gateway.description)),
    sectionTitle: text('MLflow', String(platform.sectionTitle.description), { minLength: 1, maxLength: 128 }),
    image: text('', 'Image where `image` names none; empty means that of the mode.', { maxLength: 512, pattern: '^[^\\s]*$' }),
    caBundleConfigMap: name("ConfigMap with the platform's authorities; it may be missing. Empty means that of the mode: odh-trusted-ca-bundle, or none for kubernetes.")
  }, 'The cluster around the server, as the operator has it in its own values.'),
  prometheusOperator: capability('Makes a ServiceMonitor, and serves metrics.'),
  gatewayApi: capability('Makes an HTTPRoute for ingress.mode HTTPRoute.'),
  istio: capability('Makes a VirtualService for ingress.mode VirtualService.'),
  certManager: capability('Makes a Certificate for tls.mode CertManager.'),
  openshift: capability('Makes a ConsoleLink.'),
  namespace
}

/** Fields that may be absent, and have fields with defaults of their own: what a template must fill in where they are there. */
export const groups: TProperties = Object.fromEntries(Object.entries(spec).flatMap(([key, { [OptionalKind]: optional, ...field }]) => {
  const fields = Object.values((field['properties'] ?? {}) as TProperties)
  return optional && fields.some((inner) => inner.default !== undefined) ? [[key, field as TSchema]] : []
}))

/** All values. `global` is what helm adds where this chart is part of another. */
export const MlflowValues = Type.Object({ ...sections, global: Type.Optional(Type.Object({}, { description: 'Not used; helm adds it where this chart is part of another.' })) }, { additionalProperties: false })
