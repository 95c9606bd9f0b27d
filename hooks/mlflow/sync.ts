// One sync of an MLflow server: observe, decide, build, report.
import { believedFacts } from '../core/believed-facts.ts'
import { factInstants } from '../core/facts.ts'
import { UnprocessableError } from '../core/kind.ts'
import { mayReturn, newestInstant, type SyncResponse } from '../core/request.ts'
import { CHILDREN } from './children.ts'
import { makeChildren } from './make-children.ts'
import { inItsNamespace } from './own-namespace.ts'
import type { Request } from './place.ts'
import { planOf } from './plan.ts'
import type { Status } from './schema/status.ts'
import { computeStatus } from './status.ts'

/** Answers one sync. The same request always gets the same answer. */
export function sync (call: Request): SyncResponse<Status> {
  checkController(call)
  const request = inItsNamespace(call)
  const told = believedFacts(request)
  const now = newestInstant(request, factInstants(told))
  const plan = planOf(request, told, now)
  return {
    status: computeStatus(request, plan, { told, now }),
    children: makeChildren(request, plan)
  }
}

/** Half of the children would be worse than none: what is there then stays as it is. Those of other projects are left out where they are not installed. */
function checkController (request: Request): void {
  const missing = CHILDREN.find((child) => child.capability === undefined && !mayReturn(request, child))
  if (missing) throw new UnprocessableError(`The controller sluice-mlflows does not list ${missing.resource} of ${missing.apiVersion}; install the chart or bundle of this release again`)
}
