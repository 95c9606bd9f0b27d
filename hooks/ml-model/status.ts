// The status of an MLModel.
import { defined } from '../core/plain-value.ts'
import { forPeople } from '../core/safe-text.ts'
import type { ServerState } from './evidence.ts'
import type { Memory, Model } from './memory.ts'
import type { Summary } from './phase.ts'
import type { Status } from './schema.ts'

type Shown = { summary: Summary, server: ServerState | undefined, url: string | undefined }

/** Conditions are added by the caller. */
export function computeStatus ({ attempt, accepted, candidate, fetched }: Memory, { summary, server, url }: Shown): Status {
  const model = accepted?.model ?? candidate?.model ?? fetched
  return defined({
    phase: summary.phase,
    reason: summary.reason,
    attempt,
    model: model && shown(model),
    url: server ? url : undefined,
    replicas: server && `${server.available}/${server.replicas}`,
    error: summary.error === undefined ? undefined : forPeople(summary.error, 1024)
  } as Status)
}

/** A presigned URI holds a signature. */
function shown ({ uri, found, downloadedAt }: Model): object {
  return defined({ uri: forPeople(found?.uri ?? uri, 1024), version: found?.version, sha256: found?.sha256, bytes: found?.bytes, downloadedAt })
}
