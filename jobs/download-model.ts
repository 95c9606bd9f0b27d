// The program that downloads a model: `node jobs/download-model.ts`, in the pods of Jobs and as an init container. README.md beside it says more.
import { writeFileSync } from 'node:fs'
import { pino, type Logger } from 'pino'
import { EXIT } from '../hooks/core/download.ts'
import { safeLine } from '../hooks/core/safe-text.ts'
import { trustAuthorities } from './download/authorities.ts'
import { asDownloadError } from './download/failure.ts'
import { largestMemory } from './download/largest-memory.ts'
import { runDownload } from './download/run.ts'
import { proxyVariables, readSettings, terminationLog } from './download/settings.ts'
import { failureLine, resultLine } from './download/termination.ts'

/** Kubernetes waits 30 s; what has arrived is on the disk long before. */
const LONGEST_STOP_MS = 10_000

const stop = new AbortController()
let logger = createLogger('info')
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    logger.info({ signal }, 'leaving; what has arrived is kept')
    stop.abort()
    setTimeout(() => { process.exit(EXIT.retryable) }, LONGEST_STOP_MS).unref()
  })
}
try {
  const settings = readSettings()
  logger = createLogger(settings.LOG_LEVEL)
  await trustAuthorities(settings)
  const result = await runDownload(settings, { logger, signal: stop.signal, proxies: proxyVariables() })
  leave(resultLine(result))
  logger.info({ ...result, memory: largestMemory() }, 'the model is in its place')
  process.exitCode = EXIT.done
} catch (error) {
  const failure = asDownloadError(error)
  const { reason, permanent } = failure
  leave(failureLine(failure))
  // Only an error that nobody foresaw needs its stack.
  logger.error({ reason, permanent, memory: largestMemory(), ...(reason === 'Unexpected' && { err: error }) }, failure.message)
  process.exitCode = permanent ? EXIT.permanent : EXIT.retryable
}
// Connections that are kept open would keep the program.
process.exit()

function createLogger (level: string): Logger {
  return pino({ level, base: null, hooks: { streamWrite: safeLine } }, pino.destination({ sync: true }))
}

/** Also where there is no such file, outside of a pod: the line is in the log, too. */
function leave (line: string): void {
  try {
    writeFileSync(terminationLog(), line)
  } catch (error) {
    logger.warn({ error: (error as Error).message, line }, 'the termination message cannot be written')
  }
}
