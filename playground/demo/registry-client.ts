// The few registry calls of the story, over MLflow's REST API, so that it is told to a real server just as to the stand-in.

export interface RegistryClient {
  createModel: (name: string) => Promise<void>
  createVersion: (name: string, source: string) => Promise<string>
  setAlias: (name: string, alias: string, version: string) => Promise<void>
}

/** Talks to the server at `url`. Every call throws with MLflow's own words when it is refused. */
export function createRegistryClient (url: string): RegistryClient {
  async function post (path: string, body: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${url}/api/2.0/mlflow/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
    const text = await response.text()
    if (!response.ok) throw new Error(`MLflow refused ${path}: ${response.status} ${text.slice(0, 300)}`)
    return JSON.parse(text) as Record<string, unknown>
  }
  return {
    createModel: async (name) => { await post('registered-models/create', { name }) },
    async createVersion (name, source) {
      const answer = await post('model-versions/create', { name, source })
      return (answer['model_version'] as { version: string }).version
    },
    setAlias: async (name, alias, version) => { await post('registered-models/alias', { name, alias, version }) }
  }
}
