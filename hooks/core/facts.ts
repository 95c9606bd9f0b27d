// The annotations through which the poller tells the hooks what it saw: one schema, one parser and one formatter each.
// The poller formats, the hooks parse. What cannot be parsed is as if it had never been written.
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { TypeCompiler, type TypeCheck } from '@sinclair/typebox/compiler'
import type { KubeObject } from './request.ts'
import { COMMANDS, FACTS } from './labels.ts'
import { escapeInvisible } from './safe-text.ts'
import { instant, oneOf } from './schema.ts'
import { parseInstant } from './time.ts'

/** Of a version, as MLflow counts them: it becomes part of names, of queries and of commands that people copy, so nothing else is taken for one. */
export const VERSION_NUMBER = '^[0-9]{1,19}$'

/** A fact is cut or refused by its writer beyond this many characters. */
export const FACT_LIMIT = 4096

/**
 * What the registry answered about the alias. `server` is the name of a registry entry, never a URL. Two states are no answers: Unreachable
 * (none was ever had) and Refused (the object may not ask that entry); `problem` then says why and what to do.
 */
export const RegistryFact = Type.Object({
  server: Type.String(),
  workspace: Type.String(),
  model: Type.String(),
  alias: Type.String(),
  state: oneOf(['Found', 'AliasMissing', 'ModelMissing', 'NotReady', 'Unreachable', 'Refused']),
  version: Type.Optional(Type.String({ pattern: VERSION_NUMBER })),
  /** Creation time of the version in RFC 3339 with milliseconds: with the number it is the identity of a version. */
  createdAt: Type.Optional(instant()),
  /** A URI that a storage initializer can read. Absent when there is none: then `problem` says why. */
  uri: Type.Optional(Type.String({ maxLength: 2048 })),
  problem: Type.Optional(Type.String({ maxLength: 300 })),
  runId: Type.Optional(Type.String()),
  /** Added once when the registry has not answered for long; the rest is then the last good answer. */
  stale: Type.Optional(Type.Boolean()),
  observedAt: instant()
})
export type RegistryFact = Static<typeof RegistryFact>

export const OUTCOMES = ['Passed', 'Failed', 'Inconclusive', 'Error'] as const
const Outcome = oneOf(OUTCOMES)
export type CheckOutcome = Static<typeof Outcome>

/** One metric of one check. Values are in the metric's own unit (seconds, percentage points, or the query's); null when there was none. */
export const MetricResult = Type.Object({
  name: Type.String(),
  stable: Type.Union([Type.Number(), Type.Null()]),
  canary: Type.Union([Type.Number(), Type.Null()]),
  limit: Type.String(),
  /** Requests on the smaller side, the evidence this stands on. */
  requests: Type.Union([Type.Number(), Type.Null()]),
  outcome: Outcome,
  dryRun: Type.Optional(Type.Boolean())
})
export type MetricResult = Static<typeof MetricResult>

/** The checks done since `stepStartedAt` of that step of that rollout, and the last one in full. */
export const AnalysisFact = Type.Object({
  rollout: Type.String(),
  step: Type.Integer(),
  stepStartedAt: instant(),
  passed: Type.Integer({ minimum: 0 }),
  failed: Type.Integer({ minimum: 0 }),
  inconclusive: Type.Integer({ minimum: 0 }),
  errors: Type.Integer({ minimum: 0 }),
  /** Checks in a row that gave no verdict (Inconclusive or Error), whichever of the two. */
  undecided: Type.Optional(Type.Integer({ minimum: 0 })),
  /** How often in a row the last outcome has come. */
  streak: Type.Object({ outcome: Outcome, count: Type.Integer({ minimum: 1 }) }),
  last: Type.Object({ at: instant(), outcome: Outcome, reason: Type.String(), metrics: Type.Array(MetricResult) })
})
export type AnalysisFact = Static<typeof AnalysisFact>

/** Reasons of an Error that lasts until somebody changes the query or the configuration. The word that `last.reason` begins with. */
export const PERMANENT_ERRORS: readonly string[] = ['QueryInvalid', 'ProviderUnknown', 'ProviderRefused', 'QueriesNotAllowed', 'QueryWithoutNamespace']

