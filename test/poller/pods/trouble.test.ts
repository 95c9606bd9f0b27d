import t from 'tap'
import { findTrouble, type Told } from '../../../poller/pods/trouble.ts'
import type { PodStatus } from '../../../poller/pods/pod-status.ts'
import { at, container, CRASH_LOOP, ended, RESULT, running, T0, TRACEBACK, waiting } from './statuses.ts'

type Row = { name: string, status: object, restarts?: boolean, want: Told | undefined }

const NOT_FOUND = '{"reason":"NotFound","message":"There is no object s3://models/churn/7; correct source.uri."}'
const notFound = { reason: 'NotFound', message: 'There is no object s3://models/churn/7; correct source.uri.', exitCode: 42 }
const scheduled = (status: string, reason?: string, message?: string) => ({ type: 'PodScheduled', status, lastTransitionTime: at(10), ...(reason && { reason, message }) })
const tail = 'Traceback (most recent call last): File "/app/server.py", line 12, in <module> load() ValueError: cannot read model.pt'
const result = JSON.stringify(RESULT)
const NO_MEMORY = '0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.'
const PULL = 'rpc error: code = NotFound desc = failed to pull and unpack image "example.com/server:1": failed to resolve reference "example.com/server:1": not found'

const rows: Row[] = [
  { name: 'a pod that nobody has looked at yet tells nothing', status: {}, want: undefined },
  { name: 'a pod that runs tells nothing', status: { phase: 'Running', containerStatuses: [container(running(0), { ready: true })] }, want: undefined },
  { name: 'a pod that starts tells nothing', status: { phase: 'Pending', conditions: [scheduled('True')], initContainerStatuses: [container(running(0))], containerStatuses: [container(waiting('PodInitializing'))] }, want: undefined },
  { name: 'a pod whose containers are made tells nothing', status: { phase: 'Pending', containerStatuses: [container(waiting('ContainerCreating'))] }, want: undefined },

  { name: 'a download is done and has left its result', status: { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', result))] }, want: { reason: 'Completed', exitCode: 0, result } },
  { name: 'a validation passed: the result is that of the download before it', status: { phase: 'Succeeded', initContainerStatuses: [container(ended(0, 'Completed', result), { ready: true })], containerStatuses: [container(ended(0, 'Completed'))] }, want: { reason: 'Completed', exitCode: 0, result } },
  { name: 'a script that claims a result of its own is not heard while the download has one', status: { phase: 'Succeeded', initContainerStatuses: [container(ended(0, 'Completed', result))], containerStatuses: [container(ended(0, 'Completed', JSON.stringify({ ...RESULT, bytes: 1 })))] }, want: { reason: 'Completed', exitCode: 0, result } },
  { name: 'a result with more in it is cut to what a result is', status: { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', JSON.stringify({ ...RESULT, note: 'x'.repeat(2000) })))] }, want: { reason: 'Completed', exitCode: 0, result } },
  { name: 'what is no result is none', status: { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', '{"sha256":"abc"}'))] }, want: { reason: 'Completed', exitCode: 0 } },

  { name: 'a program of ours says why it failed', status: { phase: 'Failed', containerStatuses: [container(ended(42, 'Error', NOT_FOUND))] }, want: notFound },
  { name: 'an init container that failed comes first', status: { phase: 'Failed', initContainerStatuses: [container(ended(42, 'Error', NOT_FOUND))], containerStatuses: [container(waiting('PodInitializing'))] }, want: notFound },
  { name: 'a script failed after a good download', status: { phase: 'Failed', initContainerStatuses: [container(ended(0, 'Completed', result))], containerStatuses: [container(ended(1, 'Error', TRACEBACK))] }, want: { reason: 'Error', exitCode: 1, message: tail, result } },
  { name: 'nobody calls a failure Completed', status: { phase: 'Failed', containerStatuses: [container(ended(1, 'Error', '{"reason":"Completed"}'))] }, want: { reason: 'Error', exitCode: 1, message: '{"reason":"Completed"}' } },
  { name: 'a reason that is no word is part of a log', status: { phase: 'Failed', containerStatuses: [container(ended(1, 'Error', '{"reason":"not a word"}'))] }, want: { reason: 'Error', exitCode: 1, message: '{"reason":"not a word"}' } },
  { name: 'more memory than allowed', status: { phase: 'Failed', containerStatuses: [container(ended(137, 'OOMKilled'))] }, want: { reason: 'OOMKilled', exitCode: 137 } },
  { name: 'a program that the image lacks', status: { phase: 'Failed', containerStatuses: [container(ended(128, 'StartError', 'failed to create containerd task: exec: "validate.py": executable file not found in $PATH: unknown'))] }, want: { reason: 'StartError', exitCode: 128, message: 'failed to create containerd task: exec: "validate.py": executable file not found in $PATH: unknown' } },

  { name: 'evicted for want of memory', status: { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 92Mi. ', containerStatuses: [container(ended(137, 'Error'))] }, want: { reason: 'Evicted', exitCode: 137, message: 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 92Mi.' } },
  { name: 'evicted because its disk is full', status: { phase: 'Failed', reason: 'Evicted', message: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ' }, want: { reason: 'Evicted', message: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.' } },
  { name: 'too late', status: { phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }, want: { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' } },
  { name: 'failed without a word', status: { phase: 'Failed' }, want: { reason: 'Failed' } },

  { name: 'an image that cannot be pulled', status: { phase: 'Pending', containerStatuses: [container(waiting('ErrImagePull', PULL))] }, want: { reason: 'ImagePullBackOff', message: PULL } },
  { name: 'the same while Kubernetes waits for its next try', status: { phase: 'Pending', containerStatuses: [container(waiting('ImagePullBackOff', 'Back-off pulling image "example.com/server:1"'))] }, want: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "example.com/server:1"' } },
  { name: 'a Secret that is not there', status: { phase: 'Pending', containerStatuses: [container(waiting('CreateContainerConfigError', 'secret "minio" not found'))] }, want: { reason: 'CreateContainerConfigError', message: 'secret "minio" not found' } },

  { name: 'a server that failed for the first time', restarts: true, status: { phase: 'Running', containerStatuses: [container(ended(1, 'Error', TRACEBACK))] }, want: { reason: 'Error', exitCode: 1, message: tail } },
  { name: 'a server that fails again and again: the words are those of its last run', restarts: true, status: { phase: 'Running', containerStatuses: [container(CRASH_LOOP, { lastState: ended(1, 'Error', TRACEBACK), restartCount: 4 })] }, want: { reason: 'CrashLoopBackOff', exitCode: 1, message: tail } },
  { name: 'the same while it runs once more', restarts: true, status: { phase: 'Running', containerStatuses: [container(running(400), { lastState: ended(1, 'Error', TRACEBACK), restartCount: 5 })] }, want: { reason: 'CrashLoopBackOff', exitCode: 1, message: tail } },
  { name: 'the same when it has just failed once more', restarts: true, status: { phase: 'Running', containerStatuses: [container(ended(1, 'Error', TRACEBACK), { lastState: ended(1, 'Error', TRACEBACK), restartCount: 5 })] }, want: { reason: 'CrashLoopBackOff', exitCode: 1, message: tail } },
  { name: 'ready for a moment, and forgotten when it has been well for a minute', restarts: true, status: { phase: 'Running', containerStatuses: [container(running(400), { ready: true, lastState: ended(1, 'Error', TRACEBACK), restartCount: 5 })] }, want: { reason: 'CrashLoopBackOff', exitCode: 1, message: tail, until: T0 + 460 } },
  { name: 'without memory again and again', restarts: true, status: { phase: 'Running', containerStatuses: [container(CRASH_LOOP, { lastState: ended(137, 'OOMKilled'), restartCount: 4 })] }, want: { reason: 'OOMKilled', exitCode: 137 } },
  { name: 'a server that ends as if it had been asked to', restarts: true, status: { phase: 'Running', containerStatuses: [container(CRASH_LOOP, { lastState: ended(0, 'Completed'), restartCount: 1 })] }, want: { reason: 'CrashLoopBackOff', exitCode: 0 } },
  { name: 'a server that ended for the first time may have been asked to', restarts: true, status: { phase: 'Running', containerStatuses: [container(ended(0, 'Completed'))] }, want: undefined },
  { name: 'a server whose download is refused, again and again', restarts: true, status: { phase: 'Pending', initContainerStatuses: [container(CRASH_LOOP, { lastState: ended(42, 'Error', '{"reason":"HashMismatch","message":"Other bytes."}'), restartCount: 3 })], containerStatuses: [container(waiting('PodInitializing'))] }, want: { reason: 'HashMismatch', message: 'Other bytes.', exitCode: 42 } },
  { name: 'an init container that came through at last', restarts: true, status: { phase: 'Running', initContainerStatuses: [container(ended(0, 'Completed'), { ready: true, lastState: ended(1, 'Error'), restartCount: 1 })], containerStatuses: [container(running(9), { ready: true })] }, want: undefined },

  { name: 'no node has room for it', status: { phase: 'Pending', conditions: [scheduled('False', 'Unschedulable', NO_MEMORY)] }, want: { reason: 'Unschedulable', message: NO_MEMORY, from: T0 + 40 } },
  { name: 'somebody holds it back on purpose', status: { phase: 'Pending', conditions: [scheduled('False', 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates')] }, want: undefined }
]

for (const { name, status, restarts = false, want } of rows) {
  t.test(name, async (t) => {
    t.strictSame(findTrouble(status as PodStatus, { restarts }), want)
  })
}
