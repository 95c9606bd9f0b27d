// Who plays Metacontroller, and how it is started: the real program where METACONTROLLER_BIN names one, else the playground's control loop.
import { fileURLToPath } from 'node:url'
import { SELDON, SELDON_SENTENCE } from './seldon-operator.ts'
import type { ServerPlan } from '../helpers/servers/server-process.ts'

const STRATEGIES = ['dynamic-apply', 'server-side-apply'] as const
type Strategy = typeof STRATEGIES[number]

const binary = process.env['METACONTROLLER_BIN'] ?? ''

/** How children are written. */
export const APPLY_STRATEGY = readStrategy(process.env['E2E_APPLY_STRATEGY'] ?? 'dynamic-apply')

/** For people and for names of files. */
export const CAST = `${binary === '' ? 'playground' : 'metacontroller'}-${APPLY_STRATEGY}-${SELDON}`

/** Said once by each test, so that nobody takes a stand-in for the real thing. */
export const LOOP_SENTENCE = `control loop: ${binary === '' ? "the playground's (METACONTROLLER_BIN names no other)" : binary}, ${APPLY_STRATEGY}`

/** The same for what Seldon serves. */
export const CAST_SENTENCE = `${LOOP_SENTENCE}; Seldon: ${SELDON_SENTENCE}; MLflow, Prometheus, Kubernetes, helm: real; kubelets: KWOK`

/** Namespace and ServiceAccount that the control loop runs as. */
export const METACONTROLLER = { namespace: 'metacontroller', serviceAccount: 'metacontroller' }

/** Its rights are those that Sluice's chart gives it, and no others. */
export const METACONTROLLER_OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: METACONTROLLER.namespace } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: METACONTROLLER.serviceAccount, namespace: METACONTROLLER.namespace } }
]

/** Throws at any other word: a typo would test the default once more. */
function readStrategy (word: string): Strategy {
  const known = STRATEGIES.find((strategy) => strategy === word)
  if (known === undefined) throw new Error(`E2E_APPLY_STRATEGY is ${word}, and must be one of ${STRATEGIES.join(', ')}`)
  return known
}

/** The control loop as a process, ready when it has found its controllers. */
export function controlLoopPlan (kubeconfig: string, port: number): Pick<ServerPlan, 'command' | 'args' | 'env' | 'readyPath'> {
  if (binary === '') {
    return {
      command: process.execPath,
      args: [fileURLToPath(new URL('../../playground/control-loop/main.ts', import.meta.url))],
      env: { KUBECONFIG: kubeconfig, PROBE_PORT: String(port), APPLY_STRATEGY },
      readyPath: '/readyz'
    }
  }
  return {
    command: binary,
    args: [
      `--kubeconfig=${kubeconfig}`, '--metrics-address=0', `--health-probe-bind-address=127.0.0.1:${port}`, '--discovery-interval=500ms',
      '--client-go-qps=500', '--client-go-burst=1000', '--leader-election=false', `--apply-strategy=${APPLY_STRATEGY}`
    ],
    env: {},
    readyPath: '/readyz'
  }
}
