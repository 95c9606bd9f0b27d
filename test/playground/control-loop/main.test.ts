// The control loop as a program: it runs the controllers of the cluster that KUBECONFIG names.
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { freePort, startProgram } from '../../../playground/system/processes.ts'
import { configMap, startCluster } from './cluster.ts'

const FILE = 'playground/control-loop/main.ts'

t.test('it runs what is in the cluster, is ready then, and ends in order', async (t) => {
  const cluster = await startCluster(t, { sync: () => ({ status: { phase: 'Ready' }, children: [configMap('c')] }), inCluster: true })
  const folder = t.testdir({
    kubeconfig: JSON.stringify({
      'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server: cluster.server.url } }],
      contexts: [{ name: 'test', context: { cluster: 'test' } }]
    })
  })
  const probePort = await freePort()
  const program = await startProgram({ file: FILE, env: { KUBECONFIG: join(folder, 'kubeconfig'), PROBE_PORT: String(probePort) }, readyUrl: `http://127.0.0.1:${probePort}/readyz` })
  await until(() => cluster.get(cluster.widget)?.status !== undefined)
  t.match(cluster.get(cluster.at('configmaps', 'c')), { data: { a: '1' } })
  t.match(cluster.get(cluster.widget)?.status, { phase: 'Ready' })
  await program.stop('SIGTERM')
  await t.rejects(fetch(`http://127.0.0.1:${probePort}/readyz`), 'nothing listens any more')
})

t.test('it says which settings are wrong', async (t) => {
  const rows = [
    { name: 'an unknown strategy', env: { APPLY_STRATEGY: 'by-hand' }, says: /APPLY_STRATEGY is by-hand, and must be one of dynamic-apply, server-side-apply/ },
    { name: 'no cluster', env: {}, says: /set KUBECONFIG to a kubeconfig file/ }
  ]
  for (const { name, env, says } of rows) {
    const child = spawn(process.execPath, [FILE], { env: { PATH: process.env['PATH'] ?? '', ...env } })
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (part: string) => { text += part })
    const [code] = await once(child, 'close') as [number]
    t.match(text, says, name)
    t.not(code, 0, name)
  }
})

async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}
