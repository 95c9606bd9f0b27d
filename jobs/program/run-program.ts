// What every program of a pod does around its work: a log, signals, the line for Kubernetes, the exit code.
import { writeFileSync } from 'node:fs'
import { pino, type Logger } from 'pino'
import { EXIT } from '../../hooks/core/download.ts'
import { safeLine } from '../../hooks/core/safe-text.ts'
import type { ProgramError } from './failure.ts'
import { terminationLog } from './settings.ts'
import { failureLine } from './termination.ts'

export type Program<Settings, Result> = {
  /** Throws a ProgramError. */
  readSettings: () => Settings
  work: (settings: Settings, surroundings: { logger: Logger, signal: AbortSignal }) => Promise<Result>
  /** Any error as one of the program's own. */
  asFailure: (error: unknown) => ProgramError
  /** The termination message of a success. */
  lineOf: (result: Result) => string
  /** What the log says at the end, and when it is told to end early. */
  words: { done: string, leaving: string }
  /** What the last line of the log says beside the result [nothing]. */
  facts?: () => object
}

/** Kubernetes waits 30 s; what is kept is safe long before. */
const LONGEST_STOP_MS = 10_000

/** Runs it, and ends the process. */
export async function runProgram<Settings extends { LOG_LEVEL: string }, Result extends object> (program: Program<Settings, Result>): Promise<never> {
  const { words, facts = () => ({}) } = program
  const stop = new AbortController()
  let logger = createLogger('info')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, words.leaving)
      stop.abort()
      setTimeout(() => { process.exit(EXIT.retryable) }, LONGEST_STOP_MS).unref()
    })
  }
  let exitCode: number = EXIT.done
  try {
    const settings = program.readSettings()
    logger = createLogger(settings.LOG_LEVEL)
    const result = await program.work(settings, { logger, signal: stop.signal })
    leave(program.lineOf(result), logger)
    const said: object = { ...result, ...facts() }
    logger.info(said, words.done)
  } catch (error) {
    const failure = program.asFailure(error)
    const { reason, permanent } = failure
    leave(failureLine(failure), logger)
    // Only an error that nobody foresaw needs its stack.
    logger.error({ reason, permanent, ...facts(), ...(reason === 'Unexpected' && { err: error }) }, failure.message)
    exitCode = permanent ? EXIT.permanent : EXIT.retryable
  }
  // Connections that are kept open would keep the program.
  process.exit(exitCode)
}

function createLogger (level: string): Logger {
  return pino({ level, base: null, hooks: { streamWrite: safeLine } }, pino.destination({ sync: true }))
}

/** Also where there is no such file, outside of a pod: the line is in the log, too. */
function leave (line: string, logger: Logger): void {
  try {
    writeFileSync(terminationLog(), line)
  } catch (error) {
    logger.warn({ error: (error as Error).message, line }, 'the termination message cannot be written')
  }
}
