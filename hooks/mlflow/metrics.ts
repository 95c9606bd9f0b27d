// Whether the server collects metrics: only where somebody is there to fetch them, for they cost memory and a place to write to.
import { mayReturn } from '../core/request.ts'
import { SERVICE_MONITOR } from './children.ts'
import type { Request } from './place.ts'

/** MLflow asks for a user and his password at /metrics, too, where it has users of its own: no Prometheus has them. */
export function hasMetrics (request: Request): boolean {
  const { serviceMonitor, auth } = request.parent.spec
  return serviceMonitor.enabled && auth.mode !== 'Basic' && mayReturn(request, SERVICE_MONITOR)
}
