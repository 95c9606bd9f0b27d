// Names of everything that an MLflow object makes: plain for the object called mlflow, with its name for others, so that several live side by side.
import { contentHash } from '../core/names.ts'
import type { Tls } from './schema/reach.ts'

/** The object whose children have plain names. */
const PLAIN = 'mlflow'

/**
 * Names of objects whose children would be called as another object's are: `gc` would make the Deployment mlflow-gc, and a ClusterRole that is also that of garbage
 * collection of the object mlflow. With each name that is derived below a word belongs in here; a platform may call its own roles mlflow-view and so on.
 */
export const TAKEN = '^(claim|gc|metrics-monitor|pvc|sa|tls|trace-archival)(-|$)|^(edit|integration|view)$|(^|-)migration$'

/** Accounts that are made for other pods than the server's, and have other rights. */
export const TAKEN_ACCOUNT = '^mlflow-(claim|gc-sa|trace-archival-sa)(-.*)?$'

/** A CronJob's pods get eleven characters more than its name has. */
const LONGEST_CRON_JOB = 52

/** '' for mlflow, `-<name>` for others. */
export function suffixOf (name: string): string {
  return name === PLAIN ? '' : `-${name}`
}

/** `<base>` or `<base>-<name>`, cut to `longest` characters and told apart by six digits of its hash. */
function named (base: string, name: string, longest = 63): string {
  const full = `${base}${suffixOf(name)}`
  if (full.length <= longest) return full
  return `${full.slice(0, longest - 7).replace(/-+$/, '')}-${contentHash(full).slice(0, 6)}`
}

/** Names by what they are of. The static prefix of a server's paths is `/` and the name of its Deployment. */
export function namesOf (name: string) {
  return {
    /** Deployment, Service, ClusterRole and -Binding, NetworkPolicy, routes, autoscaler, disruption budget, label `app`. */
    server: named('mlflow', name),
    serviceAccount: named('mlflow-sa', name),
    claim: named('mlflow-pvc', name),
    claimMaker: named('mlflow-claim', name),
    tlsSecret: named('mlflow-tls', name),
    migrationPolicy: `${named('mlflow', name)}-migration`,
    monitor: named('mlflow-metrics-monitor', name),
    garbageCollection: named('mlflow-gc', name, LONGEST_CRON_JOB),
    garbageCollectionAccount: named('mlflow-gc-sa', name),
    traceArchival: named('mlflow-trace-archival', name, LONGEST_CRON_JOB),
    traceArchivalAccount: named('mlflow-trace-archival-sa', name),
    traceArchivalConfig: named('mlflow-trace-archival-config', name)
  }
}
export type Names = ReturnType<typeof namesOf>

/** The Secret with the server's certificate; undefined without TLS. */
export function tlsSecretOf ({ metadata: { name }, spec: { tls } }: { metadata: { name: string }, spec: { tls: Tls } }): string | undefined {
  return tls.mode === 'Off' ? undefined : tls.secretName || namesOf(name).tlsSecret
}
