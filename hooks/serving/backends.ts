// All that can serve a model. A new backend is one line here; the schema of spec.serving.backend and the controller's children follow from it.
import type { Backend } from './backend.ts'
import { seldon } from './seldon.ts'

export const backends = { Seldon: seldon } as const satisfies Record<string, Backend>

export type BackendName = keyof typeof backends

export const BACKEND_NAMES = Object.keys(backends) as [BackendName, ...BackendName[]]
