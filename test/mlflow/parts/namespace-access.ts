// Who may use an MLflow server in which workspace.
import t from 'tap'
import type { KubeObject } from '../../../hooks/core/request.ts'
import { customize } from '../../../hooks/mlflow/customize.ts'
import { lookAtAccess, makeNamespaceAccess } from '../../../hooks/mlflow/resources/namespace-access.ts'
import { partRequest } from './part-request.ts'

const RBAC = 'rbac.authorization.k8s.io'
const ON = { namespaceAccess: true }
const LAST_APPLIED = 'metacontroller.k8s.io/last-applied-configuration'

const namespace = (name: string, metadata: object = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } })
const auth = (spec: object): KubeObject => ({ apiVersion: 'services.platform.opendatahub.io/v1alpha1', kind: 'Auth', metadata: { name: 'auth' }, spec })
const groups = (...names: string[]) => names.map((name) => ({ apiGroup: RBAC, kind: 'Group', name }))
const roleRef = (name: string) => ({ apiGroup: RBAC, kind: 'ClusterRole', name })

const GROUPS = auth({ allowedGroups: ['system:authenticated'], adminGroups: ['rhods-admins'] })

/** The bindings that are answered, without what all of them have. */
function bindings (given: Parameters<typeof partRequest>[0]): object[] {
  return makeNamespaceAccess(partRequest(given)).map(({ metadata: { name, namespace }, roleRef, subjects }) => ({ name, namespace, role: (roleRef as { name: string }).name, subjects }))
}

