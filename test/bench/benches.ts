// All benches, in the order in which they run. Each is loaded only when it runs, so that none weighs on the memory that another measures.
import type { Bench } from './bench.ts'

export const benches: Record<string, () => Promise<Bench>> = {
  hooks: async () => await import('./hooks.ts'),
  profile: async () => await import('./profile.ts'),
  latency: () => import('./latency.ts'),
  canaries: () => import('./canaries.ts'),
  poller: () => import('./poller.ts'),
  day: () => import('./day.ts'),
  download: () => import('./download.ts')
}
