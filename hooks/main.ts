// The process of the hooks: reads settings, listens, renews token and certificate, and leaves without dropping a call.
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { collectDefaultMetrics } from 'prom-client'
import { buildApp, type Hooks } from './app.ts'
import { SettingsError } from './core/environment.ts'
import { safeLine } from './core/safe-text.ts'
import { kinds } from './kinds.ts'
import { readSettings, type Settings } from './settings.ts'
import { readTls, renewTls } from './tls.ts'
import { createTokenCheck } from './tokens.ts'

/** Longest wait for calls in flight; Metacontroller gives up on each after 10 s. */
const PATIENCE_SECONDS = 15

const settings = settingsOrExit()
const logger = pino({ level: settings.LOG_LEVEL, hooks: { streamWrite: safeLine } })
try {
  await serve(settings)
} catch (error) {
  logger.fatal({ err: error }, 'hooks cannot start')
  process.exitCode = 1
}

async function serve (settings: Settings): Promise<void> {
  const { HOST: host, PORT: port, TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, HOOK_TOKEN_FILE: tokenFile } = settings
  const files = certFile && keyFile ? { certFile, keyFile } : undefined
  const tokenCheck = tokenFile ? createTokenCheck(tokenFile, (err) => logger.error({ err }, 'tokens cannot be read again; the old ones stay in force')) : undefined
  const hooks = await buildApp({ kinds, v: settings.HOOKS_V, logger, own: settings.own, answerCacheBytes: settings.ANSWER_CACHE_MIB * 2 ** 20, ...(tokenCheck && { tokenCheck }), ...(files && { tls: readTls(files) }) })
  collectDefaultMetrics({ register: hooks.metrics.registry })

  const stopRenewing = files && renewTls(hooks.app.server as unknown as Parameters<typeof renewTls>[0], files, {
    renewed: () => logger.info('certificate renewed'),
    failed: (err) => logger.error({ err }, 'certificate cannot be renewed; the old one stays in use')
  })
  const address = await hooks.app.listen({ host, port, listenTextResolver: (url) => `hooks listen on ${url}` })
  logger.info({ address, v: settings.HOOKS_V, kinds: kinds.map(({ resource }) => resource.kind), tokens: Boolean(tokenCheck), registries: settings.own.registries && Object.keys(settings.own.registries), images: settings.own.images }, 'hooks are ready')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      stopRenewing?.()
      leave(hooks, settings.DRAIN_SECONDS, signal).catch((err: unknown) => logger.fatal({ err }, 'hooks cannot leave in order'))
    })
  }
}

/**
 * Sends new calls away with 429 while the Service still sends them, lets the ones in flight finish, then closes. A closed port or a 503 would be a
 * Warning Event on every object that asks meanwhile.
 */
async function leave ({ app, drain, inFlight }: Hooks, drainSeconds: number, signal: string): Promise<void> {
  logger.info({ signal, inFlight: inFlight() }, 'hooks are leaving')
  drain()
  await sleep(drainSeconds * 1000)
  const giveUp = performance.now() + PATIENCE_SECONDS * 1000
  while (inFlight() > 0 && performance.now() < giveUp) await sleep(50)
  await app.close()
  logger.info('hooks have left')
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
