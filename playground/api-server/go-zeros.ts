// What a real API server leaves out of built-in kinds because it is empty: most of their fields say nothing by being '', 0, false, [] or {}. A controller
// that sends such a value never sees it again, and would send it for ever.
import { isMap } from './kube-object.ts'

/** Fields that say something by an empty text. */
const MEANT = new Set(['storageClassName', 'ingressClassName', 'volumeAttributesClassName', 'service'])
/** Maps and structures that are not there when they are empty; others ({} as a selector, an empty folder) mean something. */
const EMPTY_MAPS = new Set(['labels', 'annotations', 'matchLabels', 'nodeSelector', 'limits', 'requests', 'Service.selector'])
/** Numbers and flags that are not told apart from absent ones. */
const ZEROS = new Set(['minReadySeconds', 'initialDelaySeconds', 'paused', 'readOnly', 'stdin', 'stdinOnce', 'tty', 'hostNetwork', 'hostPID', 'hostIPC', 'publishNotReadyAddresses'])
/** What people name as they please; their texts may be empty. */
const FREE = new Set(['labels', 'annotations', 'matchLabels', 'nodeSelector', 'limits', 'requests', 'data', 'stringData', 'binaryData', 'selector'])
/** Not of the kind's own. */
const OUTSIDE = new Set(['apiVersion', 'kind', 'metadata', 'status', 'data', 'stringData', 'binaryData'])

/** The object without what says nothing; metadata and status are left as they are. */
export function withoutZeros<T extends { kind: string }> (object: T): T {
  return Object.fromEntries(Object.entries(object).flatMap(([name, value]) => {
    if (OUTSIDE.has(name)) return [[name, value]]
    return saysNothing(name, value, object.kind) ? [] : [[name, prune(value, object.kind)]]
  })) as T
}

function prune (value: unknown, parent: string): unknown {
  if (Array.isArray(value)) return value.map((item) => prune(item, parent))
  if (!isMap(value)) return value
  const kept = Object.entries(value).map(([name, item]) => [name, FREE.has(name) && !(isMap(item) && 'matchLabels' in item) ? item : prune(item, name)] as const)
  return Object.fromEntries(kept.filter(([name, item]) => !saysNothing(name, item, parent)))
}

function saysNothing (name: string, value: unknown, parent: string): boolean {
  if (value === null) return true
  if (value === '') return !MEANT.has(name) && parent !== 'hostPath'
  if (Array.isArray(value)) return value.length === 0
  if (isMap(value)) return Object.keys(value).length === 0 && (EMPTY_MAPS.has(name) || EMPTY_MAPS.has(`${parent}.${name}`))
  return (value === 0 || value === false) && ZEROS.has(name)
}
