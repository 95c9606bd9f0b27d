// The process of the poller: reads settings, starts, and leaves in order when it is told to.
import { pino } from 'pino'
import { SettingsError } from '../hooks/core/environment.ts'
import { safeLine } from '../hooks/core/safe-text.ts'
import { startPoller } from './poller.ts'
import { readSettings, type Settings } from './settings.ts'

/** What could hold a credential is never printed, wherever it stands in a log line. */
const SECRET_FIELDS = ['authorization', 'token', 'password', 'secret', 'key', 'environment']
/** A stop that takes longer is cut off; Kubernetes waits 30 s. */
const LONGEST_STOP_MS = 25_000

const settings = settingsOrExit()
const logger = pino({ level: settings.logLevel, redact: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), hooks: { streamWrite: safeLine } })
try {
  const poller = await startPoller(settings, logger)
  const { namespace, registries, prometheus } = settings
  logger.info({ metrics: poller.metricsUrl, webhookPort: poller.webhookPort, namespace, registries: Object.keys(registries), prometheus: Object.keys(prometheus) }, 'poller has started')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'poller is leaving')
      setTimeout(() => {
        logger.error('poller could not leave in order')
        process.exit(1)
      }, LONGEST_STOP_MS).unref()
      poller.close().then(
        () => { logger.info('poller has left') },
        (error: unknown) => {
          logger.error({ err: error }, 'poller could not leave in order')
          process.exitCode = 1
        }
      )
    })
  }
} catch (error) {
  logger.fatal({ err: error }, 'poller cannot start')
  // What has started already would keep the process alive.
  process.exit(1)
}

function settingsOrExit (): Settings {
  try {
    return readSettings()
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(2)
  }
}
