// Preloaded into a program (NODE_OPTIONS=--import=…), it lets CLOCK_JUMP_MS pass at once at each SIGUSR2, for all that asks what time it is: as for a
// machine that was cut off for as long. Timers that run already are not hurried.
import { moveClock } from '../helpers/moved-clock.ts'

const step = Number(process.env['CLOCK_JUMP_MS'] ?? 0)
const monotonic = performance.now.bind(performance)
let passed = 0

process.on('SIGUSR2', () => { passed += step })
performance.now = () => monotonic() + passed
moveClock(() => passed)
