// The real kubectl against the API server. Skipped, with the reason, where there is no kubectl.
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { startApiServer } from '../../../playground/api-server/server.ts'
import { widgetsCrd } from './widgets.ts'

function hasKubectl (): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const manifest = (spec: string): string => `apiVersion: test.sluice.dev/v1\nkind: Widget\nmetadata: {name: a}\nspec: ${spec}\n`

t.test('kubectl', { skip: hasKubectl() ? false : 'kubectl is not installed' }, async (t) => {
  const server = await startApiServer({ crds: [widgetsCrd] })
  const home = mkdtempSync(path.join(tmpdir(), 'kubectl-'))
  t.teardown(async () => {
    await server.close()
    rmSync(home, { recursive: true, force: true })
  })
  const kubectl = (args: string, stdin = ''): Promise<{ code: number, out: string, err: string }> => new Promise((resolve) => {
    const child = execFile('kubectl', ['--server', server.url, ...args.split(' ')], { env: { ...process.env, HOME: home, KUBECONFIG: '/dev/null', KUBE_EDITOR: "sed -i 's/size: 5/size: 6/'" } },
      (error, out, err) => { resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }) })
    child.stdin?.end(stdin)
  })

  t.equal((await kubectl('apply -f -', manifest('{colour: red, port: http}'))).out, 'widget.test.sluice.dev/a created\n')
  t.equal((await kubectl('apply -f -', manifest('{colour: red, port: http}'))).out, 'widget.test.sluice.dev/a unchanged\n')
  t.equal((await kubectl('apply -f -', manifest('{colour: red, size: 5}'))).out, 'widget.test.sluice.dev/a configured\n')
  t.match((await kubectl('get wd')).out, /^NAME\s+SIZE\s+READY\s+AGE\na\s+5\s+\d+s\n$/, 'get prints the columns of the CRD')
  t.match((await kubectl('apply -f -', manifest('{colour: red, size: 5, foo: 1}'))).err, /unknown field "spec.foo"/, 'apply validates')
  t.match((await kubectl('patch wd a --type merge -p {"spec":{"colour":"blue"}}')).err, /colour cannot be changed/)
  t.equal((await kubectl('annotate wd a sluice.dev/promote=v1')).out, 'widget.test.sluice.dev/a annotated\n')
  t.equal((await kubectl('edit wd a')).out, 'widget.test.sluice.dev/a edited\n')
  t.match((await kubectl('describe wd a')).out, /Annotations:\s+sluice.dev\/promote: v1\n[^]*Size:\s+6\n/)
  t.match((await kubectl('explain widget.spec.colour')).out, /What it looks like/)
  t.match((await kubectl('apply --server-side -f -', manifest('{colour: red, size: 7}'))).err, /conflict with "kubectl-edit" using test.sluice.dev\/v1: .spec.size/)
  t.equal((await kubectl('apply -f -', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n')).out, 'configmap/c created\n')
  t.equal((await kubectl('apply -f -', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: c}\n')).out, 'configmap/c configured\n', 'built-in kinds too')
  t.match((await kubectl('get wd,cm -o name')).out, /widget.test.sluice.dev\/a\nconfigmap\/c\n/)
  t.equal((await kubectl('delete wd a --wait=true')).out, 'widget.test.sluice.dev "a" deleted\n')
})
