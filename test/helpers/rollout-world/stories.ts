// The life of an MlflowModel in numbered pictures: the request of the sync in which something happens, taken from plays in the world.
// `node test/helpers/rollout-world/stories.ts` writes them anew to test/fixtures/mlflow-model (inputs only; UPDATE=1 npm test writes the answers).
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import type { SyncRequest } from '../../../hooks/core/request.ts'
import { FACTS } from '../../../hooks/core/labels.ts'
import { formatFact, parseFacts } from '../../../hooks/core/facts.ts'
import { makeRequest, type PassOptions } from './metacontroller.ts'
import type { Move } from './moves.ts'
import { makePlay, promotedPlay, rollingPlay, servingPlay, type Play } from './play.ts'
import { newestParent, writeParent } from './state.ts'

export type Story = { name: string, about: string, request: SyncRequest }

const FOLDER = path.join(import.meta.dirname, '../../fixtures/mlflow-model')
const MANUAL = { rollout: { approval: 'Manual' as const } }
const DELETE = { whenAliasMissing: 'Delete' as const }

/** All pictures, in order. */
export function tellStories (): Story[] {
  const stories: Story[] = []
  const take: Take = (name, about, play, options) => {
    const number = String(stories.length + 1).padStart(2, '0')
    stories.push({ name: `${number}-${name}`, about, request: makeRequest(play.world, options) })
  }
  tellFirstVersion(take)
  tellFailure(take)
  tellPromotion(take)
  tellPeople(take)
  tellWaits(take)
  tellRegistry(take)
  tellLosses(take)
  tellSilence(take)
  return stories
}

type Take = (name: string, about: string, play: Play, options?: PassOptions) => void

