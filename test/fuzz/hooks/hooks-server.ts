// The hooks as a process of their own, for calls over real sockets. It measures how long a turn of its event loop keeps its thread busy, in CPU time.
import type { AddressInfo } from 'node:net'
import { buildApp } from '../../../hooks/app.ts'
import { kinds } from '../../../hooks/kinds.ts'
import { threadMs } from '../properties/cpu.ts'

/** What the parent hears: once the port, and at each word of its the longest turn since the last. */
export type Word = { port: number } | { longestTurnMs: number }

const { app } = await buildApp({ kinds, v: '1' })
let open = 0
let ticking = false
let longest = 0
let last = 0

/** Comes around once a turn while a call is open. */
function tick (): void {
  const now = threadMs()
  longest = Math.max(longest, now - last)
  last = now
  ticking = open > 0
  if (ticking) setImmediate(tick)
}

app.server.prependListener('request', (_request, response) => {
  open++
  response.once('close', () => { open-- })
  if (ticking) return
  ticking = true
  last = threadMs()
  setImmediate(tick)
})

process.on('message', () => {
  process.send?.({ longestTurnMs: longest } satisfies Word)
  longest = 0
})
process.on('disconnect', () => process.exit())
await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ port: (app.server.address() as AddressInfo).port } satisfies Word)
