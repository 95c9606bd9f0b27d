// The HTTPS port of the webhook: apart from metrics and probes, because a server outside of the cluster may have to reach it.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createSecureContext, type Server } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import { registerWebhook, type WebhookOptions } from './webhook.ts'

/** Where MLflow's webhooks are received. Its server sends to https only. */
export type WebhookConfig = {
  /** 0 takes a free one. */
  port: number
  host: string
  /** PEM files. */
  certFile: string
  keyFile: string
  /** The secret that the webhook was created with; re-read at each delivery. */
  secretFile: string
}

export type WebhookServerOptions = Omit<WebhookOptions, 'secret'> & {
  config: WebhookConfig
  onRenewal?: (error?: Error) => void
  /** A delivery could not be judged: the secret's file is missing, say. */
  onFailure?: (error: Error) => void
  /** [1000] Milliseconds between two looks at the certificate's files. */
  renewalInterval?: number
}

export type WebhookServer = { port: number, close (): Promise<void> }

/** Listens. Throws when certificate, key or port cannot be used. */
export async function startWebhookServer (options: WebhookServerOptions): Promise<WebhookServer> {
  const { config } = options
  // The type of an HTTPS instance differs in its server only, which nothing here but the renewal uses.
  const app = fastify({ https: readCertificate(config), requestTimeout: 10_000, connectionTimeout: 10_000 }) as unknown as FastifyInstance
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const { statusCode = 500 } = error
    if (statusCode >= 500) options.onFailure?.(error)
    // Whoever asks may be anybody: he learns no path and no word of ours.
    return reply.code(statusCode >= 500 ? 503 : statusCode).send({ outcome: statusCode >= 500 ? 'Failed' : 'Malformed' })
  })
  app.setNotFoundHandler(async (_request, reply) => await reply.code(404).send({ outcome: 'NotFound' }))
  await registerWebhook(app, { ...options, secret: () => readSecret(config.secretFile) })
  await app.listen({ port: config.port, host: config.host })
  const stopRenewal = renew(app.server as unknown as Server, options)
  return {
    port: (app.server.address() as AddressInfo).port,
    async close () {
      stopRenewal()
      await app.close()
    }
  }
}

async function readSecret (file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replace(/[\r\n]+$/, '')
}

function readCertificate ({ certFile, keyFile }: WebhookConfig): { cert: string, key: string, minVersion: 'TLSv1.2' } {
  const material = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), minVersion: 'TLSv1.2' as const }
  createSecureContext(material)
  // A file that is just being written is empty, and an empty key is no key to createSecureContext: every handshake would fail.
  if (!new X509Certificate(material.cert).checkPrivateKey(createPrivateKey(material.key))) throw new Error(`${keyFile} is not the key of ${certFile}`)
  return material
}

// Polled, because a mounted Secret is replaced by way of symbolic links. Between the writes of its two files the pair does not fit:
// the old one then stays until the next look.
function renew (server: Server, { config, onRenewal, renewalInterval = 1_000 }: WebhookServerOptions): () => void {
  const files = [config.certFile, config.keyFile]
  const read = () => {
    try {
      server.setSecureContext(readCertificate(config))
      onRenewal?.()
    } catch (error) {
      onRenewal?.(error as Error)
    }
  }
  for (const file of files) watchFile(file, { interval: renewalInterval, persistent: false }, read)
  return () => { for (const file of files) unwatchFile(file, read) }
}