/**
 * Pods of the parent's children that failed, or have left a result, newest first, at most 5. `owner` is `Job/<name>` or `Deployment/<name>`, `uid` the pod's.
 * `reason` is that of the first container in trouble: one that our own programs gave (NotFound, HashMismatch …), or Kubernetes' word
 * (OOMKilled, ImagePullBackOff, CrashLoopBackOff, Unschedulable …), or Completed. `result` is the JSON that a program of ours left when it was done.
 */
export const PodsFact = Type.Array(Type.Object({
  owner: Type.String({ maxLength: 300 }),
  uid: Type.String({ maxLength: 64 }),
  reason: Type.String({ maxLength: 128 }),
  exitCode: Type.Optional(Type.Integer()),
  message: Type.Optional(Type.String({ maxLength: 300 })),
  result: Type.Optional(Type.String({ maxLength: 1500 }))
}), { maxItems: 5 })
export type PodsFact = Static<typeof PodsFact>

/** resourceVersion by `kind/name` of the Secrets and ConfigMaps that the spec names. */
export const ReferencesFact = Type.Record(Type.String(), Type.String())
export type ReferencesFact = Static<typeof ReferencesFact>

type AnyFact = RegistryFact | AnalysisFact | PodsFact | ReferencesFact

/** All that the annotations of one parent say. */
export type Facts = {
  registry?: RegistryFact
  analysis?: AnalysisFact
  pods?: PodsFact
  references?: ReferencesFact
  /** Whole seconds. */
  clock?: number
}

/** What people ask for; each value is the id of the rollout (or attempt) that is meant. */
export type Commands = { promote?: string, abort?: string, retry?: string }

/** Compiled once: every sync reads facts. */
const checks = {
  registry: TypeCompiler.Compile(RegistryFact),
  analysis: TypeCompiler.Compile(AnalysisFact),
  pods: TypeCompiler.Compile(PodsFact),
  references: TypeCompiler.Compile(ReferencesFact)
}

/** Reads the facts; a missing or unreadable annotation is left out. */
export function parseFacts (annotations: KubeObject['metadata']['annotations'] = {}): Facts {
  const facts: Facts = {}
  const registry = parse(checks.registry, annotations[FACTS.registry])
  if (registry) facts.registry = registry
  const analysis = parse(checks.analysis, annotations[FACTS.analysis])
  if (analysis) facts.analysis = analysis
  const pods = parse(checks.pods, annotations[FACTS.pods])
  if (pods) facts.pods = pods
  const references = parse(checks.references, annotations[FACTS.references])
  if (references) facts.references = references
  const clock = parseInstant(annotations[FACTS.clock])
  if (clock !== undefined) facts.clock = clock
  return facts
}

/** Reads the commands; empty values count as absent. */
export function parseCommands (annotations: KubeObject['metadata']['annotations'] = {}): Commands {
  const commands: Commands = {}
  for (const [verb, key] of Object.entries(COMMANDS) as Array<[keyof Commands, string]>) {
    const value = annotations[key]
    if (value) commands[verb] = value
  }
  return commands
}

/** The annotation's text for a fact: numbers rounded to 4 significant digits, so that noise is no change. Throws over FACT_LIMIT. */
export function formatFact (fact: AnyFact): string {
  const text = factText(fact)
  if (text.length > FACT_LIMIT) throw new RangeError(`a fact of ${text.length} characters is over the limit of ${FACT_LIMIT}`)
  return text
}

/** The same, however long: for who makes a fact fit. */
export function factText (fact: AnyFact): string {
  return escapeInvisible(JSON.stringify(fact, (_key, value: unknown) => typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value))
}

/** All instants that the facts hold, for the request's time. */
export function factInstants (facts: Facts): Array<number | undefined> {
  return [facts.clock, parseInstant(facts.registry?.observedAt), parseInstant(facts.analysis?.last.at)]
}

function parse<T extends TSchema> (schema: TypeCheck<T>, text: string | undefined): Static<T> | undefined {
  if (text === undefined || text.length > FACT_LIMIT) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return schema.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}
