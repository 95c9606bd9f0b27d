// What is told of pods: the words that are taken from one, its trouble, and the fact of a whole family.
import t from 'tap'
import { factText, parseFacts, type PodsFact } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { findPodsFact, inWordsBefore } from '../../../poller/pods/fact.ts'
import { createSlimPod, type KnownPod } from '../../../poller/pods/pod.ts'
import type { PodStatus } from '../../../poller/pods/pod-status.ts'
import { findTrouble, type Told } from '../../../poller/pods/trouble.ts'
import { findResult, lastWords, ownWords, wordsOf } from '../../../poller/pods/words.ts'
import { deepFreeze } from '../../helpers/deep-freeze.ts'
import { at, container, CRASH_LOOP, ended, pod, RESULT, running, serverPod, T0, TRACEBACK, waiting } from './statuses.ts'
import './families.ts'

t.test('a message is one line without credentials, at most 300 characters, and keeps its beginning and its end', async (t) => {
  t.strictSame(wordsOf('  two\n lines\r\n'), { message: 'two  lines' })
  t.strictSame(wordsOf(' \n'), {})
  t.strictSame(wordsOf(undefined), {})
  t.strictSame(wordsOf('cannot read s3://minio:hunter22@host/models'), { message: 'cannot read s3://[redacted]@host/models' })
  t.strictSame(wordsOf('colour \u001b[31mred'), { message: 'colour \ufffd[31mred' })
  const { message = '' } = wordsOf(`first ${'x'.repeat(400)} last`)
  t.equal(message.length, 299)
  t.match(message, /^first x+…x+ last$/)
  t.equal(wordsOf('\ud83d\ude00'.repeat(200)).message?.isWellFormed(), true, 'no character is cut in half')
})

t.test('of a log the last lines are told', async (t) => {
  t.equal(lastWords('one\ntwo\n\n  three \n'), 'one\ntwo\nthree')
  t.equal(lastWords(`${'old\n'.repeat(500)}${'y'.repeat(295)}\nwhy`), `${'y'.repeat(295)}\nwhy`)
  t.equal(lastWords(`old\n${'z'.repeat(500)}`), 'z'.repeat(500), 'one line that is too long is cut where messages are')
  t.notMatch(lastWords(`-----BEGIN PRIVATE KEY-----\n${'MIIabc123\n'.repeat(20)}-----END PRIVATE KEY-----\nbad key`), /MII/, 'a secret of many lines is not told in part')
  t.equal(lastWords(undefined), undefined)
})

t.test('programs of ours say it in JSON', async (t) => {
  t.strictSame(ownWords('{"reason":"NoSpace","message":"Full; set storage.size."}\n'), { reason: 'NoSpace', message: 'Full; set storage.size.' })
  t.strictSame(ownWords('{"reason":"NoSpace"}'), { reason: 'NoSpace' })
  for (const text of [undefined, '', 'x', '{', '[]', '{"reason":7}', '{"reason":"a b"}', '{"reason":"Completed"}', '["reason"]']) t.equal(ownWords(text), undefined, String(text))
})

t.test('a result is told if it is one', async (t) => {
  const find = (...messages: Array<string | undefined>) => findResult(messages.map((message) => ({ exitCode: 1, ...(message !== undefined && { message }) })), { restarts: true })
  t.equal(find(undefined, 'log', JSON.stringify(RESULT, undefined, 2)), JSON.stringify(RESULT))
  t.equal(find(JSON.stringify({ ...RESULT, uri: 'https://u:secret99@host/m.zip' })), JSON.stringify({ ...RESULT, uri: 'https://[redacted]@host/m.zip' }))
  t.equal(find(JSON.stringify({ ...RESULT, uri: '"'.repeat(1000) })), undefined, 'longer than a fact takes')
})

