// Archival of traces: what moves old ones from the database to a place for files.
import { stringify } from 'yaml'
import { defined, isMap, isSendable } from '../../core/plain-value.ts'
import type { Template } from '../../core/pod-template.ts'
import { findChild, type Child } from '../../core/request.ts'
import { CONFIG_MAP } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, namespaceOf, type Request } from '../place.ts'
import type { TraceArchival } from '../schema/tasks.ts'
import { serverPod } from './server-pod.ts'
import { makeTask, makeTaskAccount, sharedMounts, taskEnvironment, workspaceEnvironment } from './task.ts'

/** Six hours, which is how often it runs by default. */
const DEADLINE = 21_600

/** By the first Python on PATH that has an MLflow. */
const RUN = String.raw`for python in python3.12 python3 python; do
  if "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("mlflow") is None)' 2> /dev/null; then
    exec "$python" -c 'from mlflow.tracing.trace_archival_service import run_trace_archival_scheduler; run_trace_archival_scheduler()'
  fi
done
echo 'The image has no Python with an MLflow on its PATH: set spec.image to an image of MLflow.'
exit 14
`

/** None of it unless the spec asks for it. */
export function makeTraceArchival (request: Request): Child[] {
  const { metadata, spec: { traceArchival, defaultArtifactRoot } } = request.parent
  if (!traceArchival?.enabled) return []
  const names = namesOf(metadata.name)
  const pod = serverPod(request)
  const task = { name: names.traceArchival, account: names.traceArchivalAccount }
  return [
    makeTask(request, {
      ...task,
      component: 'trace-archival',
      when: traceArchival,
      activeDeadlineSeconds: DEADLINE,
      container: {
        command: ['/bin/sh', '-ec', RUN],
        env: taskEnvironment(request, [
          ...workspaceEnvironment(request),
          ...(defaultArtifactRoot ? [{ name: 'MLFLOW_DEFAULT_ARTIFACT_ROOT', value: defaultArtifactRoot }] : [])
        ]),
        mounts: sharedMounts(request, ['trace-archival-config', 'combined-ca-bundle'])
      },
      volumes: pod.volumes,
      init: pod.caInit ? [pod.caInit] : [],
      resources: traceArchival.resources
    }),
    makeTaskAccount(request, task),
    makeConfig(request, traceArchival)
  ]
}

/** That which the pods mount that run in place of the spec's: a new pod of theirs could not start without it. */
export function keepConfig (request: Request, kept: Template | undefined): Child | undefined {
  const { metadata, spec } = request.parent
  const { traceArchivalConfig } = namesOf(metadata.name)
  if (spec.traceArchival?.enabled || !mountedConfigMaps(kept).includes(traceArchivalConfig)) return undefined
  const observed = findChild(request, CONFIG_MAP, traceArchivalConfig, namespaceOf(request))
  return observed && isMap(observed.data) && isSendable(observed.data) ? configOf(request, observed.data) : undefined
}

function mountedConfigMaps (template: Template | undefined): unknown[] {
  const volumes = template && Array.isArray(template.spec.volumes) ? template.spec.volumes.filter(isMap) : []
  return volumes.flatMap(({ configMap }) => isMap(configMap) ? [configMap.name] : [])
}

function configOf (request: Request, data: object): Child {
  const { apiVersion, kind } = CONFIG_MAP
  return { apiVersion, kind, metadata: namespacedMetadata(request, namesOf(request.parent.metadata.name).traceArchivalConfig), data }
}

/** Read by the server, too, which serves traces from where they were moved to. */
function makeConfig (request: Request, { location, retention, maxTracesPerPass, longRetentionAllowlist }: TraceArchival): Child {
  const settings = defined({
    enabled: true,
    location: location || undefined,
    retention: retention || undefined,
    max_traces_per_pass: maxTracesPerPass,
    long_retention_allowlist: longRetentionAllowlist?.length ? longRetentionAllowlist : undefined,
    // The CronJob says when. MLflow does nothing before its own interval has passed since the node was started, so that must be short.
    interval_seconds: 1
  })
  return configOf(request, { 'trace-archival.yaml': stringify({ trace_archival: settings }) })
}
