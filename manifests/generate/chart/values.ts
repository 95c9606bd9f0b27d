// The values of the chart: one schema, from which values.yaml, values.schema.json and VALUES.md are made.
import { Type, type TProperties } from '@sinclair/typebox'
import { Platform as PlatformSetting } from '../../../hooks/core/platform.ts'
import { oneOf } from '../../../hooks/core/schema.ts'
import { runtimes } from '../../../hooks/serving/runtimes/runtimes.ts'
import { PrometheusConfig } from '../../../poller/analysis/config.ts'
import { MlflowServersConfig } from '../../../poller/mlflow/config.ts'
import { RegistryConfig } from '../../../poller/registry/config.ts'
import { Affinity, closed, egressRules, env, key, mounts, name, namespace, OBJECT_NAME, otherTexts, peers, resources, texts, Toleration, TopologySpread } from './kubernetes-parts.ts'

const flag = (value: boolean, description: string) => Type.Boolean({ default: value, description })
const text = (value: string, description: string, options: object = {}) => Type.String({ default: value, description, ...options })
const LogLevel = oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info', description: 'What is logged: one of trace, debug, info, warn, error, fatal, silent.' })
/** A Service's name begins with a letter, and there must be room for what is appended. */
const LABEL = { maxLength: 40, pattern: '^([a-z]([-a-z0-9]*[a-z0-9])?)?$' }
/** By what selectors go; a Deployment's can never change. */
const SELECTED = ['app.kubernetes.io/name', 'app.kubernetes.io/instance']
const LABELLED = ['app.kubernetes.io/version', 'app.kubernetes.io/managed-by', 'helm.sh/chart']
const CONTAINER = { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } }

const Image = closed({
  repository: text('sluice', 'Where the image is, without tag. There is no published one: build it from the Dockerfile and name yours.', { minLength: 1 }),
  tag: text('', 'Empty means the release of this chart.', { pattern: '^[\\w.-]{0,128}$' }),
  digest: text('', 'Such as sha256:…; it counts before the tag.', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
  pullPolicy: oneOf(['Always', 'IfNotPresent', 'Never'], { default: 'IfNotPresent', description: 'When the image is pulled.' })
}, 'The image of both programs.')

const Token = closed({
  existingSecret: name('A Secret in this namespace with the token that Metacontroller shows and the hooks ask for.'),
  key: key('Its key with the one token that Metacontroller sends.', 'token'),
  acceptedKey: key('Its key with the tokens that the hooks accept, one a line; empty means the same key. Two keys make a change of tokens without a gap.', ''),
  generate: flag(false, 'Makes such a Secret with a random token and keeps it. Not for tools that render without the cluster (Argo CD, helm template): they would make another token each time.')
}, 'The bearer token between Metacontroller and hooks. Without one, whoever reaches the port is answered.')

const Tls = closed({
  enabled: flag(false, 'Serves https, and has Metacontroller check the certificate.'),
  existingSecret: name('A Secret of type kubernetes.io/tls in this namespace; empty means that cert-manager makes one. Its certificate must be for <service>.<namespace>.svc.'),
  caKey: key('The key of that Secret with the authority that Metacontroller trusts; empty means the authorities of its system.', 'ca.crt'),
  caBundle: text('', 'The authority itself, in PEM; it counts before caKey, and spares Metacontroller the reading of Secrets.')
}, 'Encryption between Metacontroller and hooks.')

const Hooks = closed({
  url: text('', 'Where Metacontroller finds the hooks when they run outside of this chart, such as http://192.168.1.7:8080. The pods then hold the poller only.', { pattern: '^(https?://[^/?#@]+(/[^?#]*)?)?$' }),
  v: text('', 'What Metacontroller asks for as ?v=, and the hooks answer to. Empty means the release, followed by a checksum once image, runtimes.images, hooks.token, hooks.tls, hooks.env, platform or who may do what with the entries in poller.config.registries are not as here. With url it must be the HOOKS_V of the hooks there.', { maxLength: 128 }),
  logLevel: LogLevel,
  drainSeconds: Type.Number({ default: 5, minimum: 0, maximum: 25, description: 'How long a hook that is leaving sends calls away before its port closes.' }),
  env: env(['HOOKS_V', 'HOOK_TOKEN_FILE', 'IMAGES', 'PLATFORM', 'REGISTRIES', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'LOG_LEVEL', 'DRAIN_SECONDS', 'HOST', 'PORT'], 'Further environment variables.'),
  resources: resources(CONTAINER),
  token: Token,
  tls: Tls
}, 'The hooks: what decides.')

const SecretNames = (description: string) => Type.Array(Type.String(OBJECT_NAME), { default: [], uniqueItems: true, description })
/** As objects may write it in spec.registry or spec.analysis.provider. */
const ENTRY_NAME = '^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$'
const entries = (Entry: typeof RegistryConfig | typeof PrometheusConfig, description: string) =>
  Type.Record(Type.String({ pattern: ENTRY_NAME }), Entry, { default: {}, additionalProperties: false, description })

const MlflowServers = Type.Object(MlflowServersConfig.properties, {
  default: {},
  additionalProperties: false,
  description: 'MLflow objects as registries, all of which objects may name in spec.registry: credentials, whom to trust, and who may ask; {} means the defaults. With caSecrets or references name the Secrets in mlflow.references.'
})

const Webhook = closed({
  enabled: flag(false, 'Opens port 9443, POST /mlflow-webhook. MLflow tells of changes there; without it they are found within monitoringInterval.'),
  secretName: name('The Secret in this namespace with the secret that the webhook was created with in MLflow.'),
  secretKey: key('Its key.', 'secret'),
  tlsSecret: name('A Secret of type kubernetes.io/tls in this namespace; empty means that cert-manager makes one.'),
  dnsNames: Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { default: [], description: 'Further names for the certificate of cert-manager, for an MLflow outside of the cluster.' })
}, "MLflow's webhook.")