const STORES = { version: '3.17.2', stores: [{ store: 'backend', before: null, after: 'a1b2', head: 'a1b2' }] }
const others: Array<{ name: string, message: unknown, exitCode?: number, restarts?: boolean, want?: unknown }> = [
  { name: 'an object that a program left when it was done', message: STORES, want: STORES },
  { name: 'the result beside the reason of a failure', message: { reason: 'MigrationIncomplete', message: 'm', result: STORES }, exitCode: 13, want: STORES },
  { name: 'a failure without a result', message: { reason: 'NoSpace', message: 'm' }, exitCode: 1 },
  { name: 'a result that is no object', message: { reason: 'NoSpace', result: 'all' }, exitCode: 1 },
  { name: 'an object that was printed by what failed', message: STORES, exitCode: 1 },
  { name: 'the same with a reason that is none', message: { reason: 'it failed', result: STORES }, exitCode: 1 },
  { name: 'what is started again and again', message: STORES, restarts: true },
  { name: 'an empty object', message: {} },
  { name: 'a list', message: [STORES] },
  { name: 'what is too long', message: { text: 'x'.repeat(1500) } },
  { name: 'without credentials, in one line', message: { uri: 'postgresql://u:secret99@db/m\u2028x' }, want: { uri: 'postgresql://[redacted]@db/m x' } }
]
for (const { name, message, exitCode = 0, restarts = false, want } of others) {
  t.test(`result: ${name}`, async (t) => {
    const text = findResult([undefined, { exitCode: 0 }, { exitCode, message: JSON.stringify(message, undefined, 1) }], { restarts })
    t.strictSame(text, want === undefined ? undefined : JSON.stringify(want))
  })
}

t.test('the result of a download goes before any other', async (t) => {
  t.equal(findResult([{ exitCode: 0, message: JSON.stringify(STORES) }, { exitCode: 0, message: JSON.stringify(RESULT) }], { restarts: false }), JSON.stringify(RESULT))
  t.equal(findResult([], { restarts: false }), undefined)
})

type TroubleRow = { name: string, status: object, restarts?: boolean, want: Told | undefined }

const NOT_FOUND = '{"reason":"NotFound","message":"There is no object s3://models/churn/7; correct source.uri."}'
const notFound = { reason: 'NotFound', message: 'There is no object s3://models/churn/7; correct source.uri.', exitCode: 42 }
const scheduled = (status: string, reason?: string, message?: string) => ({ type: 'PodScheduled', status, lastTransitionTime: at(10), ...(reason && { reason, message }) })
const prepared = (status: string) => ({ type: 'PodReadyToStartContainers', status, lastTransitionTime: at(10) })
const tail = 'Traceback (most recent call last): File "/app/server.py", line 12, in <module> load() ValueError: cannot read model.pt'
const result = JSON.stringify(RESULT)
const NO_MEMORY = '0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.'
const PULL = 'rpc error: code = NotFound desc = failed to pull and unpack image "example.com/server:1": failed to resolve reference "example.com/server:1": not found'

