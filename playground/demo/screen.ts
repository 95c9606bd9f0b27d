// Where the demo writes: lines that stay, and on a terminal a live panel below them.
import colors from 'picocolors'
import { createLogUpdate } from 'log-update'

/** What is to be seen below the lines: the title says what the story is at, the seconds how long it has been going on. */
export type Drawing = (title: string, seconds: number) => string

export interface Screen {
  /** The panel is there, so that lines may be brief. */
  isTerminal: boolean
  chapter: (title: string) => void
  say: (line: string) => void
  show: (drawing: Drawing) => void
  close: () => void
}

const REDRAW_MS = 200

/** Lines everywhere; the panel only where there is a terminal to redraw. */
export function createScreen (output: NodeJS.WriteStream, isTerminal: boolean): Screen {
  const began = performance.now()
  const panel = createLogUpdate(output)
  // Not by default: picocolors also colours wherever CI is set.
  const color = colors.createColors(isTerminal)
  let title = ''
  let current: Drawing | undefined
  const seconds = () => Math.round((performance.now() - began) / 1000)
  const redraw = () => { if (isTerminal && current) panel(current(title, seconds())) }
  const timer = isTerminal ? setInterval(redraw, REDRAW_MS) : undefined

  function say (line: string): void {
    if (isTerminal) panel.clear()
    output.write(`${color.dim(`${String(seconds()).padStart(3)} s`)}  ${line}\n`)
    redraw()
  }

  return {
    isTerminal,
    say,
    chapter (text) {
      title = text
      say(color.bold(text))
    },
    show (drawing) {
      current = drawing
      redraw()
    },
    close () {
      clearInterval(timer)
      if (isTerminal) panel.done()
    }
  }
}