const Poller = closed({
  logLevel: LogLevel,
  config: closed({
    registries: entries(RegistryConfig, 'MLflow servers by name; objects name one in spec.registry, or mean default. Such as default: {url: "http://mlflow.mlflow.svc:5000", artifactsDestination: "s3://mlflow"}.'),
    prometheus: entries(PrometheusConfig, 'Prometheus servers by name; objects name one in spec.analysis.provider, or mean default. Such as default: {url: "http://prometheus.monitoring.svc:9090"}.'),
    mlflowServers: MlflowServers
  }, 'The configuration file of the poller; its README describes all fields. Passwords, tokens and headers that look like them are refused here, for everybody may read a ConfigMap: name files under /secrets instead.'),
  secrets: SecretNames('Secrets in this namespace with credentials; the file of a key is /secrets/<name>/<key>. Only the poller gets them.'),
  configMaps: SecretNames('ConfigMaps in this namespace, with authorities for example; the file of a key is /configmaps/<name>/<key>.'),
  extraVolumes: Type.Array(Type.Object({}), { default: [], description: 'Further volumes, as Kubernetes has them: secrets-store.csi.k8s.io, for example.' }),
  extraVolumeMounts: mounts('Where the poller sees them, read-only. Files below may be named in the configuration.'),
  env: env(['SLUICE_CONFIG', 'NAMESPACE', 'POD_NAME', 'POD_NAMESPACE', 'LOG_LEVEL', 'HOST', 'METRICS_PORT', 'WEBHOOK_PORT', 'WEBHOOK_TLS_CERT_FILE', 'WEBHOOK_TLS_KEY_FILE', 'WEBHOOK_SECRET_FILE'], 'Further environment variables.'),
  resources: resources(CONTAINER),
  webhook: Webhook
}, 'The poller: what looks outside.')

const Issuer = closed({
  name: name('Its name; empty means no cert-manager.'),
  kind: oneOf(['Issuer', 'ClusterIssuer'], { default: 'Issuer', description: 'Issuer (in this namespace) or ClusterIssuer.' }),
  group: text('cert-manager.io', 'Its API group.', { minLength: 1 })
}, 'The issuer that certificates are asked of.')

const NetworkPolicy = closed({
  enabled: flag(true, 'Lets in and out only what is named here and in poller.config, and out to DNS.'),
  ingress: closed({
    metacontroller: peers([], 'Who may call the hooks; [] means all pods in the namespace of metacontroller.serviceAccount.'),
    monitoring: peers([{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }], 'Who may read metrics; [] means nobody.'),
    webhook: peers([], "Who may call MLflow's webhook; [] means anybody: it asks for a signature.")
  }, 'What may come in.'),
  egress: closed({
    namespaces: Type.Array(namespace(), { default: ['mlflow', 'monitoring'], uniqueItems: true, description: 'Namespaces that may be reached, on all ports. Those of <service>.<namespace>.svc addresses in poller.config are added, and the ports of all other addresses there; of <service>.<namespace> both, for it could be either.' }),
    apiServerPorts: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), { default: [443, 6443], minItems: 1, description: 'Ports of the API server, before and after the Service.' }),
    apiServerCidrs: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'Its addresses, such as 10.0.0.1/32. [] means any, so everything on those ports may be reached.' }),
    extra: egressRules('Further rules, as Kubernetes has them.')
  }, 'What may go out; DNS always may, on ports 53 and 5353.')
}, 'Network policy of the pods.')

