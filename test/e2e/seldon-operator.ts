// The Seldon operator: the one that SELDON_OPERATOR_BIN names (the manager of Seldon Core v1, 1.17.1 is the last under Apache-2.0), else the stand-in.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { freePort } from '../../playground/system/processes.ts'
import { startSeldonOperator } from '../../playground/stand-ins/seldon/operator.ts'
import { createServerProcess } from '../helpers/servers/server-process.ts'
import type { Stage } from './stage.ts'

const binary = process.env['SELDON_OPERATOR_BIN'] ?? ''

/** For names of files, and for people: who plays Seldon. */
export const SELDON = binary === '' ? 'stand-in' : 'seldon'
export const SELDON_SENTENCE = binary === '' ? 'the stand-in, with real Deployments (SELDON_OPERATOR_BIN names no other)' : binary

const NAMESPACE = 'seldon-system'
const HOOK = '/validate-machinelearning-seldon-io-v1-seldondeployment'

/** As its own installation has it, as far as it matters to us. */
const CONFIG = {
  credentials: '{}',
  explainer: '{}',
  predictor_servers: JSON.stringify({ MLFLOW_SERVER: { protocols: { v2: { image: 'seldonio/mlserver', defaultImageVersion: '1.3.5-mlflow' } } } }),
  storageInitializer: JSON.stringify({ image: 'seldonio/rclone-storage-initializer:1.14.1', memoryRequest: '100Mi', memoryLimit: '1Gi', cpuRequest: '100m', cpuLimit: '1' })
}

/** Starts it; it ends with the test. */
export async function startSeldon (stage: Stage): Promise<void> {
  if (binary !== '') return await startManager(stage)
  const { plane: { api }, atEnd } = stage
  const operator = startSeldonOperator({ apiServer: { url: api.url, fetch: api.fetch }, parts: 'real' })
  atEnd(() => operator.close())
}

/** The manager with its validating webhook. It listens for webhooks on all addresses of the machine, and cannot be told otherwise. */
async function startManager ({ folder, plane: { kubeconfig, kubectl }, atEnd }: Stage): Promise<void> {
  const [metricsPort, webhookPort] = [await freePort(), await freePort()]
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], { algorithm: 'sha256', extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }] })
  // Where controllers of its kind look for certificates, below the folder for temporary files.
  const certificates = join(folder, 'seldon', 'k8s-webhook-server', 'serving-certs')
  await mkdir(certificates, { recursive: true })
  await writeFile(join(certificates, 'tls.crt'), cert)
  await writeFile(join(certificates, 'tls.key'), key)
  await kubectl(['create', 'namespace', NAMESPACE])
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'seldon-config', namespace: NAMESPACE }, data: CONFIG }) })
  const manager = createServerProcess({
    command: binary,
    args: [`--metrics-addr=127.0.0.1:${metricsPort}`, `--webhook-port=${webhookPort}`],
    env: {
      KUBECONFIG: kubeconfig,
      TMPDIR: join(folder, 'seldon'),
      POD_NAMESPACE: NAMESPACE,
      ISTIO_ENABLED: 'true',
      ISTIO_GATEWAY: 'istio-system/seldon-gateway',
      AMBASSADOR_ENABLED: 'false',
      USE_EXECUTOR: 'true',
      EXECUTOR_CONTAINER_IMAGE_AND_VERSION: 'seldonio/seldon-core-executor:1.17.1',
      EXECUTOR_SERVER_PORT: '8000',
      EXECUTOR_CONTAINER_USER: '8888'
    },
    folder,
    url: `http://127.0.0.1:${metricsPort}`,
    readyPath: '/metrics',
    patience: 60_000,
    logFile: join(folder, 'logs', 'seldon.log')
  })
  atEnd(() => manager.stop())
  await manager.start()
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(webhookConfiguration(webhookPort, cert)) })
}

function webhookConfiguration (port: number, authority: string): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'seldon-validating-webhook-configuration' },
    webhooks: [{
      name: 'v1.vseldondeployment.kb.io',
      admissionReviewVersions: ['v1', 'v1beta1'],
      clientConfig: { url: `https://127.0.0.1:${port}${HOOK}`, caBundle: Buffer.from(authority).toString('base64') },
      failurePolicy: 'Fail',
      sideEffects: 'None',
      rules: [{ apiGroups: ['machinelearning.seldon.io'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['seldondeployments'] }]
    }]
  }
}
