// The part of a pod's status that is read, as Kubernetes' API describes it (core/v1 PodStatus).

export type Terminated = { exitCode: number, signal?: number, reason?: string, message?: string }
export type ContainerState = { waiting?: { reason?: string, message?: string }, running?: { startedAt?: string }, terminated?: Terminated }

export type ContainerStatus = {
  name: string
  state?: ContainerState
  /** How the run before this one ended. */
  lastState?: ContainerState
  ready?: boolean
  restartCount?: number
}

export type PodStatus = {
  phase?: string
  reason?: string
  message?: string
  conditions?: Array<{ type: string, status: string, reason?: string, message?: string, lastTransitionTime?: string }>
  initContainerStatuses?: ContainerStatus[]
  containerStatuses?: ContainerStatus[]
}
