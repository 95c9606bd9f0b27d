// The parts of a SeldonDeployment (machinelearning.seldon.io/v1) that the operator reads and writes.

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: unknown
}

export interface ContainerPort {
  readonly name?: string
  readonly containerPort: number
  readonly protocol?: string
}

export interface Container {
  readonly name: string
  readonly image?: string
  readonly env?: readonly EnvVar[]
  readonly ports?: readonly ContainerPort[]
  readonly [field: string]: unknown
}

export interface ComponentSpec {
  readonly metadata?: { readonly name?: string, readonly labels?: Readonly<Record<string, string>> }
  readonly replicas?: number
  readonly spec: { readonly containers?: readonly Container[], readonly [field: string]: unknown }
}

export interface PredictiveUnit {
  readonly name: string
  readonly type?: string
  readonly implementation?: string
  readonly modelUri?: string
  readonly methods?: readonly string[]
  readonly endpoint?: { readonly type?: string }
  readonly logger?: { readonly mode?: string }
  readonly children?: readonly PredictiveUnit[]
  readonly [field: string]: unknown
}

export interface Predictor {
  readonly name: string
  readonly traffic?: number
  readonly replicas?: number
  readonly shadow?: boolean
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly graph: PredictiveUnit
  readonly componentSpecs?: readonly ComponentSpec[]
  readonly svcOrchSpec?: { readonly env?: readonly EnvVar[] }
  readonly progressDeadlineSeconds?: number
}

export interface SeldonSpec {
  readonly protocol?: string
  readonly transport?: string
  readonly serverType?: string
  readonly replicas?: number
  readonly annotations?: Readonly<Record<string, string>>
  readonly predictors: readonly Predictor[]
}

export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason?: string
  readonly message?: string
  /** RFC 3339 in whole seconds. */
  readonly lastTransitionTime: string
}

export interface SeldonStatus {
  readonly state?: 'Available' | 'Creating' | 'Failed'
  readonly description?: string
  readonly replicas?: number
  readonly deploymentStatus?: Readonly<Record<string, { readonly replicas?: number, readonly availableReplicas?: number }>>
  readonly serviceStatus?: Readonly<Record<string, { readonly svcName: string, readonly httpEndpoint: string, readonly grpcEndpoint: string }>>
  readonly address?: { readonly url: string }
  readonly conditions?: readonly Condition[]
}

export interface SeldonDeployment {
  readonly metadata: { readonly name: string, readonly namespace: string, readonly deletionTimestamp?: string }
  readonly spec: SeldonSpec
  readonly status?: SeldonStatus
}
