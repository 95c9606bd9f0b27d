// One decision at a time: what is remembered and seen, and what is remembered next.
import t from 'tap'
import { formatInstant } from '../../hooks/core/time.ts'
import type { Memory } from '../../hooks/model-deployment/memory.ts'
import type { Seen } from '../../hooks/model-deployment/observe.ts'
import type { Active, Failure, Version } from '../../hooks/model-deployment/schema/status.ts'
import { step, type View } from '../../hooks/model-deployment/step.ts'

const NOW = 1_800_000_000
const at = (seconds: number) => formatInstant(NOW + seconds)
const FOUND = { uri: 's3://models/churn.pt', sha256: 'a'.repeat(64), bytes: 7 }
const RESULT = { ...FOUND, files: 1 }

function version (attempt: number, content: string, rest: Partial<Version> = {}): Version {
  return { id: `${attempt}${content}`, attempt, content, tries: '0', version: `v${attempt}`, runtime: 'triton', startedAt: at(-100), ...rest }
}
const started = (attempt: number, content: string) => version(attempt, content, { found: FOUND })
const active = (attempt: number, content: string, since = -3600): Active => ({ ...started(attempt, content), since: at(since) })
const failure = (attempt: number, content: string, rest: Partial<Failure> = {}): Failure => {
  const { startedAt: _, found: __, ...identity } = version(attempt, content)
  return { ...identity, stage: 'Validation', reason: 'Error', message: 'no', ...rest }
}

const NOTHING: Seen = { job: { state: 'Absent' }, ready: false, lost: true, late: false, proven: false }
const pods = (available: number) => ({ observed: true, replicas: 2, updated: 2, available, old: 0, complete: available === 2 })
const UP: Seen = { ...NOTHING, pods: pods(2), ready: true, lost: false, proven: true }
const DOWN: Seen = { ...NOTHING, pods: pods(0), lost: true, proven: true, podTrouble: { reason: 'OOMKilled', message: '' } }
const LATE: Seen = { ...NOTHING, pods: { ...pods(0), stuck: 'has timed out progressing.' }, late: true }
const EVICTED: Seen = { ...DOWN, podTrouble: { reason: 'Evicted', message: '' } }
const LOST = version(2, 'b', { found: FOUND, lostAt: at(0) })
const PASSED: Seen = { ...NOTHING, job: { state: 'Succeeded' }, result: RESULT }
const REFUSED: Seen = { ...NOTHING, job: { state: 'Failed', reason: 'BackoffLimitExceeded', message: 'limit' } }

type Given = { memory: Memory, wants?: { content: string, tries: string } | 'nothing', seen?: Record<string, Seen>, view?: Partial<View> }

function stepped ({ memory, wants = { content: 'a', tries: '0' }, seen = {}, view }: Given): Memory {
  const wanted = wants === 'nothing' ? undefined : wants
  const make = (attempt: number) => ({ id: `${attempt}${wanted?.content}`, attempt, content: wanted?.content ?? '', tries: wanted?.tries ?? '', version: `v${attempt}`, runtime: 'triton' })
  return step(memory, { now: NOW, wanted, make, retry: undefined, keepPrevious: 600, autoscale: false, replicas: undefined, needed: 2, see: (id) => seen[id] ?? NOTHING, ...view })
}

const begun = (attempt: number, content: string, tries = '0'): Version => version(attempt, content, { tries, startedAt: at(0) })
const B = { content: 'b', tries: '0' }