const RuntimeImages = closed(
  Object.fromEntries(Object.entries(runtimes).map(([name, { image }]) => [name, text('', `Empty means ${image}.`, { maxLength: 512, pattern: '^[^\\s]*$' })])),
  'Images of the model servers that MLModel and ModelDeployment run, where an object names none of its own. Those of the release are pinned.'
)

/** As the hooks take it, but for what another value says. */
const { openshift: _, ...platformFields } = PlatformSetting.properties
const Platform = Type.Object(platformFields, {
  default: {},
  additionalProperties: false,
  description: 'What MLflow servers stand in: mode (kubernetes, opendatahub, rhoai: decides the defaults of the rest), namespace, externalUrl, gateway {name, namespace}, sectionTitle, image, caBundleConfigMap, namespaceAccess, clusterRolePrefix. Such as {mode: opendatahub, externalUrl: "https://gateway.example.com"}.'
})

const References = Type.Record(Type.String({ pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' }), closed({
  secrets: Type.Array(Type.String(OBJECT_NAME), { default: [], uniqueItems: true, description: 'Names of Secrets.' }),
  configMaps: Type.Array(Type.String(OBJECT_NAME), { default: [], uniqueItems: true, description: 'Names of ConfigMaps.' })
}, 'What may be read in one namespace.'), {
  default: {},
  additionalProperties: false,
  description: 'Secrets and ConfigMaps that MLflow objects name, by namespace: the poller may get these by name, for their versions, so that a changed one restarts the server. Such as mlflow: {secrets: [mlflow-tls], configMaps: []}. Empty means that none is read.'
})

/** Whether something is installed that kinds can make use of: Metacontroller starts no controller that names a kind which does not exist. */
const installed = (what: string, use: string) => closed({ enabled: flag(false, `Whether ${what} is installed: MLflow servers then have ${use}.`) }, `${what[0]?.toUpperCase()}${what.slice(1)}, for MLflow servers.`)

const user = (what: string) => Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], { default: 65532, description: `${what}; null leaves it to the platform, as OpenShift wants it.` })

