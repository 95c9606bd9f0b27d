// A life in the registry, call by call, told to the stand-in and to a real MLflow; see README.md here.

export interface Step {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PATCH'
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Told {
  readonly step: string
  readonly status: number
  readonly type: string
  readonly body: unknown
}

const API = '/api/2.0/mlflow'

function get (path: string, query: Record<string, string> = {}): Step {
  const parameters = new URLSearchParams(query)
  return { method: 'GET', path: `${API}/${path}${parameters.size > 0 ? `?${parameters.toString()}` : ''}` }
}

function post (path: string, body: unknown): Step {
  return { method: 'POST', path: `${API}/${path}`, body }
}

function remove (path: string, body: unknown): Step {
  return { method: 'DELETE', path: `${API}/${path}`, body }
}

function patch (path: string, body: unknown): Step {
  return { method: 'PATCH', path: `${API}/${path}`, body }
}

const SEARCHES: readonly Step[] = [
  {}, { max_results: '1' }, { max_results: '1', page_token: '$token' }, { max_results: '2' }, { max_results: '1000' }, { max_results: '1001' }, { max_results: '0' }, { max_results: 'x' },
  { page_token: 'nonsense' }, { filter: "name = 'bank'" }, { filter: "name = 'missing'" }, { filter: "name != 'bank'" }, { filter: "name LIKE 'b%'" }, { filter: "name ILIKE 'B%'" },
  { filter: "tags.team = 'risk'" }, { filter: "name LIKE 'b%' AND tags.team = 'risk'" }, { filter: "name IN ('bank')" }, { filter: "name = 'bank' OR name = 'b2'" }, { filter: "color = 'x'" }, { filter: 'name' },
  { order_by: 'name DESC' }, { order_by: 'last_updated_timestamp DESC' }, { order_by: 'color' }
].map(query => get('registered-models/search', query as Record<string, string>))

const VERSION_SEARCHES: readonly Step[] = [
  {}, { filter: "name = 'bank'" }, { filter: "name = 'bank'", max_results: '1' }, { filter: "name = 'bank'", max_results: '1', page_token: '$token' }, { filter: "name = 'missing'" }, { filter: "run_id = 'abc'" },
  { filter: "source_path = 's3://b/1'" }, { filter: 'version_number = 2' }, { filter: "name = 'bank'", order_by: 'version_number DESC' }, { filter: "tags.team = 'risk'" }, { max_results: '200001' }, { filter: "color = 'x'" }
].map(query => get('model-versions/search', query as Record<string, string>))

/** Every call, in order. `$token` stands for the last page token that was answered. */
export const STORY: readonly Step[] = [
  get('registered-models/search'),
  { method: 'GET', path: '/health' },
  { method: 'GET', path: '/api/2.0/mlflow/no-such-route' },
  { method: 'POST', path: '/api/2.0/mlflow/registered-models/get' },
  post('registered-models/create', { name: 'bank' }),
  post('registered-models/create', { name: 'bank' }),
  post('registered-models/create', { name: 'b2', description: 'second', tags: [{ key: 'team', value: 'risk' }] }),
  post('registered-models/create', {}),
  post('registered-models/create', { name: '' }),
  post('registered-models/create', { name: 7 }),
  post('registered-models/create', { name: 'with space/and:more' }),
  get('registered-models/get', { name: 'with space/and:more' }),
  get('registered-models/get', { name: 'missing' }),
  get('registered-models/get'),
  post('model-versions/create', { name: 'bank', source: 's3://b/1' }),
  post('model-versions/create', { name: 'bank', source: 's3://b/2', run_id: 'abc', run_link: 'http://runs/abc', description: 'x', tags: [{ key: 'team', value: 'risk' }] }),
  post('model-versions/create', { name: 'missing', source: 's3://b/2' }),
  post('model-versions/create', { name: 'bank' }),
  get('registered-models/get', { name: 'bank' }),
  get('model-versions/get', { name: 'bank', version: '2' }),
  get('model-versions/get', { name: 'bank', version: '9' }),
  get('model-versions/get', { name: 'missing', version: '1' }),
  get('model-versions/get', { name: 'bank', version: 'x' }),
  get('model-versions/get', { name: 'bank' }),
  get('model-versions/get-download-uri', { name: 'bank', version: '1' }),
  get('model-versions/get-download-uri', { name: 'bank', version: '9' }),
  get('registered-models/alias', { name: 'bank', alias: 'champion' }),
  get('registered-models/alias', { name: 'missing', alias: 'champion' }),
  get('registered-models/alias', { name: 'bank' }),
  get('registered-models/alias', { name: 'bank', alias: 'v1' }),
  get('registered-models/alias', { name: 'bank', alias: 'a.b' }),
  get('registered-models/alias', { name: 'bank', alias: 'latest' }),
  get('registered-models/alias', { name: 'b2', alias: 'latest' }),
  post('registered-models/alias', { name: 'bank', alias: 'champion', version: '1' }),
  get('registered-models/alias', { name: 'bank', alias: 'champion' }),
  get('registered-models/get', { name: 'bank' }),
  get('model-versions/get', { name: 'bank', version: '1' }),
  post('registered-models/alias', { name: 'bank', alias: 'champion', version: '2' }),
  get('registered-models/alias', { name: 'bank', alias: 'champion' }),
  post('registered-models/alias', { name: 'bank', alias: 'champion', version: '9' }),
  post('registered-models/alias', { name: 'missing', alias: 'champion', version: '1' }),
  post('registered-models/alias', { name: 'bank', alias: 'latest', version: '1' }),
  post('registered-models/alias', { name: 'bank', alias: 'Latest', version: '1' }),
  post('registered-models/alias', { name: 'bank', alias: 'v3', version: '1' }),
  post('registered-models/alias', { name: 'bank', alias: 'a b', version: '1' }),
  post('registered-models/alias', { name: 'bank', alias: 'champion', version: 1 }),
  post('registered-models/alias', { name: 'bank', alias: 'champion' }),
  post('registered-models/alias', { name: 'bank', alias: 'challenger', version: '1' }),
  post('registered-models/alias', { name: 'bank', alias: 'archive', version: '1' }),
  get('registered-models/get', { name: 'bank' }),
  get('model-versions/get', { name: 'bank', version: '1' }),
  ...SEARCHES,
  ...VERSION_SEARCHES,
  remove('registered-models/alias', { name: 'bank', alias: 'challenger' }),
  remove('registered-models/alias', { name: 'bank', alias: 'challenger' }),
  remove('registered-models/alias', { name: 'missing', alias: 'challenger' }),
  get('registered-models/alias', { name: 'bank', alias: 'challenger' }),
  post('registered-models/set-tag', { name: 'bank', key: 'team', value: 'fraud' }),
  post('registered-models/set-tag', { name: 'missing', key: 'team', value: 'fraud' }),
  post('registered-models/set-tag', { name: 'bank' }),
  get('registered-models/get', { name: 'bank' }),
  remove('registered-models/delete-tag', { name: 'bank', key: 'team' }),
  remove('registered-models/delete-tag', { name: 'bank', key: 'team' }),
  post('model-versions/set-tag', { name: 'bank', version: '1', key: 'checked', value: 'yes' }),
  get('model-versions/get', { name: 'bank', version: '1' }),
  remove('model-versions/delete-tag', { name: 'bank', version: '1', key: 'checked' }),
  patch('registered-models/update', { name: 'bank', description: 'new words' }),
  patch('model-versions/update', { name: 'bank', version: '1', description: 'new words' }),
  get('registered-models/get', { name: 'bank' }),
  remove('model-versions/delete', { name: 'bank', version: '2' }),
  remove('model-versions/delete', { name: 'bank', version: '2' }),
  get('registered-models/alias', { name: 'bank', alias: 'champion' }),
  get('registered-models/get', { name: 'bank' }),
  post('model-versions/create', { name: 'bank', source: 's3://b/3' }),
  remove('registered-models/delete', { name: 'bank' }),
  remove('registered-models/delete', { name: 'bank' }),
  get('registered-models/get', { name: 'bank' }),
  post('registered-models/create', { name: 'bank' }),
  post('model-versions/create', { name: 'bank', source: 's3://b/again' }),
  { method: 'POST', path: `${API}/registered-models/create`, body: '{not json' },
  { method: 'GET', path: `${API}/registered-models/search`, headers: { 'x-mlflow-workspace': 'team-a' } }
]

/** Tells the story to a server; the answers come back with times replaced by their order. */
export async function tell (url: string): Promise<Told[]> {
  const told: Told[] = []
  let token = ''
  for (const step of STORY) {
    const answer = await ask(url, step, token)
    token = (answer.body as { next_page_token?: string } | undefined)?.next_page_token ?? token
    told.push(answer)
  }
  return withoutTimes(told)
}

async function ask (url: string, { method, path, body, headers }: Step, token: string): Promise<Told> {
  const response = await fetch(url + path.replace('%24token', encodeURIComponent(token)), {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) })
  })
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  const text = await response.text()
  const shown = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    step: `${method} ${path}${shown === undefined ? '' : ` ${shown}`}`,
    status: response.status,
    type,
    body: type === 'application/json' ? JSON.parse(text) : text
  }
}

// Times become t1, t2 … in ascending order over the whole story, so that "touched by this call" still shows.
function withoutTimes (told: readonly Told[]): Told[] {
  const times = new Set<number>()
  JSON.stringify(told, (_key, value: unknown) => {
    if (typeof value === 'number' && value > 1e12) times.add(value)
    return value
  })
  const order = [...times].sort((a, b) => a - b)
  return JSON.parse(JSON.stringify(told, (key, value: unknown) => {
    if (key === 'next_page_token') return 'a token'
    // Python prints sets in no order, and bytes in its own way.
    if (key === 'message') return String(value).replace(/(Valid keys are|decoded value=).*/, '$1')
    return typeof value === 'number' && value > 1e12 ? `t${order.indexOf(value) + 1}` : value
  })) as Told[]
}
