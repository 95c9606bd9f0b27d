// What people are told of a failure: whoever knows best speaks, and the remedy is never missing.
import t from 'tap'
import { troubleSentence } from '../../hooks/core/pod-trouble.ts'
import { downloadFailure, startFailure } from '../../hooks/ml-model/failure.ts'

const trouble = (reason: string, more: object = {}) => ({ owner: 'Job/x', uid: 'u', reason, ...more })
const failed = (reason: string, more: object = {}) => ({ state: 'Failed' as const, reason, message: 'Job has failed', ...more })

t.test('a download', async (t) => {
  const rows = [
    { name: 'our program says why and what to do', given: failed('PodFailurePolicy', { trouble: trouble('NotFound', { exitCode: 42, message: 'x answers 404; correct source.uri.' }) }), want: { reason: 'NotFound', message: 'NotFound: x answers 404; correct source.uri.' } },
    { name: 'Kubernetes knows of memory', given: failed('BackoffLimitExceeded', { trouble: trouble('OOMKilled', { exitCode: 137 }) }), want: { reason: 'OOMKilled', message: 'OOMKilled with exit code 137. The download needed more memory than it may have, which it never should: report it.' } },
    { name: 'the deadline comes before what the last pod said', given: failed('DeadlineExceeded', { trouble: trouble('Unreachable', { message: 'x does not answer' }) }), want: { reason: 'DeadlineExceeded', message: 'The download was not done within download.activeDeadline: raise it, or see what holds it up. Last: Unreachable: x does not answer.' } },
    { name: 'nobody has told yet', given: failed('BackoffLimitExceeded'), want: { reason: 'BackoffLimitExceeded', message: 'The download failed (Job has failed): see kubectl logs of its Job.' } },
    { name: 'a Job without a reason', given: failed('', { message: '' }), want: { reason: 'DownloadFailed', message: 'The download failed (no reason is given): see kubectl logs of its Job.' } }
  ]
  for (const { name, given, want } of rows) t.strictSame(downloadFailure(given), want, name)
})

t.test('a start', async (t) => {
  t.match(startFailure('timed out', undefined), { reason: 'ProgressDeadlineExceeded', message: /raise progressDeadline/ })
  t.strictSame(startFailure('timed out', trouble('Unschedulable', { message: '0/3 nodes are available' })), {
    reason: 'Unschedulable',
    message: 'The pods do not come up: Unschedulable: 0/3 nodes are available. No node takes the pod: see kubectl describe of it, and change resources, nodeSelector, tolerations, affinity or storage.'
  })
})

t.test('words of strangers are neither remedies nor credentials', async (t) => {
  t.equal(troubleSentence(trouble('constructor')), 'constructor.')
  t.notMatch(downloadFailure(failed('x', { trouble: trouble('Error', { message: 'GET https://user:hunter22@example.com/ failed' }) })).message, /hunter22/)
})
