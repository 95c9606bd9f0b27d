// Requests of megabytes, each large in one way: what is linear stays short, what is not holds a server up.
import fc from 'fast-check'
import { goldens } from './goldens.ts'
import { childrenIn, closeTexts, isObject, type Json } from './tree.ts'

type Make = (request: Json, bytes: number) => void

const times = (count: number, make: (index: number) => unknown) => Array.from({ length: Math.max(1, Math.floor(count)) }, (_, index) => make(index))
const keys = (bytes: number, value: unknown, each = JSON.stringify(value).length + 14) => Object.fromEntries(times(bytes / each, (index) => [`key-${index}`, value] as const) as Array<[string, unknown]>)

/** The object at a path, made where it is missing. */
function at (root: Json, ...path: string[]): Json {
  return path.reduce<Json>((object, key) => {
    if (!isObject(object[key])) object[key] = {}
    return object[key] as Json
  }, root)
}

function child (request: Json): Json {
  return childrenIn(request)[0] ?? {}
}

const spoilt = (text: string, bytes: number) => text.repeat(Math.ceil(bytes / text.length))

const SHAPES: Record<string, Make> = {
  'many children': (request, bytes) => { at(request, 'children')['ConfigMap.v1'] = keys(bytes, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'models' } }) },
  'many related objects': (request, bytes) => { request.related = { 'ConfigMap.v1': keys(bytes, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'models' } }) } },
  'many managed fields': (request, bytes) => { at(child(request), 'metadata').managedFields = times(bytes / 40, () => ({ time: '2026-09-21T14:13:20Z' })) },
  'many status writes': (request, bytes) => { at(child(request), 'metadata').managedFields = times(bytes / 60, () => ({ subresource: 'status', time: '2026-09-21T14:13:20Z' })) },
  'many annotations': (request, bytes) => Object.assign(at(request, 'parent', 'metadata', 'annotations'), keys(bytes, 'x')),
  'many annotations of a child': (request, bytes) => Object.assign(at(child(request), 'metadata', 'annotations'), keys(bytes, 'x')),
  'a long fact': (request, bytes) => { at(request, 'parent', 'metadata', 'annotations')['sluice.dev/registry'] = `{"server":"${spoilt('x', bytes)}"}` },
  'a long clock': (request, bytes) => { at(request, 'parent', 'metadata', 'annotations')['sluice.dev/clock'] = spoilt('2026-09-21T', bytes) },
  'a long command': (request, bytes) => { at(request, 'parent', 'metadata', 'annotations')['sluice.dev/promote'] = spoilt('-1', bytes) },
  'long memory': (request, bytes) => { at(child(request), 'metadata', 'annotations')['sluice.dev/state'] = `{"sequence":1,"counter":1,"x":${spoilt('[', bytes / 2)}${spoilt(']', bytes / 2)}}` },
  'memory with many failures': (request, bytes) => { at(child(request), 'metadata', 'annotations')['sluice.dev/state'] = JSON.stringify({ sequence: 1, counter: 1, failedVersions: times(bytes / 60, () => ({ version: '1', createdAt: '2026-01-05T10:00:00.125Z' })) }) },
  'a long template': (request, bytes) => { at(request, 'parent', 'spec', 'serving').modelUri = spoilt('{uri}', bytes) },
  'a long duration': (request, bytes) => { at(request, 'parent', 'spec', 'rollout').progressDeadline = spoilt('1s', bytes) },
  'a long name of a Secret': (request, bytes) => { at(request, 'parent', 'spec').minioSecret = spoilt('a', bytes) + '!' },
  'a long alias': (request, bytes) => { at(request, 'parent', 'spec').modelAlias = spoilt('a', bytes) },
  'a long name': (request, bytes) => { at(request, 'parent', 'metadata').name = spoilt('a-', bytes) },
  'a long namespace': (request, bytes) => { at(request, 'parent', 'metadata').namespace = spoilt('a-', bytes) + '!' },
  'many steps': (request, bytes) => { at(request, 'parent', 'spec', 'rollout').steps = times(bytes / 3, (index) => index) },
  'many wrong steps': (request, bytes) => { at(request, 'parent', 'spec', 'rollout').steps = times(bytes / 4, () => 'x') },
  'many variables': (request, bytes) => { at(request, 'parent', 'spec', 'serving').env = times(bytes / 30, (index) => ({ name: `A${index}`, value: 'x' })) },
  'many metrics': (request, bytes) => { at(request, 'parent', 'spec', 'analysis').metrics = times(bytes / 40, (index) => ({ name: `a${index}`, max: '1' })) },
  'many resources': (request, bytes) => { at(request, 'parent', 'spec', 'serving', 'resources').limits = keys(bytes, '500m') },
  'many serving annotations': (request, bytes) => { at(request, 'parent', 'spec', 'serving', 'seldon').annotations = keys(bytes, 'x') },
  'many unknown fields': (request, bytes) => Object.assign(at(request, 'parent', 'spec'), keys(bytes, null)),
  'many conditions': (request, bytes) => { at(request, 'parent', 'status').conditions = times(bytes / 80, (index) => ({ type: `A${index}`, status: 'True', reason: 'A', message: '', lastTransitionTime: '2026-09-21T14:13:20Z' })) },
  'many failures': (request, bytes) => { at(request, 'parent', 'status').failedVersions = times(bytes / 100, () => ({ version: '1', createdAt: '2026-01-05T10:00:00.125Z', rollout: 'a', at: '2026-01-05T10:00:00Z', reason: 'A' })) },
  'many predictors': (request, bytes) => { at(child(request), 'spec').predictors = times(bytes / 90, (index) => ({ name: `p${index}`, traffic: 1, annotations: { version: '1', 'sluice.dev/created-at': '2026-01-05T10:00:00.125Z' } })) },
  'many deployments': (request, bytes) => { at(child(request), 'status').deploymentStatus = Object.fromEntries(times(bytes / 60, (index) => [`bank-churn-v${index}-a-b-c`, { replicas: 1 }]) as Array<[string, unknown]>) },
  'many predictors and deployments': (request, bytes) => {
    at(child(request), 'spec').predictors = times(bytes / 60, (index) => ({ name: `v${index}`, traffic: 1 }))
    at(child(request), 'status').deploymentStatus = keys(bytes / 2, { replicas: 1 }, 40)
  },
  'a name of many dashes': (request, bytes) => { at(child(request), 'status').serviceStatus = { [`bank-churn-v${spoilt('-', bytes)}`]: {} } },
  'many router conditions': (request, bytes) => { at(child(request), 'status').conditions = times(bytes / 80, () => ({ type: 'istioVirtualServicesReady', status: 'True', lastTransitionTime: '2026-09-21T14:13:20Z' })) },
  'a long transition': (request, bytes) => { at(child(request), 'status').conditions = [{ type: 'istioVirtualServicesReady', status: 'True', lastTransitionTime: spoilt(',', bytes) }] },
  'a long description': (request, bytes) => Object.assign(at(child(request), 'status'), { state: 'Failed', description: spoilt('bearer =', bytes) }),
  'many child resources': (request, bytes) => { at(request, 'controller', 'spec').childResources = times(bytes / 40, () => ({ apiVersion: 'v1', resource: 'configmaps' })) }
}