t.test('66: labelled namespaces have two bindings for the groups of Auth', async (t) => {
  const [first] = makeNamespaceAccess(partRequest({ platform: ON, related: [namespace('ds'), GROUPS] }))
  t.strictSame(first, {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'odh-group-mlflow-view', namespace: 'ds', labels: { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/parent': 'mlflow.mlflow', app: 'mlflow', component: 'mlflow' } },
    roleRef: roleRef('sluice-mlflow-view'),
    subjects: groups('system:authenticated', 'rhods-admins')
  })
  const rows: Array<{ name: string, auth: object, want: Array<string[] | undefined> }> = [
    { name: 'who administers may look and edit, who is allowed may look', auth: { allowedGroups: ['a'], adminGroups: ['b'] }, want: [['a', 'b'], ['b']] },
    { name: 'a group of both is named once', auth: { allowedGroups: ['a', 'b'], adminGroups: ['b', 'b'] }, want: [['a', 'b'], ['b']] },
    { name: 'no groups are bindings for nobody', auth: { allowedGroups: [], adminGroups: [] }, want: [undefined, undefined] },
    { name: 'so are names that are empty', auth: { allowedGroups: [' '] }, want: [undefined, undefined] }
  ]
  for (const { name, auth: spec, want } of rows) {
    const subjects = makeNamespaceAccess(partRequest({ platform: ON, related: [namespace('ds'), auth(spec)] })).map(({ subjects }) => (subjects as Array<{ name: string }> | undefined)?.map(({ name }) => name))
    t.strictSame(subjects, want, name)
  }
  t.strictSame(bindings({ name: 'team', platform: { ...ON, clusterRolePrefix: 'odh-' }, related: [namespace('b'), namespace('a'), auth({})] }), [
    { name: 'odh-group-mlflow-view-team', namespace: 'a', role: 'odh-mlflow-view', subjects: undefined },
    { name: 'odh-group-mlflow-edit-team', namespace: 'a', role: 'odh-mlflow-edit', subjects: undefined },
    { name: 'odh-group-mlflow-view-team', namespace: 'b', role: 'odh-mlflow-view', subjects: undefined },
    { name: 'odh-group-mlflow-edit-team', namespace: 'b', role: 'odh-mlflow-edit', subjects: undefined }
  ], 'two MLflow objects do not share a binding')
})

t.test('67: there are none', async (t) => {
  const rows: Array<{ name: string, given: Parameters<typeof partRequest>[0] }> = [
    { name: 'where no namespace has the label', given: { platform: ON, related: [GROUPS] } },
    { name: 'without an Auth object', given: { platform: ON, related: [namespace('ds')] } },
    { name: 'in a namespace that is being deleted', given: { platform: ON, related: [namespace('ds', { deletionTimestamp: '2026-01-05T10:00:00Z' }), GROUPS] } },
    { name: 'unless the platform asks for them', given: { related: [namespace('ds'), GROUPS] } }
  ]
  for (const { name, given } of rows) t.strictSame(bindings(given), [], name)
})

t.test('67: what somebody has changed is put right', async (t) => {
  const binding = (fields: object, annotations?: object): KubeObject => ({ apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name: 'odh-group-mlflow-edit', namespace: 'ds', ...(annotations && { annotations }) } as KubeObject['metadata'], roleRef: roleRef('sluice-mlflow-edit'), subjects: groups('rhods-admins'), ...fields })
  const edits = (child: KubeObject, related = [namespace('ds'), GROUPS]) => makeNamespaceAccess(partRequest({ platform: ON, related, children: [child] })).filter(({ metadata }) => metadata.name === 'odh-group-mlflow-edit').map(({ subjects }) => subjects)
  const written = { [LAST_APPLIED]: JSON.stringify({ subjects: groups('rhods-admins', 'former-admins') }) }
  const rows: Array<{ name: string, child: KubeObject, want: unknown[] }> = [
    { name: 'as it should be, it stays', child: binding({}, written), want: [groups('rhods-admins')] },
    { name: 'of another role, it is left out, and so made anew', child: binding({ roleRef: roleRef('cluster-admin') }), want: [] },
    { name: 'subjects that are missing are written', child: binding({ subjects: [] }, written), want: [groups('rhods-admins')] },
    { name: 'a group that has left Auth was written by us, and goes', child: binding({ subjects: groups('rhods-admins', 'former-admins') }, written), want: [groups('rhods-admins')] },
    { name: 'one that somebody has added would stay, so the binding is made anew', child: binding({ subjects: groups('rhods-admins', 'strangers') }, written), want: [] },
    { name: 'so it is where the note of what was written cannot be read', child: binding({ subjects: groups('strangers') }, { [LAST_APPLIED]: 'x' }), want: [] },
    { name: 'under server-side apply the list is replaced', child: binding({ subjects: groups('rhods-admins', 'strangers') }), want: [groups('rhods-admins')] }
  ]
  for (const { name, child, want } of rows) t.strictSame(edits(child), want, name)

  const malformed = [namespace('ds'), auth({ allowedGroups: 'everybody' })]
  t.strictSame(edits(binding({ subjects: groups('some') }), malformed), [groups('some')], 'while groups cannot be read, bindings stay as they are')
  t.strictSame(bindings({ platform: ON, related: malformed }), [], 'and none is made')
  const rowsOfStatus = [[[namespace('ds'), GROUPS], 'True AccessGranted'], [malformed, 'False GroupsUnreadable'], [[namespace('ds')], 'False AuthMissing']] as const
  for (const [related, want] of rowsOfStatus) {
    const { status, reason } = lookAtAccess(partRequest({ platform: ON, related: [...related] })) ?? {}
    t.equal(`${status} ${reason}`, want)
  }
  t.equal(lookAtAccess(partRequest()), undefined)
})

t.test('it looks at workspaces and groups only where the platform asks for it', async (t) => {
  const { parent } = partRequest({ name: 'team' })
  t.strictSame(customize({ parent }), { relatedResources: [] })
  t.strictSame(customize({ parent, platform: ON }), {
    relatedResources: [
      { apiVersion: 'v1', resource: 'namespaces', labelSelector: { matchLabels: { 'opendatahub.io/global-mlflow-workspace': 'team' } } },
      { apiVersion: 'services.platform.opendatahub.io/v1alpha1', resource: 'auths', names: ['auth'] }
    ]
  })
})
