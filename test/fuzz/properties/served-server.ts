// The oracle of MLflow: the Deployment of a server that answers is never left out, goes to no pods only where its databases are about to be migrated or may not
// fit it any more, and its pods are not replaced while they are looked at. Written from the rules (hooks/mlflow/README.md) and not from the code that decides.
import { isObject, textOf, type Json } from '../inputs/tree.ts'
import { answered, claimsOf, isPart, KEYS, mapOf, podsOf, replicasOf, stateOf, templateOf, type Answer } from './children.ts'
import type { Fate } from './oracles.ts'
import { demand } from './violation.ts'

/** Stages of a migration in which nobody may write to the databases. */
const DOWN = ['ScalingDown', 'Migrating']

/** Stages in which what served before the attempt goes on as it was. */
const LOOKING = ['Preflight', 'ScalingDown', 'Migrating', 'Restoring']

/** Throws a Violation when the answer takes away, empties or replaces what serves, without a reason that the rules know. */
export function checkServer (request: Json, answer: Answer, forged: boolean): Fate {
  const name = textOf(mapOf(mapOf(request.parent).metadata).name)
  const place = name === 'mlflow' ? name : `mlflow-${name}`
  const next = answered(answer, 'deployment').get(place)
  const namespace = textOf(mapOf(answer.status).namespace)
  const before = observedIn(request, namespace, place)
  demand(answered(answer, 'service').has(place), () => 'the Service is gone from the answer')
  if (!before) return 'none'
  checkClaims(request, answer)
  const { available } = podsOf(before)
  demand(next !== undefined || available === 0, () => 'the Deployment, whose pods answer, is gone from the answer')
  if (!next || available === 0) return 'none'
  demand(isPart(mapOf(mapOf(next.spec).selector), mapOf(mapOf(before.spec).selector)) || forged, () => 'the selector of the Deployment is another')
  const memory = mapOf(stateOf(next))
  checkNumber(next, before, memory)
  if (!forged) checkTemplate(next, before, memory)
  return isPart(templateOf(next), templateOf(before)) ? 'kept' : 'moved'
}

/** Only one that the API server would have let in. */
function observedIn (request: Json, namespace: string, place: string): Json | undefined {
  const found = mapOf(mapOf(request.children)[KEYS.deployment])[`${namespace}/${place}`]
  if (!isObject(found) || mapOf(found.metadata).deletionTimestamp !== undefined) return undefined
  const { containers } = mapOf(templateOf(found).spec)
  return Array.isArray(containers) && containers.length > 0 && containers.every(isObject) ? found : undefined
}

function checkNumber (next: Json, before: Json, { stage, down, before: kept }: Json): void {
  const emptied = replicasOf(next) === 0 && replicasOf(before) !== 0
  // Of what was never known to fit the databases, somebody may have asked for pods by hand.
  const isUnknown = kept === undefined && textOf(stage) !== 'Settled' && textOf(stage) !== 'RollingOut'
  demand(!emptied || down === true || isUnknown || DOWN.includes(textOf(stage)), () => `pods that answer are taken away in stage ${textOf(stage) || 'none'}`)
}

/** What is looked at is left as it is: a Job that fails has touched nobody. */
function checkTemplate (next: Json, before: Json, { stage, before: kept }: Json): void {
  if (!LOOKING.includes(textOf(stage)) || textOf(mapOf(stateOf(before)).stage) !== stage) return
  demand(kept === undefined || isPart(templateOf(next), mapOf(mapOf(kept).template)), () => `pods are replaced in stage ${textOf(stage)}`)
}

/** A volume of this object goes with the object, and never with an edit. */
function checkClaims (request: Json, answer: Answer): void {
  const claims = answered(answer, 'volume')
  const pods = [...answered(answer, 'deployment').values()].flatMap((deployment) => claimsOf(templateOf(deployment)))
  for (const [place, claim] of Object.entries(mapOf(mapOf(request.children)[KEYS.volume]))) {
    const name = place.slice(place.indexOf('/') + 1)
    if (mapOf(mapOf(claim).metadata).deletionTimestamp !== undefined || !pods.includes(name)) continue
    demand(claims.has(name), () => `volume ${name}, which pods mount, is gone from the answer`)
  }
}
