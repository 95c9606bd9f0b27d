// The watch of all pods that carry the label of a parent of ours, in all namespaces or in one.
import type { Logger } from 'pino'
import { PARENT_LABEL } from '../../hooks/core/labels.ts'
import type { ClusterClient } from '../cluster/client.ts'
import { startReflector, type Reflector, type ReflectorOptions } from '../cluster/reflector.ts'
import { createSlimPod, type KnownPod } from './pod.ts'

export type PodsWatchOptions = Pick<ReflectorOptions, 'backoff' | 'pageSize'> & { client: ClusterClient, namespace?: string | undefined, logger: Logger, monotonic: () => number }

/** Starts to watch; runs until closed. */
export function watchPods ({ client, namespace, ...options }: PodsWatchOptions): Reflector<KnownPod> {
  const path = namespace ? `/api/v1/namespaces/${namespace}/pods` : '/api/v1/pods'
  return startReflector<KnownPod>({ ...options, client: onlyOurs(client), path, slim: createSlimPod() })
}

/** Lists and watches show what carries the label. */
function onlyOurs (client: ClusterClient): ClusterClient {
  const query = { labelSelector: PARENT_LABEL }
  return {
    ...client,
    list: async (path, options) => await client.list(path, { ...options, query: { ...options?.query, ...query } }),
    watch: async (path, options) => await client.watch(path, { ...options, query: { ...options.query, ...query } })
  }
}