/** Shapes that are no request at all, as text. */
const TEXTS: Record<string, (bytes: number) => string> = {
  'no JSON': (bytes) => spoilt('x', bytes),
  spaces: (bytes) => spoilt(' ', bytes) + '{}',
  'open brackets': (bytes) => spoilt('[', bytes),
  'deep brackets': (bytes) => spoilt('[', bytes / 2) + spoilt(']', bytes / 2),
  'deep objects': (bytes) => `${spoilt('{"a":', bytes / 2)}1${'}'.repeat(Math.ceil(bytes / 2 / 5))}`,
  'one text': (bytes) => JSON.stringify(spoilt('"\\', bytes / 4)),
  'escaped text': (bytes) => `"${spoilt('\\u00e4', bytes)}"`,
  'many numbers': (bytes) => `[${spoilt('1e308,', bytes)}0]`,
  'many lists': (bytes) => `[${spoilt('[],', bytes)}0]`,
  'plain numbers': (bytes) => `[${spoilt('1,', bytes)}0]`,
  'many maps': (bytes) => `[${spoilt('{},', bytes)}0]`,
  'many keys with blanks': (bytes) => `{${spoilt('"a" :1,', bytes)}"b":1}`,
  'keys that end with a backslash': (bytes) => `{${spoilt('"a\\\\":1,', bytes)}"b":1}`,
  'quotes and blanks': (bytes) => JSON.stringify(spoilt('"   ', bytes)),
  backslashes: (bytes) => JSON.stringify(spoilt('\\', bytes / 2)),
  'many keys': (bytes) => JSON.stringify(keys(bytes, 1)),
  'the same key': (bytes) => `{${spoilt('"parent":{},', bytes)}"a":1}`,
  'many prototypes': (bytes) => `{"parent":{${spoilt('"__proto__":{"a":1},', bytes)}"a":1}}`
}

export const SHAPE_NAMES = [...Object.keys(SHAPES), ...Object.keys(TEXTS)]

export type Large = { shape: string, megabytes: number, kind: string, begin: number }

export const large: fc.Arbitrary<Large> = fc.record({
  shape: fc.constantFrom(...SHAPE_NAMES),
  megabytes: fc.constantFrom(9, 9, 3, 0.3),
  // Asked for late: which kinds there are is chosen after this is loaded.
  kind: fc.nat().map((which) => goldens().map(({ kind }) => kind.resource.plural)[which % goldens().length] ?? ''),
  begin: fc.nat()
})

export function textOfLarge ({ shape, megabytes, kind, begin }: Large): string {
  const bytes = megabytes * 2 ** 20
  const text = TEXTS[shape]
  if (text) return text(bytes)
  const inputs = goldens().find((golden) => golden.kind.resource.plural === kind)?.inputs ?? []
  const withChild = inputs.filter((input) => childrenIn(input).length > 0)
  const request = structuredClone(withChild[begin % withChild.length] ?? {})
  SHAPES[shape]?.(request, bytes)
  closeTexts(request)
  return JSON.stringify(request)
}
