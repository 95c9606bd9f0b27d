// The whole system for one test file, with a witness, a clock that can be put forward, and people who do things to it.
import type { Test } from 'tap'
import { COMMANDS, STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'
import { createSkippingClock, type SkippingClock } from '../../../playground/stand-ins/clock.ts'
import type { MlflowStandIn } from '../../../playground/stand-ins/mlflow/server.ts'
import type { PrometheusStandIn } from '../../../playground/stand-ins/prometheus/server.ts'
import { startSystem, type System, type SystemOptions } from '../../../playground/system/system.ts'
import { isWrite, openWitness, type Witness } from './witness.ts'

export interface LoopWorld {
  system: System & { mlflow: MlflowStandIn, prometheus: PrometheusStandIn }
  witness: Witness
  people: People
  /** Every write so far but for leases: `patch mlflowmodels/name`. */
  writes: string[]
  /** The time of all that is not a program of ours. */
  clock: SkippingClock
  /** Puts all clocks forward; resolves once the poller has been told the new time. */
  passTime: (seconds: number) => Promise<void>
}

/** What people do, directly in the API server. */
export interface People {
  create: (model: KubeObject) => void
  edit: (name: string, spec: object) => void
  annotate: (name: string, annotations: Record<string, string | null>) => void
  command: (name: string, verb: keyof typeof COMMANDS, id: string) => void
  remove: (name: string) => void
  wipeStatus: (name: string) => void
  wipeMemory: (name: string) => void
  removeServing: (name: string) => void
  /** The lease of a poller that was killed: it would be waited for. */
  removeLease: () => void
  /** Seldon's own remedy for an object that it calls Failed for ever: strike from its status what does not exist any more. */
  mendServing: (name: string) => void
}

/** Milliseconds that a model takes to load. */
const LOAD_MS = 200
/** How late the operator is: later than the loop, which hears of its own writes at once. */
const LAG_MS = 40
/** Requests a second to each object. */
const RATE = 400
export const BAD = '3'

/** Starts it; everything ends with the test, and no invariant may have been broken by then. */
export async function startWorld (t: Test, options: SystemOptions = {}): Promise<LoopWorld> {
  const clock = createSkippingClock()
  const writes: string[] = []
  const system = await startSystem({
    clock,
    rate: RATE,
    seldonLag: () => LAG_MS,
    bad: new Set([BAD]),
    ...options,
    seldon: { loadTime: () => LOAD_MS, ...options.seldon },
    apiServer: { ...options.apiServer, fault (request) { if (isWrite(request)) writes.push(`${request.verb} ${request.plural}/${request.name ?? ''}`); return undefined } }
  }) as LoopWorld['system']
  const witness = openWitness(system)
  t.teardown(async () => {
    witness.close()
    await system.close()
  })
  const people = makePeople(system, witness)
  async function passTime (seconds: number): Promise<void> {
    clock.skip(seconds * 1000)
    // The poller knows the time by the answers to its requests. The renewal of its lease is one.
    const lease = { renewed: false }
    const unsubscribe = system.api.store.subscribe('coordination.k8s.io/leases', () => { lease.renewed = true })
    await witness.until('the poller renews its lease', () => lease.renewed, 20)
    unsubscribe()
    // It looks at its deadlines when something happens: for it no time has passed.
    for (const { metadata } of system.api.store.list('sluice.dev/mlflowmodels')) people.annotate(metadata.name, { 'example.com/bell': String(clock.now()) })
  }
  return { system, witness, people, writes, clock, passTime }
}

const MODEL = { apiVersion: 'sluice.dev/v1alpha1', kind: 'MlflowModel' }
const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
const SERVING = { apiVersion: 'machinelearning.seldon.io/v1', kind: 'SeldonDeployment' }
const NAMESPACE = 'models'
const MERGE = 'application/merge-patch+json'
const PERSON = { manager: 'kubectl' }

function makePeople ({ api, seldon }: System, witness: Witness): People {
  const target = ({ apiVersion, kind }: typeof MODEL, name: string) => {
    const resource = api.registry.findKind(apiVersion, kind)
    if (!resource) throw new Error(`${kind} is not served`)
    return { resource, namespace: NAMESPACE, name }
  }
  const exists = (name: string): boolean => api.store.get('machinelearning.seldon.io/seldondeployments', NAMESPACE, name) !== undefined
  const patch = (what: typeof MODEL, name: string, change: object, subresource?: 'status'): void => {
    witness.asPerson(() => { api.operations.patch(target(what, name), MERGE, change, { ...PERSON, ...(subresource && { subresource }) }) })
  }
  return {
    create: (model) => { api.operations.create(target(MODEL, model.metadata.name).resource, NAMESPACE, model, PERSON) },
    edit: (name, spec) => { patch(MODEL, name, { spec }) },
    annotate: (name, annotations) => { patch(MODEL, name, { metadata: { annotations } }) },
    command: (name, verb, id) => { patch(MODEL, name, { metadata: { annotations: { [COMMANDS[verb]]: id } } }) },
    remove: (name) => { witness.asPerson(() => { api.operations.delete(target(MODEL, name)) }) },
    wipeStatus: (name) => { patch(MODEL, name, { status: null }, 'status') },
    wipeMemory: (name) => { if (exists(name)) patch(SERVING, name, { metadata: { annotations: { [STATE_ANNOTATION]: null } } }) },
    removeServing: (name) => { if (exists(name)) witness.asPerson(() => { api.operations.delete(target(SERVING, name)) }) },
    removeLease () {
      const { resource } = target(LEASE, 'sluice-poller')
      if (api.store.get('coordination.k8s.io/leases', 'default', 'sluice-poller')) api.operations.delete({ resource, namespace: 'default', name: 'sluice-poller' })
    },
    mendServing (name) {
      const { services } = seldon.world(NAMESPACE, name)
      const known = Object.keys((api.store.get('machinelearning.seldon.io/seldondeployments', NAMESPACE, name)?.status as { serviceStatus?: object } | undefined)?.serviceStatus ?? {})
      const gone = known.filter((service) => !services.includes(service))
      if (gone.length > 0) patch(SERVING, name, { status: { serviceStatus: Object.fromEntries(gone.map((service) => [service, null])) } }, 'status')
    }
  }
}
