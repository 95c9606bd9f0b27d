// The settings of the program, from the environment: which claim, and where the API server is. Nothing else of it reads the environment.
import { Type, type Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { readEnvironment, type Variables } from '../../hooks/core/environment.ts'
import { quantityBytes } from '../../hooks/core/quantity.ts'
import { ProgramSettings } from '../program/settings.ts'
import type { Surroundings } from './connection.ts'
import { ClaimError } from './failure.ts'

const seconds = (value: number) => Type.Number({ default: value, minimum: 0.001, maximum: 3600, description: 'a number of seconds up to 3600' })

const Variables = Type.Object({
  CLAIM: Type.String({ description: 'the JSON of the PersistentVolumeClaim that is to be there' }),
  KUBERNETES_SERVICE_HOST: Type.String({ default: '', description: 'the address of the API server' }),
  KUBERNETES_SERVICE_PORT: Type.String({ default: '443', pattern: '^\\d{1,5}$', description: 'the port of the API server' }),
  SERVICE_ACCOUNT_FOLDER: Type.String({ default: '/var/run/secrets/kubernetes.io/serviceaccount', description: 'the folder with the token, ca.crt and namespace of a ServiceAccount' }),
  /** Outside of a pod. */
  KUBECONFIG: Type.String({ default: '', description: 'a kubeconfig file with an address and a token' }),
  /** The wait after the first failure; it doubles each time, up to thirtyfold. */
  CLAIM_RETRY_SECONDS: seconds(1),
  /** With the waits above about a minute and a half: rights that are made beside the Job are there by then. */
  CLAIM_RETRIES: Type.Integer({ default: 7, minimum: 0, maximum: 100, description: 'a number up to 100' }),
  CLAIM_TIMEOUT_SECONDS: seconds(30),
  ...ProgramSettings
})

/** What this program reads and writes of a claim; all else is kept as it is given. */
export const Claim = Type.Object({
  apiVersion: Type.Literal('v1'),
  kind: Type.Literal('PersistentVolumeClaim'),
  metadata: Type.Object({ name: Type.String({ minLength: 1 }), namespace: Type.Optional(Type.String({ minLength: 1 })), labels: Type.Optional(Type.Record(Type.String(), Type.String())) }),
  spec: Type.Object({ resources: Type.Object({ requests: Type.Object({ storage: Type.Union([Type.String(), Type.Number()]) }) }) })
})
export type Claim = Static<typeof Claim>

export type Settings = Omit<Static<typeof Variables>, 'CLAIM'> & { CLAIM: Claim }

/** Reads the settings. Throws ClaimError with one sentence a mistake. */
export function readSettings (variables: Variables = process.env): Settings {
  const { values, problems } = readEnvironment(Variables, variables)
  if (problems.length > 0) throw new ClaimError('SettingsInvalid', problems.join('; '))
  return { ...values, CLAIM: parseClaim(values.CLAIM) }
}

/** Where the API server is said to be. */
export function surroundingsOf ({ KUBECONFIG: kubeconfig, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, SERVICE_ACCOUNT_FOLDER: folder }: Settings): Surroundings {
  return { kubeconfig, host, port, folder }
}

function parseClaim (text: string): Claim {
  const claim = parseJson(text)
  const wrong = Value.Errors(Claim, claim).First()
  if (wrong) throw new ClaimError('SettingsInvalid', `CLAIM is no PersistentVolumeClaim: ${wrong.path || '/'}: ${wrong.message}; correct it`)
  const { spec: { resources: { requests: { storage } } } } = claim as Claim
  if (quantityBytes(storage) === undefined) throw new ClaimError('SettingsInvalid', `CLAIM asks for ${JSON.stringify(storage)} of storage, which is no quantity; write it like 10Gi`)
  return claim as Claim
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ClaimError('SettingsInvalid', 'CLAIM is not JSON; give it the whole object', { cause: error })
  }
}
