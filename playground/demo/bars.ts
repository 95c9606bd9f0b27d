// A share of traffic as a bar.

const WIDTH = 30

/** The canary's share, drawn from the right, and what is left for stable. */
export function splitBar (canaryShare: number): { stable: string, canary: string } {
  const canary = Math.round(canaryShare / 100 * WIDTH)
  return { stable: '█'.repeat(WIDTH - canary), canary: '▒'.repeat(canary) }
}
