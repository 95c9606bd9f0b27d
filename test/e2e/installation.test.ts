// The chart and the bundle on a real API server: what they may do there, what stays over an upgrade, and that all of it goes again.
import t from 'tap'
import { RELEASE } from '../../hooks/settings.ts'
import { commandOf } from './commands.ts'
import { METACONTROLLER } from './cast.ts'
import { openStage } from './stage.ts'

const NAMESPACE = 'sluice-system'
const CHART = 'charts/sluice'
const BUNDLE = 'manifests/install.yaml'
const WAIT = ['--wait', '--timeout=90s']

const POLLER = `system:serviceaccount:${NAMESPACE}:sluice`
const METALOOP = `system:serviceaccount:${METACONTROLLER.namespace}:${METACONTROLLER.serviceAccount}`

const RIGHTS: Array<[string, string, 'yes' | 'no']> = [
  [POLLER, 'list mlflowmodels.sluice.dev -A', 'yes'],
  [POLLER, 'watch mlflowmodels.sluice.dev -A', 'yes'],
  [POLLER, 'patch mlflowmodels.sluice.dev -n models', 'yes'],
  [POLLER, 'create events.events.k8s.io -n models', 'yes'],
  [POLLER, `create leases.coordination.k8s.io -n ${NAMESPACE}`, 'yes'],
  [POLLER, `update leases.coordination.k8s.io/sluice-poller -n ${NAMESPACE}`, 'yes'],
  [POLLER, `update leases.coordination.k8s.io/other -n ${NAMESPACE}`, 'no'],
  [POLLER, 'create leases.coordination.k8s.io -n models', 'no'],
  [POLLER, 'delete mlflowmodels.sluice.dev -n models', 'no'],
  [POLLER, 'update mlflowmodels.sluice.dev --subresource=status -n models', 'no'],
  [POLLER, `get secrets -n ${NAMESPACE}`, 'no'],
  [POLLER, 'list seldondeployments.machinelearning.seldon.io -A', 'no'],
  [POLLER, 'create serviceaccounts --subresource=token -n models', 'no'],
  [POLLER, 'patch mlflows.sluice.dev', 'yes'],
  [POLLER, 'get configmaps -n models', 'no'],
  [METALOOP, 'create clusterroles.rbac.authorization.k8s.io', 'yes'],
  [METALOOP, 'bind clusterroles.rbac.authorization.k8s.io/sluice-mlflow-edit', 'no'],
  [METALOOP, 'escalate clusterroles.rbac.authorization.k8s.io', 'no'],
  [METALOOP, 'list consolelinks.console.openshift.io', 'no'],
  [METALOOP, 'update mlflowmodels.sluice.dev --subresource=status -n models', 'yes'],
  [METALOOP, 'delete seldondeployments.machinelearning.seldon.io -n models', 'yes'],
  [METALOOP, 'watch compositecontrollers.metacontroller.k8s.io', 'yes'],
  [METALOOP, 'list secrets -n models', 'yes'],
  [METALOOP, 'create secrets -n models', 'no'],
  [METALOOP, 'delete mlflowmodels.sluice.dev -n models', 'no'],
  [METALOOP, 'create pods -n models', 'no']
]

