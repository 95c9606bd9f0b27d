// The objects that the operator makes of a SeldonDeployment.
import type { WantedDeployment, PodTemplate, Route } from './components.ts'
import type { StoredSeldonDeployment } from './api-client.ts'
import { routerName } from './names.ts'
import type { Container } from './seldon-deployment.ts'
import type { Deployment, Router } from './world.ts'

/** Labels by which the operator knows what is whose. */
export const SELDON_LABELS = { managedBy: 'app.kubernetes.io/managed-by', deployment: 'seldon-deployment-id', app: 'seldon-app' } as const

/** What the Deployment was made of. The operator compares whole specs; we what they are made of, for a spec comes back with defaults. */
export const MADE_OF = 'seldon-stand-in/made-of'

export type MadeOf = Pick<WantedDeployment, 'predictor' | 'template' | 'progressDeadlineSeconds'>

const EXECUTOR_IMAGE = 'seldonio/seldon-core-executor:1.17.1'
const INITIALIZER_IMAGE = 'seldonio/rclone-storage-initializer:1.17.1'
const EXECUTOR_PORT = 8000
const GATEWAY = 'istio-system/seldon-gateway'

/** An object without what the API server adds. */
export interface PartObject { readonly apiVersion: string, readonly kind: string, readonly metadata: object, readonly spec: object }

/** Name, labels and owner of a part: with the SeldonDeployment it is collected. */
function metadataOf ({ metadata }: StoredSeldonDeployment, name: string, annotations?: Record<string, string>): object {
  return {
    name,
    namespace: metadata.namespace,
    labels: { [SELDON_LABELS.managedBy]: 'seldon-core', [SELDON_LABELS.deployment]: metadata.name },
    ...(annotations && { annotations }),
    ownerReferences: [{ apiVersion: 'machinelearning.seldon.io/v1', kind: 'SeldonDeployment', name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }]
  }
}

/** The Deployment of one component: initializer, model server and executor. */
export function makeDeployment (object: StoredSeldonDeployment, deployment: Deployment): PartObject {
  const { name, predictor, replicas, template, progressDeadlineSeconds } = deployment
  const madeOf: MadeOf = { predictor, template, progressDeadlineSeconds }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(object, name, { [MADE_OF]: JSON.stringify(madeOf) }),
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%', maxSurge: '25%' } },
      ...(progressDeadlineSeconds !== undefined && { progressDeadlineSeconds }),
      template: {
        metadata: {
          labels: { ...template.labels, app: name, [SELDON_LABELS.managedBy]: 'seldon-core', [SELDON_LABELS.deployment]: object.metadata.name, [SELDON_LABELS.app]: `${object.metadata.name}-${predictor}` },
          annotations: template.annotations
        },
        spec: makePodSpec(template)
      }
    }
  }
}

function makePodSpec ({ modelUri, containers, executorPredictor }: PodTemplate): object {
  const volume = { name: 'model-provision-location', mountPath: '/mnt/models' }
  const predictor = Buffer.from(JSON.stringify(executorPredictor)).toString('base64')
  return {
    initContainers: modelUri === '' ? [] : [{ name: 'model-initializer', image: INITIALIZER_IMAGE, args: [modelUri, volume.mountPath], volumeMounts: [volume] }],
    containers: [
      ...containers.map((container) => withModel(container, volume)),
      { name: 'seldon-container-engine', image: EXECUTOR_IMAGE, env: [{ name: 'ENGINE_PREDICTOR', value: predictor }], ports: [{ name: 'metrics', containerPort: EXECUTOR_PORT, protocol: 'TCP' }] }
    ],
    volumes: [{ name: volume.name, emptyDir: {} }],
    terminationGracePeriodSeconds: 20
  }
}

function withModel (container: Container, volume: object): object {
  return { ...container, volumeMounts: [...(container['volumeMounts'] as object[] | undefined ?? []), volume] }
}

/** A Service in front of a predictor or one of its containers. */
export function makeService (object: StoredSeldonDeployment, name: string): PartObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(object, name),
    spec: { selector: { [SELDON_LABELS.app]: name }, ports: [{ name: 'http', port: EXECUTOR_PORT, protocol: 'TCP' }] }
  }
}

/** What applies the weights. */
export function makeVirtualService (object: StoredSeldonDeployment, { routes, mirror }: Router): PartObject {
  const { namespace, name } = object.metadata
  const to = (predictor: string, host: string): object => ({ host, subset: predictor, port: { number: EXECUTOR_PORT } })
  const http = {
    match: [{ uri: { prefix: `/seldon/${namespace}/${name}/` } }],
    rewrite: { uri: '/' },
    route: routes.map(({ predictor, host, weight }) => ({ destination: to(predictor, host), weight })),
    ...(mirror && { mirror: to(mirror.predictor, `${name}-${mirror.predictor}.${namespace}.svc.cluster.local`), mirrorPercentage: { value: mirror.percent } })
  }
  return { apiVersion: 'networking.istio.io/v1beta1', kind: 'VirtualService', metadata: metadataOf(object, routerName(name)), spec: { hosts: ['*'], gateways: [GATEWAY], http: [http] } }
}

/** One host that the VirtualService names. */
export function makeDestinationRule (object: StoredSeldonDeployment, { predictor, host }: Route): PartObject {
  return {
    apiVersion: 'networking.istio.io/v1beta1',
    kind: 'DestinationRule',
    metadata: metadataOf(object, host.split('.')[0] ?? host),
    spec: { host, subsets: [{ name: predictor, labels: { version: predictor } }] }
  }
}
