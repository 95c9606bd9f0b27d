// The part of autocannon (which ships no types) that the bench uses.
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'
  function autocannon (options: autocannon.Options): Promise<autocannon.Result> & EventEmitter
  /** Emits `response` (client, status code, bytes, milliseconds) for every answer. */
  namespace autocannon {
    type Options = { url: string, method: 'POST', headers: Record<string, string>, body?: string, requests?: Array<{ setupRequest: (request: Prepared) => Prepared }>, connections: number, duration: number }
    type Prepared = { body?: string }
    type Result = { errors: number, timeouts: number, non2xx: number, mismatches: number, duration: number }
  }
  export = autocannon
}
