// What kubectl prints: Table output from the printer columns of a resource.
import { JSONPath } from 'jsonpath-plus'
import type { KubeObject } from './kube-object.ts'
import type { Column, Resource } from './resource.ts'

interface ColumnDefinition { name: string, type: string, format: string, description: string, priority: number }
type Cell = string | number | boolean | null
interface Row { cells: Cell[], object: unknown }

/** meta.k8s.io/v1 Table. */
export interface Table {
  kind: 'Table'
  apiVersion: 'meta.k8s.io/v1'
  metadata: Record<string, unknown>
  columnDefinitions: ColumnDefinition[]
  rows: Row[]
}

const nameColumn: ColumnDefinition = { name: 'Name', type: 'string', format: 'name', description: 'Name must be unique within a namespace.', priority: 0 }
const ageColumn: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

/** `.a.b\.c[?(@.type=="x")].d` as Kubernetes writes it → the JSONPath of the library. */
export function toJsonPath (path: string): string {
  const quoted = path.replace(/\.((?:[^.[\]\\]|\\.)*\\.(?:[^.[\]\\]|\\.)*)/g, (_, name: string) => `['${name.replaceAll('\\', '')}']`)
  return quoted.startsWith('$') ? quoted : `$${quoted.startsWith('.') || quoted.startsWith('[') ? '' : '.'}${quoted}`
}

function find (object: KubeObject, path: string): unknown {
  // Filters are evaluated by the library's own interpreter, never by the JavaScript engine.
  const found = JSONPath({ path: toJsonPath(path), json: object, eval: 'safe', wrap: true }) as unknown[] | undefined
  return found?.[0]
}

/** `3m`, `2h`, `5d`: an age as kubectl shows it, in its largest sensible unit. */
export function humanAge (seconds: number): string {
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${Math.floor(seconds)}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 >= 1 ? `${minutes}m${Math.floor(seconds % 60)}s` : `${minutes}m`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 > 0 ? `${hours}h${minutes % 60}m` : `${hours}h`
  if (hours < 48) return `${hours}h`
  return `${Math.floor(hours / 24)}d`
}

function cell (object: KubeObject, column: Column, now: number): Cell {
  const value = find(object, column.jsonPath)
  if (value === undefined || value === null) return null
  if (column.type === 'date') return humanAge((now - Date.parse(String(value))) / 1000)
  if (typeof value === 'object') return JSON.stringify(value)
  return column.type === 'string' ? String(value) : value as Cell
}

function columnsOf (resource: Resource): Column[] {
  if (resource.custom && resource.columns.length > 0) return resource.columns
  return resource.columns.some((column) => column.type === 'date') ? resource.columns : [...resource.columns, ageColumn]
}

/** A Table of objects. `now` (milliseconds) is what ages are counted from; `shown` makes the object that a row carries. */
export function makeTable (resource: Resource, objects: readonly KubeObject[], metadata: Record<string, unknown>, row: { now: number, shown: (object: KubeObject) => unknown }): Table {
  const columns = columnsOf(resource)
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: [nameColumn, ...columns.map((column) => ({ name: column.name, type: column.type, format: column.format ?? '', description: column.description ?? `Custom resource definition column (in JSONPath format): ${column.jsonPath}`, priority: column.priority ?? 0 }))],
    rows: objects.map((object) => ({ cells: [object.metadata.name, ...columns.map((column) => cell(object, column, row.now))], object: row.shown(object) }))
  }
}
