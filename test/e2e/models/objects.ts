// Objects of the cluster, as far as these tests read them.

export interface Metadata {
  name: string
  namespace: string
  uid: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  creationTimestamp: string
  deletionTimestamp?: string
}

export interface Stored { metadata: Metadata }

interface Container { name: string, image: string }

export interface PodObject extends Stored {
  spec: { nodeName?: string, containers: Container[], initContainers?: Container[] }
  status?: { phase?: string, startTime?: string, conditions?: Array<{ type: string, status: string }> }
}

export interface DeploymentObject extends Stored {
  spec: { replicas: number }
  status?: { availableReplicas?: number }
}

export interface ServiceObject extends Stored {
  spec: { selector: Record<string, string>, ports: Array<{ port: number }> }
}

export interface SliceObject extends Stored {
  endpoints?: Array<{ conditions: { ready?: boolean }, targetRef?: { name: string } }> | null
}

export interface ClaimObject extends Stored {
  status?: { phase?: string }
}
