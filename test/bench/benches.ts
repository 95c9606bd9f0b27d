// All benches, in the order in which they run. Each is loaded only when it runs, so that none weighs on the memory that another measures.
import type { Bench } from './bench.ts'

export const benches: Record<string, () => Promise<Bench>> = {
  latency: () => import('./latency.ts'),
  canaries: () => import('./canaries.ts')
}
