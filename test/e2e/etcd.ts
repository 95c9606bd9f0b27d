// etcd as the tests ask it, behind the API server's back: by its HTTP gateway.

/** A transaction holds no more by default. */
const OPERATIONS = 128

/** Has etcd forget everything but the present state, as it does every few minutes in any cluster: whoever goes on from an older place is told 410. */
export async function forgetHistory (url: string): Promise<void> {
  const { header: { revision } } = await ask<{ header: { revision: string } }>(url, 'maintenance/status', {})
  await ask(url, 'kv/compaction', { revision, physical: true })
}

/** Writes values as they are. */
export async function writeToEtcd (url: string, values: Array<{ key: string, value: string }>): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  for (let from = 0; from < values.length; from += OPERATIONS) {
    const success = values.slice(from, from + OPERATIONS).map(({ key, value }) => ({ requestPut: { key: base64(key), value: base64(value) } }))
    await ask(url, 'kv/txn', { success })
  }
}

async function ask<T> (url: string, path: string, body: object): Promise<T> {
  const answer = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`etcd answered ${answer.status} to ${path}: ${text}`)
  return JSON.parse(text) as T
}
