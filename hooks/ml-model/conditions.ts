// The conditions of an MLModel. Reasons are words for programs, messages sentences that name the object and the remedy, without times.
import { aspect, type Aspect } from '../core/conditions.ts'
import { troubleSentence } from '../core/pod-trouble.ts'
import type { Decision } from './decide.ts'
import type { Context, Summary } from './phase.ts'
import { failureOf } from './phase.ts'
import { jobName, serverName } from './resources/names.ts'
import type { Spec } from './schema.ts'

type Input = { decision: Decision, context: Context, summary: Summary, spec: Spec }

/** All conditions, Ready first. */
export function conditionsOf (input: Input): Aspect[] {
  return [ready(input), available(input), progressing(input), downloaded(input), ...spread(input)]
}

function ready ({ decision: { memory }, context, summary }: Input): Aspect {
  const { server } = context.evidence
  if (!memory.accepted) return aspect('Ready', 'False', summary.reason, summary.error ?? 'No version serves yet.')
  if (!server) return aspect('Ready', 'False', 'NoDeployment', `Deployment ${serverName(context.name)} is being made; if this lasts, another object may have that name.`)
  if (server.available >= server.replicas) return aspect('Ready', 'True', 'Serving', 'All pods answer.')
  return aspect('Ready', 'False', summary.phase === 'Failed' ? summary.reason : 'PodsMissing', summary.phase === 'Failed' ? summary.error ?? '' : podsSentence(context))
}

function available ({ context }: Input): Aspect {
  const { server } = context.evidence
  if (!server) return aspect('Available', 'False', 'NotDeployed', 'There are no pods yet.')
  return server.available > 0 ? aspect('Available', 'True', 'PodsAnswer', podsSentence(context)) : aspect('Available', 'False', 'NoPodAnswers', podsSentence(context))
}

function podsSentence ({ name, evidence: { server, trouble } }: Context): string {
  const { available, replicas } = server ?? { available: 0, replicas: 0 }
  const count = `${available} of ${replicas} pods answer.`
  if (available >= replicas) return count
  return trouble ? `${count} ${troubleSentence(trouble)}` : `${count} See kubectl describe deployment ${serverName(name)} if this lasts.`
}

function progressing ({ decision, context, summary, spec }: Input): Aspect {
  const { under } = decision
  const failure = failureOf(decision)
  if (failure) return aspect('Progressing', 'False', failure.reason, summary.error ?? failure.message)
  switch (under.stage) {
    case 'Settled': return aspect('Progressing', 'False', 'UpToDate', 'What serves is what the spec asks for.')
    case 'Downloading': return aspect('Progressing', 'True', 'Downloading', downloadSentence(decision, context, spec))
    case 'Waiting': return aspect('Progressing', 'True', 'Waiting', 'The model is downloaded; what runs now, of which the memory was lost, has to settle first.')
    case 'Starting': return under.written ? starting(context, summary) : aspect('Progressing', 'True', 'Starting', 'The pods of the new version are being asked for.')
    default: return aspect('Progressing', 'False', under.stage, summary.error ?? '')
  }
}

function starting (context: Context, summary: Summary): Aspect {
  if (summary.phase === 'Failed') return aspect('Progressing', 'False', summary.reason, summary.error ?? '')
  const { server, trouble } = context.evidence
  const count = `${server?.observed ? server.updated : 0} of ${server?.replicas ?? 0} pods are of the new version.`
  return aspect('Progressing', 'True', 'Starting', trouble ? `${count} ${troubleSentence(trouble)}` : count)
}

function downloadSentence ({ under, wanted }: Decision, { name }: Context, { source }: Spec): string {
  if (under.stage !== 'Downloading' || !('key' in wanted)) return ''
  const { download } = under
  if (download.waiting) return 'The download begins as soon as the volume of before is gone.'
  const job = `Job ${jobName(name, wanted.key)}`
  if (download.trouble) return `${job} downloads ${source.uri}, and has trouble: ${troubleSentence(download.trouble)}`
  return `${job} downloads ${source.uri}.`
}

/** Of the model that the spec asks for. */
function downloaded ({ decision, context, summary, spec }: Input): Aspect {
  const { under } = decision
  switch (under.stage) {
    case 'Impossible':
    case 'DownloadFailed': return aspect('Downloaded', 'False', under.failure.reason, summary.error ?? under.failure.message)
    case 'Downloading': return aspect('Downloaded', 'False', 'Downloading', downloadSentence(decision, context, spec))
    default: return aspect('Downloaded', 'True', 'Complete', 'The model lies whole on its volume.')
  }
}

/** Only where it says something. */
function spread ({ spec: { replicas, storage } }: Input): Aspect[] {
  if (replicas === 1 || storage.accessMode !== 'ReadWriteOnce') return []
  return [aspect('Spread', 'False', 'ReadWriteOnce', 'All pods share one node, because one node alone can mount the volume: set storage.accessMode to ReadWriteMany with a StorageClass that can.')]
}
