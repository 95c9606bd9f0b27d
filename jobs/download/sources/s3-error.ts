// Errors of AWS' SDK as reasons with a remedy.
import { codeOf } from '../../program/failure.ts'
import { parseRetryAfter } from '../../program/retry-after.ts'
import { DownloadError, type Reason } from '../failure.ts'

type SdkError = { name?: string, message?: string, $metadata?: { httpStatusCode?: number }, $response?: { headers?: Record<string, string> } }

/** Whether the answer had this status. */
export function isStatus (error: unknown, status: number): boolean {
  return (error as SdkError).$metadata?.httpStatusCode === status
}

const DENIED = ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken', 'AccessDenied', 'CredentialsProviderError', 'TokenRefreshRequired']
const CUT = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/

type Facts = { name: string, code: string, status: number }

type Rule = { reason: Reason, when: (facts: Facts) => boolean, remedy: string, permanent?: boolean }

/** The first that fits. */
const RULES: Rule[] = [
  { reason: 'NotFound', when: ({ name, status }) => name === 'NoSuchBucket' || status === 404, remedy: 'check bucket and key, and AWS_ENDPOINT_URL' },
  { reason: 'AccessDenied', when: ({ name, status }) => DENIED.includes(name) || status === 401 || status === 403, remedy: "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the credentials Secret, or the rights of the pod's ServiceAccount" },
  { reason: 'Unreachable', when: ({ code }) => CERTIFICATE.test(code), remedy: 'put the certificates of its authority into CA_CERTIFICATES of the credentials Secret', permanent: true },
  { reason: 'Refused', when: ({ status }) => status >= 300 && status < 500 && status !== 408 && status !== 429, remedy: 'check bucket, key, AWS_REGION and AWS_ENDPOINT_URL' },
  { reason: 'Unreachable', when: ({ status }) => status >= 300, remedy: 'it is tried again, look at that service if it goes on' },
  // A status below 300 with an error: the body broke off.
  { reason: 'Cut', when: ({ name, code, status }) => status > 0 || CUT.includes(code) || name === 'TimeoutError', remedy: 'look at that service and the network between' },
  { reason: 'Unreachable', when: () => true, remedy: 'check AWS_ENDPOINT_URL, and network policies between' }
]

/** An error of the SDK, of S3 or of the line to it. `what` is the URI. */
export function asS3Error (error: unknown, what: string): unknown {
  if (error instanceof DownloadError || !(error instanceof Error)) return error
  const { name, $metadata, $response } = error as Error & SdkError
  const facts = { name, code: codeOf(error), status: $metadata?.httpStatusCode ?? 0 }
  const rule = RULES.find(({ when }) => when(facts))
  if (!rule) return error
  const { reason, remedy, permanent } = rule
  const retryAfter = parseRetryAfter($response?.headers?.['retry-after'])
  return new DownloadError(reason, `${what}: ${saying(error, facts)}; ${remedy}`, { cause: error, retryAfter, ...(permanent && { permanent }) })
}

/** The SDK says UnknownError where an answer has no words, as those to HEAD. */
function saying ({ message }: Error, { name, code, status }: Facts): string {
  const words = ['', name, 'UnknownError'].includes(message) ? '' : `, ${message}`
  return `${name === 'Error' && code !== '' ? code : name}${status === 0 ? '' : ` (${status})`}${words}`
}
