// The control loop as a program of its own, against the cluster of KUBECONFIG: for test clusters where Metacontroller itself is not at hand.
import { createServer } from 'node:http'
import { connect } from '../../poller/cluster/connect.ts'
import { createControlLoop, type SyncReport } from './control-loop.ts'
import type { ApplyStrategy } from './loop-machine.ts'

const { KUBECONFIG: kubeconfig, PROBE_PORT: probePort = '0', APPLY_STRATEGY: applyStrategy = 'dynamic-apply' } = process.env
const strategies: readonly string[] = ['dynamic-apply', 'server-side-apply'] satisfies ApplyStrategy[]
if (!strategies.includes(applyStrategy)) {
  process.stderr.write(`APPLY_STRATEGY is ${applyStrategy}, and must be one of ${strategies.join(', ')}\n`)
  process.exit(2)
}

const connection = await connect({ kubeconfig, environment: process.env, monotonic: () => performance.now() })
const token = (await connection.authorization())?.replace(/^Bearer /, '')
const { ca, cert, key, rejectUnauthorized } = await connection.tls()
const loop = createControlLoop({
  baseUrl: connection.server,
  applyStrategy: applyStrategy as ApplyStrategy,
  ...(token !== undefined && { token }),
  ...(ca !== undefined && { ca }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key }),
  ...(rejectUnauthorized === false && { insecure: true }),
  onSync: tell
})

// Ready when the controllers that are there are running, as Metacontroller's probe says it.
let ready = false
const probes = createServer((_request, response) => { response.writeHead(ready ? 200 : 503).end() })
probes.listen(Number(probePort), '127.0.0.1')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { end().catch(fail) })
await loop.start().catch(fail)
ready = true
process.stdout.write(`${JSON.stringify({ message: 'the control loop is running', server: connection.server, applyStrategy })}\n`)

/** One line for each sync that did not come to its end. */
function tell ({ outcome, controller, key, error }: SyncReport): void {
  if (outcome === 'failed' || outcome === 'throttled') process.stdout.write(`${JSON.stringify({ outcome, controller, key, error })}\n`)
}

async function end (): Promise<void> {
  probes.close()
  await loop.close()
}

function fail (error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
