// What leads to an MLflow server from outside, and under which address it says it is.
import t from 'tap'
import { addressUrl, externalHost, externalOrigin, externalUrl } from '../../../hooks/mlflow/place.ts'
import { makeConsoleLink } from '../../../hooks/mlflow/resources/console-link.ts'
import { makeHttpRoute } from '../../../hooks/mlflow/resources/http-route.ts'
import { makeIngress } from '../../../hooks/mlflow/resources/ingress.ts'
import { makeDestinationRule, makeVirtualService } from '../../../hooks/mlflow/resources/virtual-service.ts'
import { only, partRequest } from './part-request.ts'

const API = 'gateway.networking.k8s.io'
const G = { externalUrl: 'https://g/' }
const backendRefs = (name: string) => [{ group: '', kind: 'Service', name, port: 8443, weight: 1 }]
const rule = (name: string, prefix = `/${name}`) => ({ matches: [{ path: { type: 'PathPrefix', value: prefix } }], backendRefs: backendRefs(name) })

t.test('53, 54, D15, D16: addresses', async (t) => {
  const rows: Array<{ name: string, given: Parameters<typeof partRequest>[0], address?: string, url: string | undefined }> = [
    { name: 'inside the cluster, the Service', given: {}, address: 'https://mlflow.test-ns.svc:8443/mlflow', url: undefined },
    { name: 'of another object, with its own prefix', given: { name: 'team', platform: G }, address: 'https://mlflow-team.test-ns.svc:8443/mlflow-team', url: 'https://g/mlflow-team' },
    { name: 'without TLS, http', given: { spec: { tls: { mode: 'Off' } } }, address: 'http://mlflow.test-ns.svc:8443/mlflow', url: undefined },
    { name: 'without the Gateway API there is none outside', given: { platform: G, without: ['gatewayApi'] }, url: undefined },
    { name: 'a slash at the end of the base is one slash', given: { platform: G }, url: 'https://g/mlflow' },
    { name: 'a path of the base stays', given: { platform: { externalUrl: 'https://g/base' } }, url: 'https://g/base/mlflow' },
    { name: 'a host of its own is that', given: { platform: { externalUrl: 'https://g/base' }, spec: { ingress: { host: 'ml.example.com' } } }, url: 'https://ml.example.com/mlflow' },
    { name: "the platform's host said again changes nothing", given: { platform: { externalUrl: 'https://g:8443/base/' }, spec: { ingress: { host: 'g' } } }, url: 'https://g:8443/base/mlflow' },
    { name: 'an Ingress without a certificate is http', given: { spec: { ingress: { mode: 'Ingress', host: 'ml.example.com' } } }, url: 'http://ml.example.com/mlflow' },
    { name: 'with one, https', given: { spec: { ingress: { mode: 'Ingress', host: 'ml.example.com', tlsSecretName: 'ml' } } }, url: 'https://ml.example.com/mlflow' },
    { name: 'a VirtualService is one where there is Istio', given: { platform: G, spec: { ingress: { mode: 'VirtualService' } }, without: ['istio'] }, url: undefined },
    { name: 'no way in, no address', given: { platform: G, spec: { ingress: { mode: 'None' } } }, url: undefined }
  ]
  for (const { name, given, address, url } of rows) {
    t.equal(externalUrl(partRequest(given)), url, name)
    if (address) t.equal(addressUrl(partRequest(given)), address, name)
  }
  const request = partRequest({ platform: { externalUrl: 'https://g:8443/base' } })
  t.strictSame([externalOrigin(request), externalHost(request)], ['https://g:8443', 'g:8443'])
})

t.test("an HTTPRoute leads from the platform's gateway to the server, with all that the API server would add", async (t) => {
  const { metadata, spec } = only(makeHttpRoute(partRequest()))
  t.strictSame([metadata.name, metadata.namespace, metadata.labels?.app], ['mlflow', 'test-ns', 'mlflow'])
  t.strictSame(spec, { parentRefs: [{ group: API, kind: 'Gateway', name: 'data-science-gateway', namespace: 'openshift-ingress' }], rules: [rule('mlflow')] })
  const own = partRequest({ name: 'team', platform: { gateway: { name: 'public', namespace: 'gateways' } }, spec: { ingress: { host: 'ml.example.com', gateway: { name: 'inner' }, annotations: { 'a.example/b': 'c', 'no key': 'd' } } } })
  t.strictSame(only(makeHttpRoute(own)).spec, { parentRefs: [{ group: API, kind: 'Gateway', name: 'inner', namespace: 'gateways' }], hostnames: ['ml.example.com'], rules: [rule('mlflow-team')] })
  t.strictSame(only(makeHttpRoute(own)).metadata.annotations, { 'a.example/b': 'c' })
  t.equal(makeHttpRoute(partRequest({ without: ['gatewayApi'] })), undefined)
  t.equal(makeHttpRoute(partRequest({ spec: { ingress: { mode: 'Ingress' } } })), undefined)
})

