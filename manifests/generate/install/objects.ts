// All objects of the plain installation, file by file of manifests/base: what the chart gives with its default values.
import type { Kind } from '../../../hooks/core/kind.ts'
import { makeAccess } from '../roles.ts'
import { factsPolicy, metacontrollerAccess, mlflowAccess, peopleAccess, pollerAccess } from './access.ts'
import { makeDeployment } from './deployment.ts'
import { NAME, NAMESPACE } from './labels.ts'
import { makeConfig, makeDisruptionBudget, makeNamespace, makeNetworkPolicy, makeService } from './surroundings.ts'

/** Where Metacontroller finds the hooks. */
export const HOOKS_URL = `http://${NAME}.${NAMESPACE}.svc:8080`

/** Objects by file name, in the order in which they are applied. CRDs and controllers have folders of their own. */
export function makeBase (kinds: Kind[], release: string): Map<string, object[]> {
  const access = makeAccess(kinds)
  return new Map([
    ['namespace.yaml', [makeNamespace()]],
    ['access-poller.yaml', pollerAccess(access, release)],
    ['access-people.yaml', peopleAccess(access, release)],
    ['access-metacontroller.yaml', metacontrollerAccess(access, kinds, release)],
    ['access-mlflow.yaml', mlflowAccess(release)],
    ['admission-policy.yaml', factsPolicy(kinds, release)],
    ['config.yaml', [makeConfig(release)]],
    ['deployment.yaml', [makeDeployment(release, release)]],
    ['service.yaml', [makeService(release)]],
    ['disruption-budget.yaml', [makeDisruptionBudget(release)]],
    ['network-policy.yaml', [makeNetworkPolicy(release)]]
  ])
}
