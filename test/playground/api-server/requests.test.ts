// What requests mean: paths, selectors, representations.
import t from 'tap'
import { parseRequest } from '../../../playground/api-server/request-info.ts'
import { parseSelectors } from '../../../playground/api-server/selectors.ts'
import { comparePriority } from '../../../playground/api-server/discovery.ts'
import { humanAge, makeTable, toJsonPath } from '../../../playground/api-server/table.ts'
import { makeWorld, refusal, widget } from './widgets.ts'

t.test('paths', (t) => {
  const rows: { name: string, method: string, url: string, want: object }[] = [
    { name: 'a list in all namespaces', method: 'GET', url: '/api/v1/pods', want: { verb: 'list', group: '', version: 'v1', plural: 'pods', namespace: undefined, name: undefined, subresource: undefined } },
    { name: 'a watch in one', method: 'GET', url: '/apis/g/v1/namespaces/n/widgets?watch=1', want: { verb: 'watch', group: 'g', version: 'v1', plural: 'widgets', namespace: 'n', name: undefined, subresource: undefined } },
    { name: 'one object', method: 'GET', url: '/apis/g/v1/namespaces/n/widgets/a', want: { verb: 'get', group: 'g', version: 'v1', plural: 'widgets', namespace: 'n', name: 'a', subresource: undefined } },
    { name: 'its status', method: 'PUT', url: '/apis/g/v1/namespaces/n/widgets/a/status', want: { verb: 'update', group: 'g', version: 'v1', plural: 'widgets', namespace: 'n', name: 'a', subresource: 'status' } },
    { name: 'a namespace itself', method: 'GET', url: '/api/v1/namespaces/n', want: { verb: 'get', group: '', version: 'v1', plural: 'namespaces', namespace: undefined, name: 'n', subresource: undefined } },
    { name: 'the status of a namespace', method: 'PATCH', url: '/api/v1/namespaces/n/status', want: { verb: 'patch', group: '', version: 'v1', plural: 'namespaces', namespace: undefined, name: 'n', subresource: 'status' } },
    { name: 'deleting many', method: 'DELETE', url: '/api/v1/namespaces/n/pods', want: { verb: 'deletecollection', group: '', version: 'v1', plural: 'pods', namespace: 'n', name: undefined, subresource: undefined } },
    { name: 'discovery is no resource', method: 'GET', url: '/apis/g/v1', want: { verb: 'other', group: 'g', version: 'v1', plural: '', namespace: undefined, name: undefined, subresource: undefined } },
    { name: 'nor is anything else', method: 'GET', url: '/version', want: { verb: 'other', group: '', version: '', plural: '', namespace: undefined, name: undefined, subresource: undefined } }
  ]
  for (const row of rows) {
    const { query, path, method, ...parsed } = parseRequest(row.method, row.url)
    t.same(parsed, row.want, row.name)
  }
  t.end()
})

t.test('selectors', (t) => {
  const object = widget('a', {}, { labels: { app: 'x', tier: 'web', n: '5' } })
  const rows: { name: string, labels?: string, fields?: string, want: boolean }[] = [
    { name: 'nothing selects all', want: true },
    { name: 'equality', labels: 'app=x', want: true },
    { name: 'double equality', labels: 'app==y', want: false },
    { name: 'inequality', labels: 'app!=y', want: true },
    { name: 'inequality holds where the key is absent', labels: 'zone!=a', want: true },
    { name: 'a set', labels: 'app in (y, x),tier notin (db)', want: true },
    { name: 'existence', labels: 'app,!zone', want: true },
    { name: 'greater and less', labels: 'n>4,n<5', want: false },
    { name: 'a field', fields: 'metadata.name=a', want: true },
    { name: 'a field that must differ', fields: 'metadata.name!=a', want: false },
    { name: 'a field that the kind allows', fields: 'spec.colour=red', want: true }
  ]
  for (const row of rows) t.equal(parseSelectors(row.labels ?? null, row.fields ?? null, ['spec.colour'])(object), row.want, row.name)
  t.equal(refusal(() => parseSelectors('a b', null, []))?.code, 400, 'nonsense is refused')
  t.equal(refusal(() => parseSelectors(null, 'spec.size=1', []))?.code, 400, 'a field that the kind does not allow is refused')
  t.end()
})

t.test('tables', (t) => {
  const { widgets } = makeWorld()
  const made = widget('a', { size: 3 }, { creationTimestamp: '2026-01-01T00:00:00Z' })
  const object = { ...made, status: { conditions: [{ type: 'Other', status: 'Unknown' }, { type: 'Ready', status: 'True' }] } }
  const table = makeTable(widgets, [object], { resourceVersion: '7' }, { now: Date.parse('2026-01-01T00:05:30Z'), shown: () => null })
  t.same(table.columnDefinitions.map((column) => `${column.name} ${column.type} ${column.priority}`), ['Name string 0', 'Size integer 0', 'Ready string 0', 'Note string 1', 'Age date 0'])
  t.same(table.rows, [{ cells: ['a', 3, 'True', null, '5m30s'], object: null }])
  t.equal(toJsonPath('.metadata.annotations.sluice\\.dev/x'), "$.metadata.annotations['sluice.dev/x']", 'escaped dots belong to the name')
  t.same([5, 150, 700, 7300, 90_000, 400_000].map(humanAge), ['5s', '2m30s', '11m', '121m', '25h', '4d'])
  t.end()
})

t.test('versions are preferred as Kubernetes does', (t) => {
  t.same(['v1alpha1', 'v1', 'v2', 'v1beta2', 'v1beta10', 'other'].sort(comparePriority), ['v2', 'v1', 'v1beta10', 'v1beta2', 'v1alpha1', 'other'])
  t.end()
})
