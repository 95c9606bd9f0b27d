// The pod template of the server, as the spec asks for it.
import { COMPONENT_LABEL, parentLabel } from '../../core/labels.ts'
import { defined } from '../../core/plain-value.ts'
import type { Template } from '../../core/pod-template.ts'
import { namesOf } from '../names.ts'
import { PORT, schemeOf, staticPrefixOf, type Request } from '../place.ts'
import { annotationsThatFit, labelsThatFit } from '../user-metadata.ts'
import { serverArguments } from './args.ts'
import { authContainers, authEnvironment, authMounts, authVolumes } from './basic-auth.ts'
import { caWatcher } from './ca-bundle.ts'
import { given, givenList, unique, type Fields } from './given.ts'
import { lookOf, serverPod, type ServerPod } from './server-pod.ts'
import { mergedEnvironment } from './user-environment.ts'

/** On the template: changes when what the spec names has changed, which is not to be seen in the template itself. */
export const REFERENCES_ANNOTATION = 'sluice.dev/references'

/** What the Deployment selects its pods by, and nothing else may ever be. */
export function serverSelector ({ parent: { metadata } }: Request): Record<string, string> {
  return { app: namesOf(metadata.name).server }
}

/** `mark`: of the Secrets and ConfigMaps that the spec names, once one of them has changed. */
export function makeServerTemplate (request: Request, mark: string | undefined): Template {
  const { spec } = request.parent
  const pod = serverPod(request)
  const watcher = caWatcher(request, lookOf(request))
  const annotations = { ...annotationsThatFit(spec.podAnnotations), ...(mark !== undefined && { [REFERENCES_ANNOTATION]: mark }) }
  return {
    metadata: defined({ labels: podLabels(request, pod), annotations: given(annotations) }),
    spec: defined({
      ...podFields(request, pod),
      initContainers: listed([...pod.caInit ? [pod.caInit] : [], ...authContainers(request), ...givenList(spec.extraInitContainers)]),
      containers: [serverContainer(request, pod), ...watcher ? [watcher] : [], ...givenList(spec.extraContainers)],
      volumes: unique([...pod.volumes, ...authVolumes(request)], 'name')
    })
  }
}

/** Ours win: the Deployment, the Service and policies select by them. */
function podLabels (request: Request, { sharedLabels }: ServerPod): Record<string, string> {
  const { parent } = request
  return {
    ...labelsThatFit(parent.spec.podLabels),
    ...serverSelector(request),
    'app.kubernetes.io/instance': namesOf(parent.metadata.name).server,
    [COMPONENT_LABEL]: 'server',
    component: 'mlflow',
    ...parentLabel(parent),
    ...sharedLabels
  }
}

function podFields (request: Request, pod: ServerPod): Fields {
  const { spec } = request.parent
  const spread = spec.topologySpreadConstraints?.map((constraint) => ({ ...constraint, labelSelector: { matchLabels: serverSelector(request) } }))
  return defined({
    serviceAccountName: pod.serviceAccountName,
    // Its own token is for the Kubernetes plugin, which lists workspaces.
    automountServiceAccountToken: spec.auth.mode === 'Kubernetes',
    imagePullSecrets: listed(pod.imagePullSecrets),
    securityContext: pod.podSecurityContext,
    ...pod.placement,
    topologySpreadConstraints: listed(spread),
    priorityClassName: spec.priorityClassName || undefined,
    resourceClaims: listed(givenList(spec.resourceClaims))
  })
}

function serverContainer (request: Request, pod: ServerPod): Fields {
  const { image, securityContext } = lookOf(request)
  const scheme = schemeOf(request.parent.spec)
  return defined({
    name: 'mlflow',
    ...image,
    command: ['mlflow'],
    args: serverArguments(request),
    env: mergedEnvironment([...pod.env, ...authEnvironment(request)], request.parent.spec.env),
    envFrom: listed(pod.envFrom),
    ports: [{ name: scheme, containerPort: PORT, protocol: 'TCP' }],
    resources: pod.resources,
    livenessProbe: probe(request, '/health', { initialDelaySeconds: 30, periodSeconds: 10 }),
    readinessProbe: probe(request, '/api/3.0/mlflow/server-info', { initialDelaySeconds: 5, periodSeconds: 5 }),
    securityContext,
    volumeMounts: unique([...pod.mounts, ...authMounts(request)], 'mountPath'),
    terminationMessagePolicy: 'FallbackToLogsOnError'
  })
}

function probe ({ parent }: Request, path: string, times: Fields): Fields {
  const scheme = schemeOf(parent.spec)
  return { httpGet: { path: `${staticPrefixOf(parent)}${path}`, port: scheme, scheme: scheme.toUpperCase() }, ...times, timeoutSeconds: 1, failureThreshold: 3 }
}

/** Nothing empty is sent. */
function listed<T> (list: T[] | undefined): T[] | undefined {
  return list?.length ? list : undefined
}