t.test('D17: traces go to the top only where MLflow is known to serve them there alone', async (t) => {
  const filters = [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v1' } } }]
  const rewritten = [{ ...rule('mlflow', '/mlflow/v1'), filters }, rule('mlflow')]
  const rows = [
    ...['3.10.1', '3.15.0', 'v3.14.0', '2.22.0'].map((version) => ({ version, want: rewritten })),
    ...['3.16.0', '3.17.2', '4.0.0', 'nightly', undefined].map((version) => ({ version, want: [rule('mlflow')] }))
  ]
  for (const { version, want } of rows) t.strictSame(only<{ rules: object[] }>(makeHttpRoute(partRequest(), version)).spec.rules, want, String(version))
})

t.test('a VirtualService leads to the server without a change of paths, and the gateway speaks TLS to it', async (t) => {
  const given = { platform: { externalUrl: 'https://g:444/base' }, spec: { ingress: { mode: 'VirtualService', gateway: { namespace: 'istio-system', name: 'public' } } } }
  t.strictSame(only(makeVirtualService(partRequest(given))).spec, {
    gateways: ['istio-system/public'],
    hosts: ['g'],
    http: [{
      match: [{ uri: { exact: '/mlflow' } }, { uri: { prefix: '/mlflow/' } }],
      route: [{ destination: { host: 'mlflow.test-ns.svc.cluster.local', port: { number: 8443 } } }]
    }]
  })
  t.strictSame(only(makeDestinationRule(partRequest(given))).spec, { host: 'mlflow.test-ns.svc.cluster.local', trafficPolicy: { tls: { mode: 'SIMPLE', insecureSkipVerify: true } } })
  t.equal(makeDestinationRule(partRequest({ ...given, spec: { ...given.spec, tls: { mode: 'Off' } } })), undefined, 'plain HTTP needs none')
  for (const make of [makeVirtualService, makeDestinationRule]) {
    t.equal(make(partRequest({ ...given, without: ['istio'] })), undefined)
    t.equal(make(partRequest({ spec: { ingress: { mode: 'Ingress' } } })), undefined)
  }
  t.equal(makeVirtualService(partRequest()), undefined)
  t.strictSame(only(makeDestinationRule(partRequest())), only(makeDestinationRule(partRequest(given))), 'so does a gateway of Istio to which an HTTPRoute belongs')
  t.equal(makeDestinationRule(partRequest({ without: ['gatewayApi'] })), undefined, 'no HTTPRoute, no rule')
})

t.test('an Ingress leads to the server, and nginx is told of TLS and of large artifacts', async (t) => {
  const { metadata, spec } = only(makeIngress(partRequest({ spec: { ingress: { mode: 'Ingress', host: 'ml.example.com', className: 'nginx', tlsSecretName: 'ml', annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '5g', 'sluice.dev/state': '{}' } } } })))
  t.strictSame(metadata.annotations, { 'nginx.ingress.kubernetes.io/proxy-body-size': '5g', 'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS' }, "the user's win, and no key of ours is the user's")
  t.strictSame(spec, {
    ingressClassName: 'nginx',
    rules: [{ host: 'ml.example.com', http: { paths: [{ path: '/mlflow', pathType: 'Prefix', backend: { service: { name: 'mlflow', port: { number: 8443 } } } }] } }],
    tls: [{ hosts: ['ml.example.com'], secretName: 'ml' }]
  })
  const plain = only<{ rules: Array<{ host?: string }>, tls?: object[] }>(makeIngress(partRequest({ spec: { ingress: { mode: 'Ingress' }, tls: { mode: 'Off' } } })))
  t.strictSame([plain.metadata.annotations, plain.spec.rules[0]?.host, plain.spec.tls], [{ 'nginx.ingress.kubernetes.io/proxy-body-size': '0' }, undefined, undefined])
  t.equal(makeIngress(partRequest()), undefined)
})

t.test("D15: OpenShift's console links to the address outside, if there is one with TLS", async (t) => {
  const { metadata, spec } = only<{ text: string, href: string, location: string, applicationMenu: { section: string, imageURL: string } }>(makeConsoleLink(partRequest({ platform: { ...G, sectionTitle: 'AI' } })))
  t.strictSame([metadata.name, metadata.namespace, spec.location, spec.text, spec.href, spec.applicationMenu.section], ['mlflow', undefined, 'ApplicationMenu', 'MLflow', 'https://g/mlflow', 'AI'])
  t.match(decodeURIComponent(spec.applicationMenu.imageURL), /^data:image\/svg\+xml,<svg .*<\/svg>$/)
  t.strictSame(only<{ text: string }>(makeConsoleLink(partRequest({ name: 'team', platform: G }))).spec.text, 'MLflow team')
  for (const given of [{}, { platform: { externalUrl: 'http://g' } }, { platform: G, without: ['openshift'] }]) t.equal(makeConsoleLink(partRequest(given)), undefined)
})
