// All that stands around the server's Deployment: one line each.
import type { Template } from '../core/pod-template.ts'
import type { Child } from '../core/request.ts'
import type { Request } from './place.ts'
import { makeAutoscaler } from './resources/autoscaler.ts'
import { makeCertificate } from './resources/certificate.ts'
import { makeClaim } from './resources/claim.ts'
import { makeClusterRole, makeServiceAccount } from './resources/service-account.ts'
import { makeConsoleLink } from './resources/console-link.ts'
import { makeDisruptionBudget } from './resources/disruption-budget.ts'
import { makeGarbageCollection } from './resources/garbage-collection.ts'
import { makeHttpRoute } from './resources/http-route.ts'
import { makeIngress } from './resources/ingress.ts'
import { makeClaimPolicy, makeMigrationPolicy, makeServerPolicy } from './resources/network-policy.ts'
import { makeService } from './resources/service.ts'
import { makeNamespaceAccess } from './resources/namespace-access.ts'
import { makeServiceMonitor } from './resources/service-monitor.ts'
import { keepConfig, makeTraceArchival } from './resources/trace-archival.ts'
import { makeDestinationRule, makeVirtualService } from './resources/virtual-service.ts'

/** `version`: that of the MLflow that serves, where it is known. `kept`: the pod template that runs in place of the spec's. */
export type Running = { version?: string, kept?: Template }

export type Part = (request: Request, running: Running) => Child[] | Child | undefined

export const PARTS: Part[] = [
  makeService,
  (request, { kept }) => makeServiceAccount(request, kept),
  (request, { kept }) => makeClusterRole(request, kept),
  makeClaim,
  makeServerPolicy,
  makeMigrationPolicy,
  makeClaimPolicy,
  (request, { version }) => makeHttpRoute(request, version),
  makeVirtualService,
  makeDestinationRule,
  makeIngress,
  makeCertificate,
  makeServiceMonitor,
  makeConsoleLink,
  makeAutoscaler,
  makeDisruptionBudget,
  makeGarbageCollection,
  makeTraceArchival,
  (request, { kept }) => keepConfig(request, kept),
  makeNamespaceAccess
]
