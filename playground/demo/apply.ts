// Puts an object into the API server as `kubectl apply --server-side` would: what is there already is changed to it.

/** `url` is the object's own. Throws with the server's words when it is refused. */
export async function apply (url: string, object: object): Promise<void> {
  const answer = await fetch(`${url}?fieldManager=demo&force=true`, { method: 'PATCH', headers: { 'content-type': 'application/apply-patch+yaml' }, body: JSON.stringify(object) })
  if (!answer.ok) throw new Error(`The API server refused ${url}: ${answer.status} ${await answer.text()}`)
}
