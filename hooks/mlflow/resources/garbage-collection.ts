// Garbage collection: what removes deleted runs and experiments for good, with their artifacts, which the server deletes for it.
import type { Child } from '../../core/request.ts'
import { CLUSTER_ROLE, CLUSTER_ROLE_BINDING } from '../children.ts'
import { MLFLOW_GROUP } from '../grants.ts'
import { namesOf } from '../names.ts'
import { addressUrl, clusterMetadata, namespaceOf, type Request } from '../place.ts'
import { sourceOf } from '../stores.ts'
import { caEnvironment, caInit, caMounts, caVolumes } from './ca-bundle.ts'
import type { Fields } from './given.ts'
import { lookOf, serverPod } from './server-pod.ts'
import { makeTask, makeTaskAccount, sharedMounts, taskEnvironment, workspaceEnvironment } from './task.ts'

const RBAC = 'rbac.authorization.k8s.io'
const READ = ['get', 'list', 'watch']

/** A day: years of deleted runs may lie there the first time. */
const DEADLINE = 86_400

/** It calls the server, so it trusts whoever issued the server's certificate. */
const TRUST = { own: true }

/** None of it where the spec asks for none. */
export function makeGarbageCollection (request: Request): Child[] {
  const { metadata, spec: { garbageCollection, auth } } = request.parent
  if (!garbageCollection) return []
  const names = namesOf(metadata.name)
  const task = { name: names.garbageCollection, account: names.garbageCollectionAccount }
  const init = caInit(request, { ...lookOf(request), options: TRUST })
  return [
    makeTask(request, {
      ...task,
      component: 'garbage-collection',
      when: garbageCollection,
      activeDeadlineSeconds: DEADLINE,
      container: {
        command: ['mlflow'],
        args: argumentsOf(request),
        env: environmentOf(request),
        mounts: [...sharedMounts(request), ...caMounts(request, TRUST)]
      },
      volumes: [...serverPod(request).volumes.filter(({ name }) => !isAuthority(name)), ...caVolumes(request, TRUST)],
      init: init ? [init] : [],
      resources: garbageCollection.resources
    }),
    makeTaskAccount(request, task),
    ...(auth.mode === 'Kubernetes' ? makeAccess(request) : [])
  ]
}

/** The kubelet puts the database's address in, so it stands in no object. */
function argumentsOf ({ parent: { spec } }: Request): string[] {
  const { olderThan } = spec.garbageCollection ?? {}
  return [
    'gc',
    '--backend-store-uri=$(MLFLOW_BACKEND_STORE_URI)',
    ...(olderThan ? [`--older-than=${olderThan}`] : []),
    ...(spec.auth.mode === 'Kubernetes' ? ['--all-workspaces'] : [])
  ]
}

function environmentOf (request: Request): Fields[] {
  return taskEnvironment(request, [
    ...workspaceEnvironment(request),
    { name: 'MLFLOW_TRACKING_URI', value: addressUrl(request) },
    { name: 'MLFLOW_TRACKING_INSECURE_TLS', value: 'false' },
    ...credentials(request),
    ...caEnvironment(request, TRUST)
  ]).filter(({ name }) => name !== 'MLFLOW_TRACE_ARCHIVAL_CONFIG')
}

/** Whom the server takes it for. */
function credentials ({ parent: { spec: { auth } } }: Request): Fields[] {
  switch (auth.mode) {
    case 'Kubernetes': return [{ name: 'MLFLOW_TRACKING_AUTH', value: 'kubernetes' }]
    case 'Basic': {
      const password = sourceOf(undefined, auth.adminPasswordSecret)
      return [{ name: 'MLFLOW_TRACKING_USERNAME', value: 'admin' }, ...(password ? [{ name: 'MLFLOW_TRACKING_PASSWORD', ...password }] : [])]
    }
    case 'None': return []
    default: return auth.mode satisfies never
  }
}

function isAuthority (volume: unknown): boolean {
  return volume === 'combined-ca-bundle' || String(volume).startsWith('ca-bundle-')
}

/** To find the workspaces, and to delete in each of them. */
function makeAccess (request: Request): Child[] {
  const { garbageCollection: name, garbageCollectionAccount } = namesOf(request.parent.metadata.name)
  const metadata = clusterMetadata(request, name, { app: name })
  return [
    {
      apiVersion: CLUSTER_ROLE.apiVersion,
      kind: CLUSTER_ROLE.kind,
      metadata,
      rules: [
        { apiGroups: [''], resources: ['namespaces'], verbs: READ },
        { apiGroups: [MLFLOW_GROUP], resources: ['mlflowconfigs'], verbs: READ },
        { apiGroups: [MLFLOW_GROUP], resources: ['experiments'], verbs: ['get', 'list', 'update'] }
      ]
    },
    {
      apiVersion: CLUSTER_ROLE_BINDING.apiVersion,
      kind: CLUSTER_ROLE_BINDING.kind,
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name: garbageCollectionAccount, namespace: namespaceOf(request) }]
    }
  ]
}
