// The pods of an MLflow server as a sync asks for them, taken apart for tests.
import { mlflow } from '../../../hooks/mlflow/index.ts'
import { answerSync } from '../../../hooks/core/answer.ts'
import type { Child, SyncRequest } from '../../../hooks/core/request.ts'
import { makeServerTemplate } from '../../../hooks/mlflow/resources/server-template.ts'
import { partRequest } from '../parts/part-request.ts'

export type Entry = { name: string, value?: string, valueFrom?: object }
type Mount = { name: string, mountPath: string, readOnly?: boolean }
export type Container = { name: string, image: string, imagePullPolicy?: string, command: string[], args: string[], env: Entry[], envFrom?: object[], resources: object, volumeMounts: Mount[], [field: string]: unknown }
export type Pod = {
  labels: Record<string, string>
  annotations: Record<string, string> | undefined
  spec: { containers: [Container, ...Container[]], initContainers?: Container[], volumes: Array<{ name: string, [source: string]: unknown }>, [field: string]: unknown }
  server: Container
  env: Record<string, Entry>
}

type Given = Parameters<typeof partRequest>[0]

/** The template of the server, in the base of the acceptance cases. */
export function podOf (given: Given = {}): Pod {
  const { metadata, spec } = makeServerTemplate(partRequest(given), undefined) as unknown as { metadata: Pick<Pod, 'labels' | 'annotations'>, spec: Pod['spec'] }
  const [server] = spec.containers
  return { labels: metadata.labels, annotations: metadata.annotations, spec, server, env: Object.fromEntries(server.env.map((entry) => [entry.name, entry])) }
}

/** The whole answer to a first call. */
export function answerTo (given: Given = {}): ReturnType<typeof answerSync> & { status: { conditions: Array<{ type: string, status: string, reason: string, message: string }>, [field: string]: unknown } } {
  return answerSync(mlflow, partRequest(given) as SyncRequest) as ReturnType<typeof answerTo>
}

/** `Kind name` of every child. */
export function namesOf (children: Child[]): string[] {
  return children.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
}

export function find<Spec = Record<string, unknown>> (children: Child[], kind: string, name: string): (Child & { spec: Spec }) | undefined {
  return children.find((child) => child.kind === kind && child.metadata.name === name) as (Child & { spec: Spec }) | undefined
}