function tellFirstVersion (take: Take): void {
  const play = makePlay()
  take('first-sync', 'Just created: the poller has not looked yet.', play)
  play.run({ do: 'sync' }, { do: 'wait', seconds: 3 }, { do: 'poll' })
  take('first-version', 'The alias is on version 1: it is deployed at once.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 2 }, { do: 'seldon' }, { do: 'settle' })
  take('first-version-loading', 'Its pods load.', play)
  play.run({ do: 'wait', seconds: 40 }, { do: 'pods' }, { do: 'seldon' })
  take('first-version-ready', 'They answer: version 1 is trusted.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 1 }, { do: 'seldon' })
  take('first-version-in-force', 'The router says so too.', play)
  play.until(() => play.memory().traffic?.inForce === true)
  take('serving', 'Nothing to do.', play)
}

function tellFailure (take: Take): void {
  const play = servingPlay()
  play.run({ do: 'alias', version: '2a' }, { do: 'poll' })
  take('new-version-seen', 'The alias moves to version 2: it joins at weight 0.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 2 }, { do: 'seldon' })
  take('new-version-loading', 'Its pods load; the serving object is not Available meanwhile.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 30 }, { do: 'pods' }, { do: 'seldon' }, { do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'settle' }, { do: 'wait', seconds: 1 }, { do: 'clock' })
  take('new-version-ready', 'It is ready: the first step is wanted.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 1 }, { do: 'seldon' })
  take('step-not-in-force', 'Seldon applies the weight: the router is not ready.', play)
  play.run({ do: 'wait', seconds: 1 }, { do: 'seldon' })
  take('step-in-force', 'The router is ready again: from now on checks count.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 10 }, { do: 'check', outcome: 'Passed' })
  take('check-passed', 'One check of two has passed.', play)
  play.run({ do: 'wait', seconds: 10 }, { do: 'check', outcome: 'Passed' })
  take('step-completed', 'The second one has: the next step is wanted.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'settle' })
  play.run({ do: 'wait', seconds: 10 }, { do: 'check', outcome: 'Failed' }, { do: 'settle' }, { do: 'wait', seconds: 10 }, { do: 'check', outcome: 'Failed' })
  take('failed-analysis', 'One failure more than tolerated: back to stable.', play)
  play.run({ do: 'sync' })
  take('unwinding', 'Weight 0 is wanted and not in force.', play)
  play.until(() => play.stage() === 'Draining')
  take('draining', 'Weight 0 is in force: the failed version stays for a look at it.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 60 }, { do: 'clock' })
  take('drained', 'Its time is over.', play)
  play.until(() => play.stage() === undefined)
  play.rounds(2)
  take('degraded', 'The alias is still on the version that failed.', play)
  play.run({ do: 'command', verb: 'retry', id: 'current' })
  take('retry', 'A person asks for another try.', play)
}

function tellPromotion (take: Take): void {
  const play = rollingPlay(60)
  play.run({ do: 'wait', seconds: 10 }, { do: 'check', outcome: 'Passed' }, { do: 'wait', seconds: 10 }, { do: 'check', outcome: 'Passed' })
  take('last-step-completed', 'Everything is wanted for version 2.', play)
  play.run({ do: 'settle' }, { do: 'wait', seconds: 1 }, { do: 'seldon' }, { do: 'wait', seconds: 1 }, { do: 'seldon' })
  take('promoted', 'It is in force: the roles swap.', play)
  play.run({ do: 'settle' })
  take('previous-warm', 'Version 1 stays loaded.', play)
  play.run({ do: 'alias', version: '1a' }, { do: 'poll' })
  take('fast-return', 'The alias goes back: so does everything, at once.', play)
  const later = promotedPlay()
  later.run({ do: 'settle' }, { do: 'wait', seconds: 130 }, { do: 'clock' })
  take('previous-unloaded', 'keepStable is over.', later)
  const dead = promotedPlay()
  dead.run({ do: 'kill', version: '1a' }, { do: 'seldon' })
  take('previous-died', 'A previous version without pods would block the weights.', dead)
}

function tellPeople (take: Take): void {
  const tell = (name: string, about: string, play: Play, ...moves: Move[]) => {
    play.run(...moves)
    take(name, about, play)
  }
  tell('promote', 'A person skips the checks.', rollingPlay(20), { do: 'command', verb: 'promote', id: 'current' })
  tell('abort', 'A person gives up.', rollingPlay(20), { do: 'command', verb: 'abort', id: 'current' })
  tell('paused', 'A person holds the rollout.', rollingPlay(20), { do: 'edit', spec: { rollout: { paused: true } } }, { do: 'settle' })
  tell('resumed', 'And lets it go on: checks begin anew.', rollingPlay(20), { do: 'edit', spec: { rollout: { paused: true } } }, { do: 'settle' }, { do: 'wait', seconds: 3600 }, { do: 'edit', spec: { rollout: { paused: false } } })
  tell('steps-edited', 'Steps are edited at 20: the weight stays.', rollingPlay(20), { do: 'edit', spec: { rollout: { steps: [50, 80] } } })
  tell('scaled', 'More replicas during a rollout.', rollingPlay(20), { do: 'edit', spec: { serving: { replicas: 3 } } })
  tell('weights-edited', 'Somebody edits the weights of the serving object.', rollingPlay(20), { do: 'edit-weights', first: 50 })
  tell('superseded', 'The alias moves on to a third version.', rollingPlay(20), { do: 'alias', version: '3a' }, { do: 'poll' })
  tell('rolled-back', 'The alias moves back to stable.', rollingPlay(20), { do: 'alias', version: '1a' }, { do: 'poll' })
}

function tellWaits (take: Take): void {
  const approval = rollingPlay(60, { spec: MANUAL })
  approval.until(() => approval.stage() === 'AwaitingApproval')
  take('awaiting-approval', 'Every step has passed, a person decides.', approval)
  approval.run({ do: 'command', verb: 'promote', id: 'current' })
  take('approved', 'And has decided.', approval)
  const idle = rollingPlay(20)
  idle.rounds(6, { outcome: 'Inconclusive' })
  take('not-enough-traffic', 'Too few requests for a verdict, for too long.', idle)
  const blind = rollingPlay(20)
  blind.rounds(6, { outcome: 'Error' })
  take('metrics-unavailable', 'Prometheus does not answer, for too long.', blind)
  const lost = rollingPlay(20)
  lost.run({ do: 'kill', version: '2a' }, { do: 'seldon' })
  take('canary-lost', 'The canary lost all its pods: it leaves at once.', lost)
  const dark = rollingPlay(20)
  dark.run({ do: 'kill', version: '1a' }, { do: 'seldon' })
  take('stable-lost', 'Stable lost all its pods: nothing is raised and nothing is judged.', dark)
  const slow = servingPlay()
  slow.run({ do: 'break', version: '2a' }, { do: 'alias', version: '2a' })
  slow.rounds(3)
  slow.run({ do: 'wait', seconds: 130 }, { do: 'clock' })
  take('progress-deadline', 'The canary does not get ready.', slow)
  const first = makePlay()
  first.run({ do: 'break', version: '1a' })
  first.rounds(3)
  first.run({ do: 'wait', seconds: 700 }, { do: 'clock' }, { do: 'sync' }, { do: 'seldon' })
  take('first-version-slow', 'The first version does not get ready: it goes on loading.', first)
}

function tellRegistry (take: Take): void {
  const gone = rollingPlay(20)
  gone.run({ do: 'no-alias' }, { do: 'poll' })
  take('alias-missing-retain', 'The alias is gone during a rollout: it goes on.', gone)
  const marked = servingPlay({ spec: DELETE })
  marked.run({ do: 'no-alias' }, { do: 'poll' })
  take('alias-missing-delete', 'The alias is gone and the policy is Delete: the object is marked.', marked)
  marked.run({ do: 'sync' })
  take('deletion-marked', 'The mark is observed and carried out.', marked)
  marked.run({ do: 'sync' }, { do: 'seldon' })
  take('deleted', 'Nothing is left.', marked)
  const silent = servingPlay()
  silent.run({ do: 'unreachable' })
  take('registry-stale', 'The registry does not answer.', silent)
  const pending = servingPlay()
  pending.run({ do: 'not-ready', version: '2a' }, { do: 'poll' })
  take('version-not-ready', 'The registry has not finished storing version 2.', pending)
  const unresolved = servingPlay()
  unresolved.run({ do: 'alias', version: '2a' }, { do: 'poll' })
  dropUri(unresolved)
  take('uri-unresolvable', 'Nothing can load version 2 from where it lies.', unresolved)
  const anew = servingPlay()
  anew.run({ do: 'alias', version: '1b' }, { do: 'poll' })
  take('model-created-anew', 'Version 1 of a model that was deleted and created again is another version.', anew)
  const renamed = servingPlay()
  renamed.run({ do: 'edit', spec: { modelAlias: 'challenger' } })
  take('alias-renamed', 'The answer is about another alias than the spec asks for now.', renamed)
}

function dropUri ({ world }: Play): void {
  const { annotations } = newestParent(world).metadata
  const { uri: _uri, ...fact } = parseFacts(annotations).registry ?? {}
  const text = formatFact({ ...fact, problem: 'mlflow-artifacts:/2 needs artifactsDestination' } as Parameters<typeof formatFact>[0])
  writeParent(world, { manager: 'sluice-poller' }, { annotations: { ...annotations, [FACTS.registry]: text } })
}

function tellLosses (take: Take): void {
  const lose = (name: string, about: string, moves: Move[], options?: PassOptions) => {
    const play = rollingPlay(20)
    play.run(...moves)
    take(name, about, play, options)
  }
  lose('status-lost', 'Status is gone: the annotation knows.', [{ do: 'wipe-status' }])
  lose('memory-lost', 'The annotation is gone: status knows.', [{ do: 'wipe-memory' }])
  lose('both-lost', 'Both are gone: the ready version with most traffic is stable.', [{ do: 'wipe-memory' }, { do: 'wipe-status' }])
  lose('object-lost', 'The serving object is gone: it is made again as it was.', [{ do: 'delete-child' }])
  lose('stale-child', 'An old reading of the serving object: nothing is decided.', [], { childAge: 3 })
  lose('backend-not-installed', 'The controller does not list SeldonDeployments.', [], { seldon: false })
  const plain = makePlay({ router: 'undefined' })
  plain.rounds(4)
  plain.run({ do: 'alias', version: '2a' }, { do: 'poll' })
  take('no-router', 'Nothing can split traffic, so no rollout starts.', plain)
}

function tellSilence (take: Take): void {
  const unheard = makePlay()
  unheard.run({ do: 'sync' }, { do: 'wait', seconds: 300 }, { do: 'unreachable' })
  take('registry-unreachable', 'Just created, and the registry has never answered.', unheard)
  const refused = rollingPlay(20, { spec: DELETE })
  refused.run({ do: 'no-alias' }, { do: 'refuse' })
  take('registry-refused', 'The namespace may not use the registry any more: the rollout goes on, nothing is deleted, whatever became of the alias.', refused)
}

/** Writes the inputs of all pictures. */
export function writeStories (folder = FOLDER): void {
  for (const { name, about, request } of tellStories()) {
    mkdirSync(path.join(folder, name), { recursive: true })
    writeFileSync(path.join(folder, name, 'input.yaml'), `# ${about}\n${stringify(request, { aliasDuplicateObjects: false, lineWidth: 0 })}`)
  }
}

if (import.meta.main) writeStories()
