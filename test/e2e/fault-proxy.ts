// Stands between one program and the API server, with the API server's own certificate, and does to requests what networks, load balancers and
// servers in trouble do. It counts them, so that a test can tell a program that backs off from one that hammers.
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './stage.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete'

export interface Ask {
  verb: Verb
  /** The plural, without its group; empty for what is no resource. */
  resource: string
  /** With query. */
  path: string
  userAgent: string
  /** Milliseconds that never go back. */
  at: number
}

/** A Status in place of the API server's answer, a pause before the request is passed on, or a connection that breaks. */
export type Fault = { answer: 410 | 429 | 500, retryAfter?: number } | { delay: number } | 'cut'

export interface FaultProxy {
  url: string
  /** What is done to requests from now on; without a rule they are passed on. Resolves with nothing; returns what has been asked since, a growing list. */
  suffer: (rule?: (ask: Ask) => Fault | undefined) => Ask[]
  /** Open watches stay open and bring nothing any more, not even their end; those that are opened later are whole. Returns how many that are. */
  silence: () => number
  /** Breaks the connections of open watches, silenced ones too. */
  cutWatches: () => void
}

interface OpenWatch { incoming: IncomingMessage, response: ServerResponse }

interface Machine {
  target: string
  agent: Agent
  rule: ((ask: Ask) => Fault | undefined) | undefined
  asked: Ask[]
  watches: Set<OpenWatch>
}

const REASONS = { 410: 'Expired', 429: 'TooManyRequests', 500: 'InternalError' }

/** Listens on a free loopback port until the end of the test. */
export async function startFaultProxy ({ folder, plane: { api }, atEnd }: Stage): Promise<FaultProxy> {
  const [cert, key] = await Promise.all(['crt', 'key'].map(async (end) => await readFile(join(folder, 'certs', `apiserver.${end}`), 'utf8')))
  const machine: Machine = { target: api.url, agent: new Agent({ ca: api.ca, keepAlive: true }), rule: undefined, asked: [], watches: new Set() }
  const server = createServer({ cert, key }, (incoming, response) => { treat(machine, incoming, response).catch(() => { response.destroy() }) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(async () => {
    server.close()
    server.closeAllConnections()
    machine.agent.destroy()
  })
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    suffer (rule) {
      machine.rule = rule
      machine.asked = []
      return machine.asked
    },
    silence () {
      for (const { incoming } of machine.watches) incoming.unpipe().pause()
      return machine.watches.size
    },
    cutWatches () { for (const { response } of machine.watches) response.destroy() }
  }
}

async function treat (machine: Machine, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const ask = readAsk(incoming)
  machine.asked.push(ask)
  const fault = machine.rule?.(ask)
  if (fault === 'cut') {
    response.destroy()
  } else if (fault && 'answer' in fault) {
    incoming.resume()
    refuse(response, fault)
  } else {
    if (fault) await sleep(fault.delay)
    passOn(machine, ask, incoming, response)
  }
}

function refuse (response: ServerResponse, { answer: code, retryAfter }: { answer: 410 | 429 | 500, retryAfter?: number }): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason: REASONS[code], message: 'the test wants it so' }
  response.writeHead(code, { 'content-type': 'application/json', ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) }).end(JSON.stringify(status))
}

function passOn ({ target, agent, watches }: Machine, { verb }: Ask, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url = '/' } = incoming
  const outgoing = request(new URL(url, target), { method, headers, agent }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    // The first event of a watch may be far away.
    response.flushHeaders()
    answer.pipe(response)
    answer.on('error', () => { response.destroy() })
    if (verb !== 'watch') return
    const open = { incoming: answer, response }
    watches.add(open)
    response.on('close', () => { watches.delete(open) })
  })
  // A server that is down looks as without a proxy: the connection breaks. And who goes away is gone for the server, too.
  outgoing.on('error', () => { response.destroy() })
  response.on('close', () => { outgoing.destroy() })
  incoming.pipe(outgoing)
}

const WRITES: Readonly<Record<string, Verb>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

function readAsk ({ method = 'GET', url = '/', headers }: IncomingMessage): Ask {
  const { pathname, searchParams } = new URL(url, 'https://api')
  const { resource, name } = targetOf(pathname)
  const isWatch = ['true', '1'].includes(searchParams.get('watch') ?? '')
  const reading = name === undefined ? 'list' : 'get'
  return { verb: WRITES[method] ?? (isWatch ? 'watch' : reading), resource, path: url, userAgent: headers['user-agent'] ?? '', at: performance.now() }
}

/** From api/v1/… or apis/<group>/<version>/…, then perhaps namespaces/<namespace>, then the plural and perhaps a name. */
function targetOf (pathname: string): { resource: string, name?: string | undefined } {
  const parts = pathname.split('/').filter(Boolean)
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3)
  const [resource = '', name] = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest
  return { resource, name }
}
