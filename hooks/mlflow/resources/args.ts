// The command line of the server. No address of a database stands in it, for a command line is read by more people than an environment.
import { externalHost, PORT, serviceHosts, staticPrefixOf, type Request } from '../place.ts'
import { hasMetrics } from '../metrics.ts'
import { isOne } from './environment.ts'
import { METRICS_FOLDER, TLS_FOLDER } from './paths.ts'

export function serverArguments (request: Request): string[] {
  const { spec } = request.parent
  return [
    'server',
    ...artifacts(request),
    ...spec.defaultArtifactRoot ? [`--default-artifact-root=${spec.defaultArtifactRoot}`] : [],
    ...application(request),
    '--host=0.0.0.0',
    `--port=${PORT}`,
    `--workers=${spec.workers}`,
    `--uvicorn-opts=${[...certificate(request), '--proxy-headers', '--forwarded-allow-ips=*'].join(' ')}`,
    `--allowed-hosts=${allowedHosts(request).join(',')}`,
    `--static-prefix=${staticPrefixOf(request.parent)}`,
    ...hasMetrics(request) ? [`--expose-prometheus=${METRICS_FOLDER}`] : []
  ]
}

function artifacts ({ parent: { spec } }: Request): string[] {
  return spec.serveArtifacts ? ['--serve-artifacts', `--artifacts-destination=${spec.artifactsDestination || 'file:///mlflow/artifacts'}`] : ['--no-serve-artifacts']
}

/** Workspaces are namespaces, and only the Kubernetes plugin has them. */
function application ({ parent: { spec: { auth } } }: Request): string[] {
  switch (auth.mode) {
    case 'Kubernetes': return ['--app-name=kubernetes-auth', '--enable-workspaces', '--workspace-store-uri=kubernetes://']
    case 'Basic': return ['--app-name=basic-auth']
    case 'None': return []
    default: return auth.mode satisfies never
  }
}

function certificate ({ parent: { spec: { tls } } }: Request): string[] {
  return tls.mode === 'Off' ? [] : [`--ssl-keyfile=${TLS_FOLDER}/tls.key`, `--ssl-certfile=${TLS_FOLDER}/tls.crt`]
}

/**
 * Names under which the server may be called: MLflow refuses others, so that no page of a stranger reaches it through a browser inside the network. The pod's
 * address is among them, for the kubelet and Prometheus call that; the kubelet puts it in.
 */
function allowedHosts (request: Request): string[] {
  const withPort = (host: string) => [host, `${host}:${PORT}`]
  const outside = externalHost(request) ?? ''
  const extra = request.parent.spec.extraAllowedHosts ?? []
  const hosts = [
    ...serviceHosts(request).flatMap(withPort),
    ...outside ? [outside, outside.replace(/:\d+$/, '')] : [],
    'localhost', 'localhost:*', '127.0.0.1', '127.0.0.1:*',
    ...withPort('$(POD_IP)'), `[$(POD_IP)]:${PORT}`,
    // One that stands for all names would end what the list is for.
    ...extra.map((host) => host.trim()).filter((host) => isOne(host) && !/^\*+(:\*+)?$/.test(host))
  ]
  return [...new Set(hosts)]
}
