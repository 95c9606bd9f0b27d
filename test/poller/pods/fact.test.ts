import t from 'tap'
import { parseFacts, type PodsFact } from '../../../hooks/core/facts.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { factText } from '../../../hooks/core/facts.ts'
import { findPodsFact, inWordsBefore } from '../../../poller/pods/fact.ts'
import { createSlimPod, type KnownPod } from '../../../poller/pods/pod.ts'
import { deepFreeze } from '../../helpers/deep-freeze.ts'
import { container, CRASH_LOOP, ended, pod, RESULT, running, serverPod, T0, TRACEBACK, waiting } from './statuses.ts'

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