const rows: Array<Given & { name: string, want: Memory }> = [
  { name: 'what was scaled to 0 is not taken back', memory: { attempt: 2, active: active(2, 'a'), previous: started(1, 'b') }, seen: { '2a': DOWN, '1b': { ...NOTHING, pods: { ...pods(0), replicas: 0 }, lost: false } }, want: { attempt: 2, active: active(2, 'a'), previous: started(1, 'b') } },
  { name: 'the first attempt begins', memory: { attempt: 0 }, want: { attempt: 1, candidate: begun(1, 'a') } },
  { name: 'nothing begins where no version can be made', memory: { attempt: 0 }, wants: 'nothing', want: { attempt: 0 } },
  { name: 'a Job that runs is waited for', memory: { attempt: 1, candidate: version(1, 'a') }, want: { attempt: 1, candidate: version(1, 'a') } },
  { name: 'one that passed without a result told is waited for', memory: { attempt: 1, candidate: version(1, 'a') }, seen: { '1a': { ...NOTHING, job: { state: 'Succeeded' } } }, want: { attempt: 1, candidate: version(1, 'a') } },
  { name: 'a result makes it what is to be started', memory: { attempt: 1, candidate: version(1, 'a') }, seen: { '1a': PASSED }, want: { attempt: 1, candidate: started(1, 'a') } },
  { name: 'a Job that failed is given up, in its own words first', memory: { attempt: 1, candidate: version(1, 'a') }, seen: { '1a': REFUSED }, want: { attempt: 1, failed: failure(1, 'a', { reason: 'BackoffLimitExceeded', message: 'limit' }) } },
  { name: "and in the pod's as soon as they are told", memory: { attempt: 1, failed: failure(1, 'a') }, seen: { '1a': { ...REFUSED, jobTrouble: { reason: 'NotFound', message: 'gone' } } }, want: { attempt: 1, failed: failure(1, 'a', { reason: 'NotFound', message: 'gone' }) } },
  { name: 'what failed is not tried again', memory: { attempt: 1, failed: failure(1, 'a') }, want: { attempt: 1, failed: failure(1, 'a') } },
  { name: 'but when a try is made otherwise', memory: { attempt: 1, failed: failure(1, 'a') }, wants: { content: 'a', tries: '1' }, want: { attempt: 2, failures: [failure(1, 'a')], candidate: begun(2, 'a', '1') } },
  { name: 'or something else is wanted', memory: { attempt: 1, failed: failure(1, 'a') }, wants: B, want: { attempt: 2, failures: [failure(1, 'a')], candidate: begun(2, 'b') } },
  { name: 'what failed before, and is wanted again, is not tried again', memory: { attempt: 2, failures: [failure(1, 'a')], failed: failure(2, 'b') }, want: { attempt: 2, failures: [failure(2, 'b')], failed: failure(1, 'a') } },
  { name: 'however it failed', memory: { attempt: 2, active: active(1, 'a'), failures: [failure(2, 'b', { stage: 'Serving', reason: 'OOMKilled' })] }, wants: B, seen: { '1a': UP }, want: { attempt: 2, active: active(1, 'a'), failed: failure(2, 'b', { stage: 'Serving', reason: 'OOMKilled' }) } },
  { name: 'but if the cause lay outside the spec, or a person asks for it', memory: { attempt: 2, active: active(1, 'a'), failed: failure(2, 'b', { reason: 'ImagePullBackOff' }) }, seen: { '1a': UP }, want: { attempt: 2, active: active(1, 'a') } },
  { name: 'a retry forgets that it failed', memory: { attempt: 2, failures: [failure(1, 'b')], failed: failure(2, 'a') }, view: { retry: '2' }, want: { attempt: 3, failures: [failure(1, 'b')], candidate: begun(3, 'a') } },
  { name: 'five failures are kept, the newest', memory: { attempt: 6, failed: failure(6, 'f'), failures: [1, 2, 3, 4, 5].map((attempt) => failure(attempt, `x${attempt}`)) }, want: { attempt: 7, failures: [...[2, 3, 4, 5].map((attempt) => failure(attempt, `x${attempt}`)), failure(6, 'f')], candidate: begun(7, 'a') } },
  { name: 'or a person asks for it', memory: { attempt: 1, failed: failure(1, 'a') }, view: { retry: '1' }, want: { attempt: 2, candidate: begun(2, 'a') } },
  { name: 'a retry of another attempt does nothing', memory: { attempt: 2, failed: failure(2, 'a') }, view: { retry: '1' }, want: { attempt: 2, failed: failure(2, 'a') } },
  { name: 'no attempt has the number that a retry names already, for written again it would change nothing, nor the next, which would look like its answer', memory: { attempt: 1, failed: failure(1, 'a') }, wants: B, view: { retry: '2' }, want: { attempt: 4, failures: [failure(1, 'a')], candidate: begun(4, 'b') } },
  { name: 'the first version that is ready is switched to', memory: { attempt: 1, candidate: started(1, 'a') }, seen: { '1a': UP }, want: { attempt: 1, active: active(1, 'a', 0) } },
  { name: 'the first that is late goes on trying', memory: { attempt: 1, candidate: started(1, 'a') }, seen: { '1a': LATE }, want: { attempt: 1, candidate: started(1, 'a') } },
  { name: 'where nothing answers, one pod is enough', memory: { attempt: 1, candidate: started(1, 'a') }, seen: { '1a': { ...LATE, pods: pods(1), lost: false } }, want: { attempt: 1, active: active(1, 'a', 0) } },
  { name: 'where one answers, all that are asked for are', memory: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') }, wants: B, seen: { '1a': UP, '2b': { ...UP, pods: pods(1), ready: false } }, want: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') } },
  { name: 'and as many as the one that answers has been given since', memory: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') }, wants: B, seen: { '1a': UP, '2b': UP }, view: { needed: 3 }, want: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') } },
  { name: 'what answers at last has not failed', memory: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b'), failures: [failure(1, 'b', { tries: '9' }), failure(1, 'c')] }, wants: B, seen: { '1a': UP, '2b': UP }, want: { attempt: 2, failures: [failure(1, 'c')], active: active(2, 'b', 0), previous: started(1, 'a') } },
  { name: 'a switch keeps the one before', memory: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') }, wants: B, seen: { '1a': UP, '2b': UP }, want: { attempt: 2, active: active(2, 'b', 0), previous: started(1, 'a') } },
  { name: 'or not, where none is to be kept', memory: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') }, wants: B, seen: { '1a': UP, '2b': UP }, view: { keepPrevious: 0 }, want: { attempt: 2, active: active(2, 'b', 0) } },
  { name: 'a candidate that is late beside an active one has failed', memory: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') }, wants: B, seen: { '1a': UP, '2b': LATE }, want: { attempt: 2, active: active(1, 'a'), failed: failure(2, 'b', { stage: 'Start', reason: 'ProgressDeadlineExceeded', message: 'has timed out progressing.' }) } },
  { name: 'a candidate that is ready is switched to before another begins', memory: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') }, wants: { content: 'c', tries: '0' }, seen: { '1a': UP, '2b': UP }, want: { attempt: 3, active: active(2, 'b', 0), previous: started(1, 'a'), candidate: begun(3, 'c') } },
  { name: 'what passed is not validated again because tries are made otherwise', memory: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') }, wants: { content: 'b', tries: '1' }, seen: { '1a': UP }, want: { attempt: 2, active: active(1, 'a'), candidate: started(2, 'b') } },
  { name: 'the one before is taken back when all pods are lost', memory: { attempt: 2, active: active(2, 'b', -60), previous: started(1, 'a') }, wants: B, seen: { '1a': UP, '2b': DOWN }, want: { attempt: 2, active: active(1, 'a', 0), failed: failure(2, 'b', { stage: 'Serving', reason: 'OOMKilled', message: '' }) } },
  { name: 'pods that were evicted, deleted or have no place say nothing against it', memory: { attempt: 2, active: active(2, 'b', -60), previous: started(1, 'a') }, wants: B, seen: { '1a': UP, '2b': EVICTED }, want: { attempt: 2, active: active(1, 'a', 0), candidate: LOST } },
  { name: 'a Deployment that somebody has deleted neither', memory: { attempt: 2, active: active(2, 'b', -60), previous: started(1, 'a') }, wants: B, seen: { '1a': UP }, want: { attempt: 2, active: active(1, 'a', 0), candidate: LOST } },
  { name: 'it is switched to again when it has its pods back', memory: { attempt: 2, active: active(1, 'a', -60), candidate: LOST }, wants: B, seen: { '1a': UP, '2b': UP }, want: { attempt: 2, active: active(2, 'b', 0), previous: started(1, 'a') } },
  { name: 'unless they turn out to fail by themselves, even if they are ready for a moment', memory: { attempt: 2, active: active(1, 'a', -60), candidate: LOST }, wants: B, seen: { '1a': UP, '2b': { ...UP, podTrouble: { reason: 'CrashLoopBackOff', message: '' } } }, want: { attempt: 2, active: active(1, 'a', -60), failed: failure(2, 'b', { stage: 'Serving', reason: 'CrashLoopBackOff', message: '' }) } },
  { name: 'but not when it has none either', memory: { attempt: 2, active: active(2, 'b', -60), previous: started(1, 'a') }, wants: B, seen: { '1a': DOWN, '2b': DOWN }, want: { attempt: 2, active: active(2, 'b', -60), previous: started(1, 'a') } },
  { name: 'the one before goes after its time', memory: { attempt: 2, active: active(2, 'b', -600), previous: started(1, 'a') }, wants: B, seen: { '1a': UP, '2b': UP }, want: { attempt: 2, active: active(2, 'b', -600) } },
  { name: 'not before', memory: { attempt: 2, active: active(2, 'b', -599), previous: started(1, 'a') }, wants: B, seen: { '1a': UP, '2b': UP }, want: { attempt: 2, active: active(2, 'b', -599), previous: started(1, 'a') } },
  { name: 'the one before is wanted again, and is the candidate as it is', memory: { attempt: 2, active: active(2, 'b', -60), previous: started(1, 'a') }, seen: { '1a': UP, '2b': UP }, want: { attempt: 2, active: active(2, 'b', -60), candidate: started(1, 'a') } },
  { name: 'what is active is wanted again: of the rest nothing is left but that it failed', memory: { attempt: 2, active: active(1, 'a'), failed: failure(2, 'b') }, seen: { '1a': UP }, want: { attempt: 2, active: active(1, 'a'), failures: [failure(2, 'b')] } },
  { name: 'no version can be made: what is active stays', memory: { attempt: 2, active: active(1, 'a'), candidate: version(2, 'b') }, wants: 'nothing', seen: { '1a': UP }, want: { attempt: 2, active: active(1, 'a') } },
  { name: 'autoscale notes the number that it began with', memory: { attempt: 1, active: active(1, 'a') }, seen: { '1a': UP }, view: { autoscale: true, replicas: 3 }, want: { attempt: 1, active: active(1, 'a'), autoscaledFrom: 3 } },
  { name: 'which is forgotten when another is written', memory: { attempt: 1, active: active(1, 'a'), autoscaledFrom: 3 }, seen: { '1a': UP }, view: { replicas: 4 }, want: { attempt: 1, active: active(1, 'a') } }
]

for (const { name, want, ...given } of rows) t.test(name, async (t) => t.strictSame(stepped(given), want))
