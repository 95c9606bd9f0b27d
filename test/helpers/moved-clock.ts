// For preloads that have a program see another time than the machine's.
const RealDate = Date

/** From now on the wall clock of this program is ahead by what `offset` says at the moment, in ms. */
export function moveClock (offset: () => number): void {
  class MovedDate extends RealDate {
    constructor (...parts: []) {
      if (parts.length === 0) super(RealDate.now() + offset())
      else super(...parts)
    }

    static override now (): number {
      return RealDate.now() + offset()
    }
  }
  globalThis.Date = MovedDate as unknown as DateConstructor
}
