// Preloaded into a program (NODE_OPTIONS=--import=…), it lets CLOCK_JUMP_MS pass at once at each SIGUSR2, for all that asks what time it is: as for a
// machine that was cut off for as long. Timers that run already are not hurried.
const step = Number(process.env['CLOCK_JUMP_MS'] ?? 0)
const RealDate = Date
const monotonic = performance.now.bind(performance)
let passed = 0

class LaterDate extends RealDate {
  constructor (...parts: []) {
    if (parts.length === 0) super(RealDate.now() + passed)
    else super(...parts)
  }

  static override now (): number {
    return RealDate.now() + passed
  }
}

process.on('SIGUSR2', () => { passed += step })
performance.now = () => monotonic() + passed
globalThis.Date = LaterDate as unknown as DateConstructor