const troubles: TroubleRow[] = [
  { name: 'a pod that nobody has looked at yet tells nothing', status: {}, want: undefined },
  { name: 'a pod that runs tells nothing', status: { phase: 'Running', containerStatuses: [container(running(0), { ready: true })] }, want: undefined },
  { name: 'a pod that starts tells nothing', status: { phase: 'Pending', conditions: [scheduled('True')], initContainerStatuses: [container(running(0))], containerStatuses: [container(waiting('PodInitializing'))] }, want: undefined },
  { name: 'a pod whose containers are made tells nothing', status: { phase: 'Pending', containerStatuses: [container(waiting('ContainerCreating'))] }, want: undefined },

  { name: 'a download is done and has left its result', status: { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', result))] }, want: { reason: 'Completed', exitCode: 0, result } },
  { name: 'a validation passed: the result is that of the download before it', status: { phase: 'Succeeded', initContainerStatuses: [container(ended(0, 'Completed', result), { ready: true })], containerStatuses: [container(ended(0, 'Completed'))] }, want: { reason: 'Completed', exitCode: 0, result } },
  { name: 'a script that claims a result of its own is not heard while the download has one', status: { phase: 'Succeeded', initContainerStatuses: [container(ended(0, 'Completed', result))], containerStatuses: [container(ended(0, 'Completed', JSON.stringify({ ...RESULT, bytes: 1 })))] }, want: { reason: 'Completed', exitCode: 0, result } },
  { name: 'a result with more in it is cut to what a result is', status: { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', JSON.stringify({ ...RESULT, note: 'x'.repeat(2000) })))] }, want: { reason: 'Completed', exitCode: 0, result } },
  { name: 'what is no result is none, and nothing to tell', status: { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', '["abc"]'))] }, want: undefined },
  { name: 'what is no result of a download is that of another program, and the hooks know theirs', status: { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', '{"sha256":"abc"}'))] }, want: { reason: 'Completed', exitCode: 0, result: '{"sha256":"abc"}' } },

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
  { name: 'something that it mounts is not there', status: { phase: 'Pending', conditions: [scheduled('True'), prepared('False')], initContainerStatuses: [container(waiting('PodInitializing'))], containerStatuses: [container(waiting('PodInitializing'))] }, want: { reason: 'ContainerCreating', from: T0 + 130 } },
  { name: 'the same where Kubernetes does not tell of preparations', status: { phase: 'Pending', conditions: [scheduled('True')], containerStatuses: [container(waiting('ContainerCreating'))] }, want: { reason: 'ContainerCreating', from: T0 + 130 } },
  { name: 'a large image is being pulled', status: { phase: 'Pending', conditions: [scheduled('True'), prepared('True')], containerStatuses: [container(waiting('ContainerCreating'))] }, want: undefined },
  { name: 'somebody holds it back on purpose', status: { phase: 'Pending', conditions: [scheduled('False', 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates')] }, want: undefined }
]

for (const { name, status, restarts = false, want } of troubles) {
  t.test(name, async (t) => {
    t.strictSame(findTrouble(status as PodStatus, { restarts }), want)
  })
}

const slim = createSlimPod()
const known = (...pods: object[]): KnownPod[] => pods.map((each) => slim(deepFreeze(each) as never) as KnownPod)
const factOf = (now: number, ...pods: object[]): PodsFact => findPodsFact(known(...pods), T0 + now).fact

const failed = { phase: 'Failed', containerStatuses: [container(ended(1, 'Error', 'no route to host\n'))] }
const done = { phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed', JSON.stringify(RESULT)))] }
const pulling = { phase: 'Pending', containerStatuses: [container(waiting('ImagePullBackOff', 'Back-off pulling image "a"'))] }
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [container(running(0), { ready: true })] }
const homeless = { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node', lastTransitionTime: '2026-11-21T04:00:10Z' }] }
const replica = (n: number, status: object, more: object = {}) => serverPod({ name: `churn-7d9b4c6f8-${n}`, created: n, status, ...more })
const of = (fact: PodsFact) => fact.map(({ owner, uid, reason }) => `${owner} ${uid.replace('uid-', '')} ${reason}`)

t.test('owner, identity, reason and words of a pod', async (t) => {
  t.strictSame(factOf(0, pod({ status: done })), [{ owner: 'Job/churn-download-1', uid: 'uid-churn-download-1-x7k2p', reason: 'Completed', exitCode: 0, result: JSON.stringify(RESULT) }])
  t.strictSame(factOf(0, serverPod({ status: pulling })), [{ owner: 'Deployment/churn', uid: 'uid-churn-7d9b4c6f8-xk2p9', reason: 'ImagePullBackOff', message: 'Back-off pulling image "a"' }])
  t.strictSame(of(factOf(0, pod({ owner: { kind: 'StatefulSet', name: 'a' }, name: 'a-0', status: failed }))), ['StatefulSet/a a-0 Error'])
})

t.test('who is listed', async (t) => {
  const rows: Array<{ name: string, now?: number, pods: object[], want: string[] }> = [
    { name: 'nobody who is well', pods: [replica(1, ready), pod({ status: { phase: 'Running' } }), pod()], want: [] },
    { name: 'nobody who is on the way out', pods: [replica(1, pulling, { deleted: true })], want: [] },
    { name: 'newest first, whoever was listed first', pods: [replica(1, pulling), replica(3, pulling), replica(2, pulling)], want: ['Deployment/churn churn-7d9b4c6f8-3 ImagePullBackOff', 'Deployment/churn churn-7d9b4c6f8-2 ImagePullBackOff', 'Deployment/churn churn-7d9b4c6f8-1 ImagePullBackOff'] },
    { name: 'of the same second in one order', pods: [replica(1, pulling, { name: 'b' }), replica(1, pulling, { name: 'a' })], want: ['Deployment/churn a ImagePullBackOff', 'Deployment/churn b ImagePullBackOff'] },
    { name: 'a Job that needed two pods', pods: [pod({ name: 'first', status: failed }), pod({ name: 'second', created: 9, status: done })], want: ['Job/churn-download-1 second Completed', 'Job/churn-download-1 first Error'] },
    { name: 'no owner is crowded out by the pods of another', pods: [pod({ name: 'old', status: done }), ...[1, 2, 3, 4, 5, 6].map((n) => replica(n, pulling))], want: ['Deployment/churn churn-7d9b4c6f8-6 ImagePullBackOff', 'Deployment/churn churn-7d9b4c6f8-5 ImagePullBackOff', 'Deployment/churn churn-7d9b4c6f8-4 ImagePullBackOff', 'Deployment/churn churn-7d9b4c6f8-3 ImagePullBackOff', 'Job/churn-download-1 old Completed'] },
    { name: 'nor by the Jobs of a CronJob', pods: [pod({ name: 'old', status: done }), ...[1, 2, 3, 4, 5, 6].map((n) => pod({ name: `gc${n}`, owner: { kind: 'Job', name: `gc-2938472${n}` }, created: n, status: failed }))], want: ['Job/gc-29384726 gc6 Error', 'Job/gc-29384725 gc5 Error', 'Job/gc-29384724 gc4 Error', 'Job/gc-29384723 gc3 Error', 'Job/churn-download-1 old Completed'] },
    { name: 'a server\'s pod that was evicted', pods: [replica(1, { phase: 'Failed', reason: 'Evicted' }), replica(2, { phase: 'Pending' })], want: ['Deployment/churn churn-7d9b4c6f8-1 Evicted'] },
    { name: 'no longer once its successor is ready', pods: [replica(1, { phase: 'Failed', reason: 'Evicted' }), replica(2, ready)], want: [] },
    { name: 'one without a node is given half a minute', now: 39, pods: [replica(1, homeless)], want: [] },
    { name: 'and listed then', now: 40, pods: [replica(1, homeless)], want: ['Deployment/churn churn-7d9b4c6f8-1 Unschedulable'] }
  ]
  for (const { name, now = 0, pods, want } of rows) t.strictSame(of(factOf(now, ...pods)), want, name)
})

t.test('it is known when time alone will change it', async (t) => {
  const recovering = { phase: 'Running', containerStatuses: [container(running(400), { ready: true, lastState: ended(1, 'Error'), restartCount: 5 })] }
  t.equal(findPodsFact(known(replica(1, homeless)), T0).next, T0 + 40)
  t.equal(findPodsFact(known(replica(1, homeless)), T0 + 40).next, Infinity)
  t.equal(findPodsFact(known(replica(1, recovering)), T0 + 459).next, T0 + 460)
  t.strictSame(of(factOf(459, replica(1, recovering))), ['Deployment/churn churn-7d9b4c6f8-1 CrashLoopBackOff'])
  t.strictSame(factOf(460, replica(1, recovering)), [])
})

t.test('a container that fails again and again is told once', async (t) => {
  const log = (run: number) => `2026-11-21T04:0${run}:17Z worker 0x7f3a${run}c at port 41${run}7: cannot read model.pt`
  const turns = [1, 2, 3, 4].flatMap((restartCount) => [
    container(CRASH_LOOP, { lastState: ended(1, 'Error', log(restartCount)), restartCount }),
    container(running(60 * restartCount), { lastState: ended(1, 'Error', log(restartCount)), restartCount: restartCount + 1 }),
    container(ended(1, 'Error', log(restartCount + 1)), { lastState: ended(1, 'Error', log(restartCount)), restartCount: restartCount + 1 })
  ])
  let before: PodsFact | undefined
  const texts = new Set<string>()
  for (const status of turns) {
    before = inWordsBefore(before, factOf(500, replica(1, { phase: 'Running', containerStatuses: [status] })))
    texts.add(factText(before))
  }
  t.equal(texts.size, 1, [...texts].join('\n'))
})

t.test('so is an image that cannot be pulled, with the cause', async (t) => {
  const state = (reason: string, message: string) => ({ phase: 'Pending', containerStatuses: [container(waiting(reason, message))] })
  const [tried, waits, other] = [state('ErrImagePull', 'failed to resolve reference "a": not found'), pulling, state('ErrImagePull', 'failed to resolve reference "a": unauthorized')].map((status) => factOf(0, replica(1, status)))
  t.strictSame(inWordsBefore(tried, waits ?? []), tried, 'waiting for the next try is no news')
  t.strictSame(inWordsBefore(waits, tried ?? []), tried, 'its cause is')
  t.strictSame(inWordsBefore(tried, other ?? []), other, 'and so is another cause')
})

t.test('another pod, reason, exit code or result is told in its own words', async (t) => {
  const before = factOf(0, pod({ status: failed }))
  for (const after of [factOf(0, pod({ name: 'b', status: failed })), factOf(0, pod({ status: { ...failed, reason: 'Evicted' } })), factOf(0, pod({ status: done }))]) t.strictSame(inWordsBefore(before, after), after)
  t.strictSame(inWordsBefore(undefined, before), before)
})

t.test('a fact always fits into its annotation and can be read by the hooks', async (t) => {
  const uri = `https://${'é"'.repeat(200)}`
  const chatty = (n: number) => pod({ name: `p${n}`, owner: { kind: 'Job', name: `${'j'.repeat(60)}-${n}` }, created: n, status: { phase: 'Failed', initContainerStatuses: [container(ended(0, 'Completed', JSON.stringify({ ...RESULT, uri })))], containerStatuses: [container(ended(1, 'Error', '"\\'.repeat(2000)))] } })
  const fact = factOf(0, ...[1, 2, 3, 4, 5].map(chatty))
  t.strictSame(parseFacts({ [FACTS.pods]: factText(fact) }).pods, fact)
  t.equal(fact[0]?.uid, 'uid-p5', 'what goes first is the oldest')
  t.ok(fact.length >= 2)
})

t.test('of a pod that is well next to nothing is kept, and slimming once more changes nothing', async (t) => {
  const well = slim(replica(1, ready))
  t.strictSame(well, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'churn-7d9b4c6f8-1', uid: 'uid-churn-7d9b4c6f8-1', resourceVersion: '7' }, parent: 'models/mlmodel.churn', owner: 'Deployment/churn', createdAt: T0 + 1, over: false, ready: true })
  t.strictSame(slim(well), well)
  const crashed = slim(replica(1, { containerStatuses: [container(ended(1, 'Error', TRACEBACK))] }))
  t.strictSame(slim(crashed), crashed)
})