const stage = await openStage(t)
if (stage !== undefined) {
  const { programs, folder, plane: { kubectl, kubeconfig } } = stage
  const helm = commandOf(programs.helm, { KUBECONFIG: kubeconfig, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder })
  const install = (command: 'install' | 'upgrade', ...values: string[]) => helm([command, 'sluice', CHART, '--namespace', NAMESPACE, ...WAIT, ...values.flatMap((value) => ['--set', value])])
  const exists = (...what: string[]) => kubectl(['get', ...what, '--ignore-not-found', '-o', 'name'])
  // What Pod Security refuses would never become ready.
  await kubectl(['create', 'namespace', NAMESPACE])
  await kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted'])
  await kubectl(['create', 'namespace', 'models'])

  await t.test('all pods become ready where only restricted ones are let in', async (t) => {
    await install('install', 'hooks.token.generate=true')
    t.equal(await kubectl(['get', 'deployment', 'sluice', '-n', NAMESPACE, '-o', 'jsonpath={.status.readyReplicas}']), '2')
  })

  await t.test('who may do what', async (t) => {
    for (const [account, question, answer] of RIGHTS) t.equal(await mayI(account, question), answer, `${account}: ${question}`)
  })

  await t.test('a token that was made is kept by an upgrade', async (t) => {
    const read = () => kubectl(['get', 'secret', 'sluice-hooks-token', '-n', NAMESPACE, '-o', 'jsonpath={.data.token}'])
    const before = await read()
    await install('upgrade', 'hooks.token.generate=true', 'replicas=3')
    t.strictSame([Buffer.from(before, 'base64').length, await read()], [48, before])
  })

  await t.test('a change of the configuration restarts the pods, and nothing else does', async (t) => {
    const template = () => kubectl(['get', 'deployment', 'sluice', '-n', NAMESPACE, '-o', 'jsonpath={.spec.template}'])
    const before = await template()
    await install('upgrade', 'hooks.token.generate=true', 'rbac.aggregate=false')
    t.equal(await template(), before)
    await install('upgrade', 'hooks.token.generate=true', 'poller.config.registries.default.url=http://mlflow.mlflow.svc:5000')
    t.not(await template(), before)
  })

  await t.test('an upgrade whose pods never start leaves the old ones, and is taken back: Metacontroller asks for their release again', async (t) => {
    const url = () => kubectl(['get', 'compositecontroller', 'sluice-mlflowmodels', '-o', 'jsonpath={.spec.hooks.sync.webhook.url}'])
    const before = await url()
    const hopeless = ['hooks.token.generate=true', 'image.tag=broken', 'nodeSelector.nowhere=yes'].flatMap((value) => ['--set', value])
    const failing = helm(['upgrade', 'sluice', CHART, '--namespace', NAMESPACE, '--rollback-on-failure', '--wait', '--timeout=10s', ...hopeless])
    await t.rejects(failing, /has been rolled back due to rollback-on-failure/)
    t.strictSame([await url(), await kubectl(['get', 'deployment', 'sluice', '-n', NAMESPACE, '-o', 'jsonpath={.spec.template.spec.containers[0].image} {.status.readyReplicas}'])], [before, `sluice:${RELEASE} 2`])
  })

  await t.test('a poller for one namespace has rights in no other', async (t) => {
    await install('upgrade', 'watchNamespace=models')
    t.equal(await mayI(POLLER, 'list mlflowmodels.sluice.dev -n models'), 'yes')
    t.equal(await mayI(POLLER, 'list mlflowmodels.sluice.dev -n default'), 'no')
    t.equal(await mayI(METALOOP, 'list secrets -n default'), 'no', 'without a token Metacontroller needs no Secret')
  })

  await t.test('objects and CRD stay when the release goes, and another installation takes them over', async (t) => {
    await kubectl(['apply', '-n', 'models', '-f', 'manifests/samples/mlflow-model.yaml'])
    await helm(['uninstall', 'sluice', '--namespace', NAMESPACE, ...WAIT])
    t.match(await exists('mlflowmodels', '-n', 'models'), 'mlflowmodel.sluice.dev/')
    await install('install')
    t.match(await exists('mlflowmodels', '-n', 'models'), 'mlflowmodel.sluice.dev/')
  })

  await t.test('all of it goes: objects, release, CRD', async (t) => {
    await kubectl(['delete', 'mlflowmodels', '--all', '--all-namespaces', '--timeout=60s'])
    await helm(['uninstall', 'sluice', '--namespace', NAMESPACE, ...WAIT])
    await kubectl(['delete', 'crd', 'mlflowmodels.sluice.dev', '--timeout=60s'])
    await kubectl(['delete', 'namespace', NAMESPACE, '--timeout=60s'])
    t.equal(await exists('clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings', '-l', 'app.kubernetes.io/name=sluice'), '')
  })

  await t.test('the bundle installs the same by kubectl alone, and goes with all objects', async (t) => {
    await kubectl(['apply', '--server-side', '-f', BUNDLE])
    await kubectl(['rollout', 'status', 'deployment/sluice', '-n', NAMESPACE, '--timeout=90s'])
    await kubectl(['wait', '--for=condition=Established', 'crd/mlflowmodels.sluice.dev', '--timeout=60s'])
    await kubectl(['apply', '-n', 'models', '-f', 'manifests/samples/mlflow-model.yaml'])
    await t.resolves(kubectl(['apply', '--server-side', '--dry-run=server', '-k', 'manifests/base']), 'the kustomize base is the same objects')
    await kubectl(['delete', '-f', BUNDLE, '--timeout=90s'])
    t.equal(await exists('clusterroles,clusterrolebindings,compositecontrollers,validatingadmissionpolicies,validatingadmissionpolicybindings', '-l', 'app.kubernetes.io/name=sluice'), '')
    t.equal(await exists('namespace', NAMESPACE), '')
  })

  /** `kubectl auth can-i` as somebody; it says no by its exit code. */
  async function mayI (account: string, question: string): Promise<string> {
    return (await kubectl(['auth', 'can-i', ...question.split(' '), '--as', account, '--quiet']).then(() => 'yes', () => 'no'))
  }
}
