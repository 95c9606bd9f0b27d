// Reads a .cpuprofile of V8: how much of the time was spent where.
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = path.join(import.meta.dirname, '../..')

interface Node { id: number, callFrame: { functionName: string, url: string, lineNumber: number }, children?: number[] }
export interface CpuProfile { nodes: Node[], samples: number[], timeDeltas: number[] }

/** Shares of the busy time (0 to 1) by name, largest first. */
export type Shares = Array<[name: string, share: number]>

/** Not work: waiting, and what the profiler could not see. */
const NOT_WORK = new Set(['(idle)', '(program)', '(root)'])

/**
 * `functions`: self time by function. `ours`: time by the function of `folder` that was running or had called whatever was running; what no function
 * of it had called stands under "Fastify and Node".
 */
export function sharesOf (profile: CpuProfile, folder: string): { functions: Shares, ours: Shares } {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const [functions, ours] = [new Map<string, number>(), new Map<string, number>()]
  profile.samples.forEach((id, i) => {
    const node = byId.get(id)
    const micros = profile.timeDeltas[i] ?? 0
    if (!node || NOT_WORK.has(node.callFrame.functionName)) return
    add(functions, nameOf(node), micros)
    add(ours, callerIn(folder, node, (at) => byId.get(parents.get(at.id) ?? -1)), micros)
  })
  return { functions: sorted(functions), ours: sorted(ours) }
}

function callerIn (folder: string, node: Node, parentOf: (node: Node) => Node | undefined): string {
  for (let at: Node | undefined = node; at; at = parentOf(at)) {
    if (placeOf(at).startsWith(`${folder}/`)) return nameOf(at)
  }
  return node.callFrame.functionName === '(garbage collector)' ? '(garbage collector)' : 'Fastify and Node'
}

function nameOf (node: Node): string {
  const { functionName, lineNumber } = node.callFrame
  const place = placeOf(node)
  return place === '' ? functionName : `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`
}

function placeOf ({ callFrame: { url } }: Node): string {
  return url.startsWith('file:') ? path.relative(ROOT, fileURLToPath(url)) : url
}

function add (sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros)
}

function sorted (sums: Map<string, number>): Shares {
  const total = [...sums.values()].reduce((sum, micros) => sum + micros, 0)
  return [...sums].map(([name, micros]): [string, number] => [name, micros / total]).sort(([, a], [, b]) => b - a)
}
