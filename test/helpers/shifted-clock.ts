// Preloaded into a program (NODE_OPTIONS=--import=…), it moves the wall clock that the program sees by CLOCK_OFFSET_MS: a machine whose time is wrong.
// Timers and the monotonic clock are as they were, as on such a machine.
const offset = Number(process.env['CLOCK_OFFSET_MS'] ?? 0)
const RealDate = Date

class ShiftedDate extends RealDate {
  constructor (...parts: []) {
    if (parts.length === 0) super(RealDate.now() + offset)
    else super(...parts)
  }

  static override now (): number {
    return RealDate.now() + offset
  }
}

globalThis.Date = ShiftedDate as unknown as DateConstructor
