// The part of autocannon (which ships no types) that the bench uses.
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'
  type Options = { url: string, method: 'POST', headers: Record<string, string>, body: string, connections: number, duration: number }
  type Result = { errors: number, timeouts: number, non2xx: number, mismatches: number, duration: number }
  /** Emits `response` (client, status code, bytes, milliseconds) for every answer. */
  function autocannon (options: Options): Promise<Result> & EventEmitter
  export = autocannon
}
