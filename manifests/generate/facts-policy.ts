// The admission policy that keeps facts to the poller: RBAC knows no annotations, so whoever may edit an object could write them.
import { API_GROUP, type Kind } from '../../hooks/core/kind.ts'
import { FACTS } from '../../hooks/core/labels.ts'

const GROUP = 'admissionregistration.k8s.io'
const API = `${GROUP}/v1`

/** Spec of the policy but for whom it spares. */
export type FactsPolicy = { failurePolicy: string, matchConstraints: object, variables: object[], validations: object[] }

/**
 * Refuses facts that are new or changed. To take one away is allowed, for it does no harm (the poller writes it anew), and `kubectl replace` and
 * GitOps tools that replace objects do it. The subresource status is another resource, so writes of it are never asked about.
 */
export function makeFactsPolicy (kinds: Kind[]): FactsPolicy {
  const facts = `[${Object.values(FACTS).map((key) => `'${key}'`).join(', ')}]`
  return {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules: [{ apiGroups: [API_GROUP], apiVersions: ['*'], resources: kinds.map(({ resource }) => resource.plural), operations: ['CREATE', 'UPDATE'] }] },
    variables: [
      { name: 'before', expression: 'oldObject == null ? {} : oldObject.metadata.?annotations.orValue({})' },
      { name: 'after', expression: 'object.metadata.?annotations.orValue({})' },
      { name: 'written', expression: `${facts}.filter(key, key in variables.after && variables.after[?key] != variables.before[?key])` }
    ],
    validations: [{
      expression: 'variables.written.size() == 0',
      reason: 'Forbidden',
      messageExpression: "variables.written.join(', ') + ': only the poller of Sluice writes this. Take it out of what you apply; the poller writes it anew where it is missing'"
    }]
  }
}

/** The policy and what puts it in force, sparing these users. */
export function makeFactsPolicyObjects (policy: FactsPolicy, metadata: { name: string }, spared: string[]): object[] {
  return [
    { apiVersion: API, kind: 'ValidatingAdmissionPolicy', metadata, spec: { ...policy, matchConditions: [{ name: 'not-the-poller', expression: `!(request.userInfo.username in ${JSON.stringify(spared)})` }] } },
    { apiVersion: API, kind: 'ValidatingAdmissionPolicyBinding', metadata, spec: { policyName: metadata.name, validationActions: ['Deny'] } }
  ]
}
