// Preloaded into a program (NODE_OPTIONS=--import=…), it moves the wall clock that the program sees by CLOCK_OFFSET_MS: a machine whose time is wrong.
// Timers and the monotonic clock are as they were, as on such a machine.
import { moveClock } from './moved-clock.ts'

const offset = Number(process.env['CLOCK_OFFSET_MS'] ?? 0)
moveClock(() => offset)
