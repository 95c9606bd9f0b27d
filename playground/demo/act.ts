// An act of the demo: one object, what is done, what must come of it, and how all that is shown. A chapter that does not come true ends the act.
import type { KubeObject } from '../../hooks/core/request.ts'
import type { System } from '../system/system.ts'
import { follow, followEvents, type ToldEvent } from './follow.ts'
import type { RegistryClient } from './registry-client.ts'
import type { Screen } from './screen.ts'

export interface Stage { system: System, registry: RegistryClient }

export interface Chapter<S> {
  title: string
  act: (stage: Stage) => Promise<void>
  /** True once the chapter has come true; `seen` are all snapshots since it began. */
  isOver: (now: S, seen: readonly S[]) => boolean
  /** Reasons of the Events that people must have been told. */
  events: string[]
  /** Seconds after which it counts as not come true. */
  patience: number
}

/** Open from the beginning of an act to its end. */
export interface Watching<S> {
  look: (object: KubeObject) => S
  /** The live picture; `title` says what the story is at, `seconds` how long it has been going on. */
  draw: (snapshot: S, title: string, seconds: number) => string
  end: () => void
}

export interface Act<S> {
  /** As `--kind` names it. */
  kind: string
  /** The object's kind, name, and path in the API server. */
  about: { kind: string, name: string, path: string }
  /** Begins to look. */
  watch: (stage: Stage) => Watching<S>
  /** Sentences about what happened between two snapshots; `brief` leaves out what the panel shows. */
  lines: (before: S | undefined, after: S, brief: boolean) => string[]
  chapters: Array<Chapter<S>>
  /** What has come true at the end. */
  moral: string
}

/** Of all namespaces: those of an object without one are somewhere else than its pods. */
const EVENTS = '/apis/events.k8s.io/v1/events'
const LOOK_MS = 100

/** Plays an act; false when a chapter did not come true. */
export async function playAct<S> (act: Act<S>, stage: Stage, output: Screen): Promise<boolean> {
  const seen: S[] = []
  const events: ToldEvent[] = []
  const say = createSpeaker(output)
  const ending = new AbortController()
  const { url } = stage.system.api
  const watching = act.watch(stage)
  const following = follow(`${url}${act.about.path}`, watching.look, (snapshot) => {
    for (const line of act.lines(seen.at(-1), snapshot, output.isTerminal)) say.line(line)
    seen.push(snapshot)
    output.show((title, seconds) => watching.draw(snapshot, title, seconds))
  }, ending.signal)
  const listening = followEvents(`${url}${EVENTS}`, ({ reason, note, regarding, ...event }) => {
    if (regarding.kind !== act.about.kind || regarding.name !== act.about.name) return
    events.push({ reason, note, regarding, ...event })
    say.event(reason, note)
  }, ending.signal)
  try {
    for (const chapter of act.chapters) if (!await playChapter(chapter, { stage, seen, events, output })) return false
    output.say(act.moral)
    return true
  } finally {
    ending.abort()
    await Promise.all([following, listening])
    watching.end()
  }
}

/** What status and Event say in the same words is said once. */
function createSpeaker ({ say }: Screen): { line: (line: string) => void, event: (reason: string, note: string) => void } {
  const lines: string[] = []
  const notes: string[] = []
  return {
    line (line) {
      lines.push(line)
      if (!notes.some((note) => line.endsWith(note))) say(line)
    },
    event (reason, note) {
      notes.push(note)
      say(lines.some((line) => line.endsWith(note)) ? `event ${reason}` : `event ${reason}: ${note}`)
    }
  }
}

interface Telling<S> { stage: Stage, seen: S[], events: ToldEvent[], output: Screen }

async function playChapter<S> (chapter: Chapter<S>, { stage, seen, events, output }: Telling<S>): Promise<boolean> {
  output.chapter(chapter.title)
  const from = seen.length
  const eventsFrom = events.length
  const wasTold = () => chapter.events.every((reason) => events.slice(eventsFrom).some((event) => event.reason === reason))
  await chapter.act(stage)
  const giveUp = performance.now() + chapter.patience * 1000
  while (performance.now() < giveUp) {
    const now = seen.at(-1)
    if (now && chapter.isOver(now, seen.slice(from)) && wasTold()) return true
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  output.say(`This did not come true within ${chapter.patience} s. Events: ${events.slice(eventsFrom).map(({ reason }) => reason).join()}. Last seen: ${JSON.stringify(seen.at(-1))}`)
  return false
}