const sections: TProperties = {
  image: Image,
  imagePullSecrets: Type.Array(closed({ name: Type.String({ minLength: 1 }) }, 'A Secret.'), { default: [], description: 'Secrets that the image is pulled with.' }),
  nameOverride: text('', 'In place of sluice in names and labels.', LABEL),
  fullnameOverride: text('', 'The name of all objects, in place of one made of release and chart.', LABEL),
  commonLabels: otherTexts([...SELECTED, ...LABELLED], 'Labels of all objects.'),
  replicas: Type.Integer({ default: 2, minimum: 0, maximum: 20, description: 'How many pods. Every one answers hooks; one poller leads, the others stand by.' }),
  watchNamespace: Type.String({ default: '', maxLength: 63, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$', description: 'The one namespace that the poller looks after, with rights in no other; empty means all.' }),
  listen: text('', 'The address that both programs listen on; empty means 0.0.0.0, all of IPv4. A cluster without IPv4 needs "::".', { pattern: '^[0-9a-fA-F:.]*$' }),
  hooks: Hooks,
  poller: Poller,
  seldon: closed({ enabled: flag(true, 'Whether Seldon Core v1 (SeldonDeployment) is installed. Switch it off where it is not: Metacontroller starts no controller that names a kind which does not exist.') }, 'Serving by Seldon Core.'),
  runtimes: closed({ images: RuntimeImages }, 'Model servers.'),
  platform: Platform,
  openshift: installed('OpenShift (ConsoleLink)', "certificates of its service CA, an entry in its console's menu, and its rules for ciphers"),
  prometheusOperator: installed('the Prometheus operator (ServiceMonitor)', 'a ServiceMonitor each'),
  gatewayApi: installed('the Gateway API (HTTPRoute)', 'a route through the gateway of platform.gateway'),
  istio: installed('Istio (VirtualService)', 'a VirtualService, where they ask for one'),
  mlflow: closed({
    roles: flag(true, "Makes the ClusterRoles mlflow-view, mlflow-edit and mlflow-integration: what people may do in MLflow, workspace by workspace. With rbac.aggregate the first two are added to Kubernetes' own roles. platform.clusterRolePrefix says how their names begin; without it the name of the release does."),
    configCrd: closed({ enabled: flag(false, 'Installs it, where no other installation of MLflow has.') }, 'The CRD MLflowConfig (mlflow.kubeflow.org), by which a namespace keeps its artifacts elsewhere.'),
    references: References
  }, 'MLflow servers.'),
  metacontroller: closed({
    serviceAccount: closed({ name: Type.String({ ...OBJECT_NAME, default: 'metacontroller', description: 'Its name.' }), namespace: namespace({ default: 'metacontroller', description: 'Its namespace.' }) }, 'The ServiceAccount that Metacontroller runs as.'),
    bind: flag(true, 'Gives it a role with all that Sluice needs; without effect where Metacontroller may do everything, as its own chart has it.')
  }, 'Metacontroller, which is installed by its own chart.'),
  crds: closed({
    install: flag(true, 'Installs and upgrades the CRDs.'),
    keep: flag(true, 'Keeps them, and so all objects and what serves, when the release is uninstalled.')
  }, 'CustomResourceDefinitions.'),
  rbac: closed({ create: flag(true, "Makes the poller's roles."), aggregate: flag(true, "Adds our kinds to Kubernetes' own roles view, edit and admin.") }, 'Roles.'),
  admissionPolicy: closed({
    enabled: flag(true, 'Has the API server refuse facts (annotations such as sluice.dev/registry) that others than the poller write. Everything else of an object stays as free as its roles leave it.'),
    spared: Type.Array(Type.String({ minLength: 1, maxLength: 253, pattern: '^[^"\\\\\\s]+$' }), { default: [], uniqueItems: true, description: 'Users who may write facts, too, such as system:serviceaccount:velero:velero, so that backups can be restored as they are.' })
  }, 'The admission policy that keeps facts to the poller.'),
  serviceAccount: closed({ create: flag(true, 'Makes it.'), name: name('Its name; empty means that of the other objects.'), annotations: texts('Its annotations.') }, "The poller's ServiceAccount."),
  service: closed({ annotations: texts('Its annotations.') }, 'The Service before hooks, metrics and webhook.'),
  certManager: closed({
    enabled: flag(false, 'Whether cert-manager is installed: MLflow servers may then ask it for certificates. (For those of Sluice itself it is enough to name an issuer.)'),
    issuer: Issuer
  }, 'cert-manager, for certificates that no existing Secret has.'),
  podDisruptionBudget: closed({ enabled: flag(true, 'Makes one, where there are at least two replicas.'), minAvailable: Type.Integer({ default: 1, minimum: 1, description: 'How many pods always stay.' }) }, 'Disruption budget.'),
  networkPolicy: NetworkPolicy,
  serviceMonitor: closed({
    enabled: flag(false, 'Makes a ServiceMonitor; needs the Prometheus operator.'),
    labels: otherTexts([...SELECTED, ...LABELLED], 'Labels that the Prometheus looks for.'),
    interval: text('30s', 'How often it scrapes.', { pattern: '^([0-9]+(ms|s|m|h))+$' })
  }, 'Scraping by the Prometheus operator.'),
  podAnnotations: otherTexts(['checksum/config'], 'Annotations of the pods.'),
  podLabels: otherTexts(SELECTED, 'Further labels of the pods.'),
  podSecurity: closed({ runAsUser: user('User'), runAsGroup: user('Group'), fsGroup: user('Group of mounted files') }, 'Who the programs run as. The rest is fixed: no root, no privileges, no capabilities, a read-only file system.'),
  priorityClassName: text('', 'Priority class of the pods.', { maxLength: 253 }),
  nodeSelector: texts('Labels of the nodes that the pods may run on.'),
  tolerations: Type.Array(Toleration, { default: [], description: 'Taints that the pods tolerate.' }),
  affinity: Affinity,
  topologySpreadConstraints: Type.Array(TopologySpread, { default: [], description: 'How pods are spread; [] means over nodes, if possible.' })
}

/** All values. `global` is what helm adds where this chart is part of another. */
export const ChartValues = Type.Object({ ...sections, global: Type.Optional(Type.Object({}, { description: 'Not used; helm adds it where this chart is part of another.' })) }, { additionalProperties: false })
