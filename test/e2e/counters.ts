// What the API server itself has counted: requests that change objects.
import type { Api } from './api.ts'

/** `verb resource`, such as `PUT mlflowmodels/status`, and how often. */
export type Counts = Readonly<Record<string, number>>

interface Sample { labels: Readonly<Record<string, string>>, value: number }

const WRITES = ['POST', 'PUT', 'PATCH', 'APPLY', 'DELETE', 'DELETECOLLECTION']

/**
 * Not counted, though they are writes. Leases are the heartbeats of leaders, of nodes and of API servers: they are renewed every few seconds
 * whatever happens, the poller's own among them. Reviews ask whether somebody may do something, and store nothing.
 */
const HEARTBEATS = ['leases', 'tokenreviews', 'subjectaccessreviews', 'selfsubjectaccessreviews']

/** Requests so far that changed something, dry runs and heartbeats left out. */
export async function countWrites (api: Api): Promise<Counts> {
  return sum(await read(api), ({ labels }) => WRITES.includes(labels['verb'] ?? '') && labels['dry_run'] === '' && !HEARTBEATS.includes(labels['resource'] ?? ''))
}

/** What has been added between two counts. */
export function difference (before: Counts, after: Counts): Counts {
  const added = Object.entries(after).map(([key, value]) => [key, value - (before[key] ?? 0)] as const)
  return Object.fromEntries(added.filter(([, value]) => value !== 0))
}

async function read (api: Api): Promise<Sample[]> {
  const text = await (await api.fetch('/metrics')).text()
  return text.split('\n').filter((line) => line.startsWith('apiserver_request_total{')).map(parse)
}

function parse (line: string): Sample {
  const end = line.lastIndexOf('}')
  const labels = Object.fromEntries([...line.slice(0, end).matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name ?? '', value ?? '']))
  return { labels, value: Number(line.slice(end + 1)) }
}

function sum (samples: Sample[], counts: (sample: Sample) => boolean): Counts {
  const totals: Record<string, number> = {}
  for (const { labels, value } of samples.filter(counts)) {
    const key = `${labels['verb']} ${[labels['resource'], labels['subresource']].filter(Boolean).join('/')}`
    totals[key] = (totals[key] ?? 0) + value
  }
  return totals
}
