// What an MLflow object names and the poller may not look at: told once, as an Event and in the log.
import type { Logger } from 'pino'
import type { EventRecorder } from '../cluster/event-recorder.ts'
import type { ReferencesParts } from './references.ts'

/** A function that tells of one. */
export function tellForbidden (recorder: Pick<EventRecorder, 'record'>, logger: Logger): ReferencesParts['onForbidden'] {
  return (server, { kind, name }, namespace) => {
    logger.warn({ mlflow: server.metadata.name, kind, namespace, name }, 'may not be looked at, so nobody is told of its changes')
    recorder.record(server, {
      key: `ReferencesForbidden/${kind}/${namespace}/${name}`,
      type: 'Warning',
      reason: 'ReferencesForbidden',
      action: 'References',
      note: `The poller may not get ${kind} ${namespace}/${name}, so a change of it replaces no pods: give it get on that ${kind}, or turn mlflowServers.references off.`
    })
  }
}
