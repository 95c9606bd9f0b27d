// A recorder whose series a real Prometheus can scrape, in place of the stand-in's memory.
import { Counter, Histogram, Registry } from 'prom-client'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { DEFAULT_BUCKETS, type Recorder } from '../stand-ins/prometheus/recorder.ts'

type Labels = Readonly<Record<string, string>>

export interface ExposedRecorder {
  recorder: Recorder
  /** What a scrape job names as its target. */
  url: string
  close: () => Promise<void>
}

/** Serves /metrics on 127.0.0.1; port 0 takes a free one. Only what the traffic needs: histograms and counters, and their end. */
export async function exposeRecorder (port = 0): Promise<ExposedRecorder> {
  const registry = new Registry()
  const metrics = new Map<string, Histogram | Counter>()
  const known = new Map<string, { metric: Histogram | Counter, labels: Labels }>()

  function remember<M extends Histogram | Counter> (name: string, labels: Labels, make: (labelNames: string[]) => M): M {
    const metric = (metrics.get(name) ?? make(Object.keys(labels))) as M
    metrics.set(name, metric)
    known.set(`${name} ${JSON.stringify(labels)}`, { metric, labels })
    return metric
  }
  function end (labels: Labels): void {
    for (const [key, found] of known) {
      if (!Object.entries(labels).every(([name, value]) => found.labels[name] === value)) continue
      found.metric.remove(found.labels)
      known.delete(key)
    }
  }
  const recorder: Recorder = {
    increase (name, labels, by = 1) {
      remember(name, labels as Labels, (labelNames) => new Counter({ name, help: name, labelNames, registers: [registry] })).inc(labels as Labels, by)
    },
    observe (name, labels, value) {
      remember(name, labels as Labels, (labelNames) => new Histogram({ name, help: name, labelNames, buckets: [...DEFAULT_BUCKETS], registers: [registry] })).observe(labels as Labels, value)
    },
    set () { throw new Error('the traffic of the playground sets no gauges') },
    restart: (labels) => { end(labels as Labels) },
    remove: (labels) => { end(labels as Labels) },
    record () { /* Prometheus decides when it scrapes. */ }
  }
  const server = createServer((_request, response) => {
    registry.metrics().then((text) => response.setHeader('Content-Type', registry.contentType).end(text), (error: unknown) => response.writeHead(500).end(String(error)))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    recorder,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    close: async () => { server.closeAllConnections(); await new Promise((resolve) => server.close(resolve)) }
  }
}
