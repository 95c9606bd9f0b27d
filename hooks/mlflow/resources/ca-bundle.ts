// Authorities to trust: those of the image, and those of ConfigMaps, combined into one file when a pod starts, and by a sidecar again whenever they change.
import { platformOf } from '../../core/platform.ts'
import { tlsSecretOf, type Request } from '../place.ts'
import type { Fields } from './given.ts'
import { CA_FILE, CA_FOLDERS } from './paths.ts'

/** One more place that certificates come from. */
type CaSource = { mountPath: string, volume: Fields }

/** `own`: the issuer of the server's own certificate, too, for pods that call the server. */
type Options = { own?: boolean }

const COMBINED = { name: 'combined-ca-bundle', mountPath: CA_FOLDERS.combined }

function sourcesOf (request: Request, { own = false }: Options = {}): CaSource[] {
  const { caBundleConfigMap: custom } = request.parent.spec
  const { caBundleConfigMap: platform } = platformOf(request.platform)
  return [
    ...platform ? [{ mountPath: CA_FOLDERS.platform, volume: configMap(platform) }] : [],
    ...custom ? [{ mountPath: CA_FOLDERS.custom, volume: configMap(custom.name) }] : [],
    ...own ? ownIssuer(request) : []
  ]
}

function configMap (name: string): Fields {
  return { configMap: { name, defaultMode: 420, optional: true } }
}

/** OpenShift tells everybody of its own authority; a Secret may have ca.crt, and a certificate that signs itself is its own issuer. */
function ownIssuer (request: Request): CaSource[] {
  const secretName = tlsSecretOf(request)
  if (secretName === undefined) return []
  const { openshift } = platformOf(request.platform)
  if (openshift && request.parent.spec.tls.mode === 'ServiceCA') return [{ mountPath: CA_FOLDERS.own, volume: configMap('openshift-service-ca.crt') }]
  // Never the key. What is missing is left out.
  const items = [{ key: 'ca.crt', path: 'ca.crt' }, { key: 'tls.crt', path: 'tls.crt' }]
  return [{ mountPath: CA_FOLDERS.own, volume: { secret: { secretName, items, defaultMode: 420, optional: true } } }]
}

export function hasCaSource (request: Request, options?: Options): boolean {
  return sourcesOf(request, options).length > 0
}

/** ca-bundle-0 …, and the volume for what is made of them; none where there is no source. */
export function caVolumes (request: Request, options?: Options): Fields[] {
  const volumes = sourcesOf(request, options).map(({ volume }, index) => ({ name: `ca-bundle-${index}`, ...volume }))
  return volumes.length > 0 ? [...volumes, { name: COMBINED.name, emptyDir: {} }] : []
}

/** For whoever uses the combined file. */
export function caMounts (request: Request, options?: Options): Fields[] {
  return hasCaSource(request, options) ? [{ ...COMBINED, readOnly: true }] : []
}

/**
 * What points programs to the combined file. Whether a database is spoken to with TLS is left to its URI: PostgreSQL decides by sslmode, and MySQL's
 * driver insists on TLS as soon as it is given a file, so that it is given one only where this object names a ConfigMap.
 */
export function caEnvironment (request: Request, options?: Options): Fields[] {
  if (!hasCaSource(request, options)) return []
  const names = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'AWS_CA_BUNDLE', 'PGSSLROOTCERT', ...request.parent.spec.caBundleConfigMap ? ['MLFLOW_MYSQL_SSL_CA'] : []]
  return [...names.map((name) => ({ name, value: CA_FILE })), { name: 'MLFLOW_S3_IGNORE_TLS', value: 'false' }]
}

/** A file that appears whole or not at all: programs read it at any time. */
const COMBINE = String.raw`
combine () {
  new="$OUT.new"
  : > "$new"
  system=
  for file in /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem; do
    if [ -s "$file" ]; then system="$file"; break; fi
  done
  if [ -z "$system" ]; then
    system=$(for python in python3 python; do "$python" -c 'import certifi; print(certifi.where())' 2>/dev/null && break; done) || system=
  fi
  if [ -n "$system" ]; then cat "$system" >> "$new"; echo >> "$new"; fi
  for folder in $FOLDERS; do
    for file in "$folder"/*.crt "$folder"/*.pem; do
      if [ -s "$file" ]; then cat "$file" >> "$new"; echo >> "$new"; fi
    done
  done
  chmod 0644 "$new"
  mv -f "$new" "$OUT"
}
`.trim()

const ONCE = `${COMBINE}\ncombine\n`

const FOREVER = String.raw`${COMBINE}
state () {
  for folder in $FOLDERS; do cat "$folder"/*.crt "$folder"/*.pem 2>/dev/null || true; done | cksum
}
trap 'exit 0' TERM INT
before=$(state)
while true; do
  sleep 30 & wait $!
  now=$(state)
  if [ "$now" != "$before" ]; then
    combine
    before="$now"
    echo 'The bundle was made again.'
  fi
done
`

type Look = { image: Fields, securityContext: Fields, options?: Options }

function container (request: Request, { image, securityContext, options }: Look, own: { name: string, script: string, resources: Fields }): Fields {
  const sources = sourcesOf(request, options)
  return {
    name: own.name,
    ...image,
    command: ['/bin/sh', '-ec', own.script],
    env: [{ name: 'OUT', value: CA_FILE }, { name: 'FOLDERS', value: sources.map(({ mountPath }) => mountPath).join(' ') }],
    resources: own.resources,
    securityContext,
    volumeMounts: [...sources.map(({ mountPath }, index) => ({ name: `ca-bundle-${index}`, mountPath, readOnly: true })), COMBINED]
  }
}

/** The init container that makes the file; undefined where there is no source. */
export function caInit (request: Request, look: Look): Fields | undefined {
  if (!hasCaSource(request, look.options)) return undefined
  return container(request, look, { name: 'combine-ca-bundles', script: ONCE, resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '64Mi' } } })
}

/** The sidecar that makes it again. */
export function caWatcher (request: Request, look: Look): Fields | undefined {
  if (!hasCaSource(request, look.options)) return undefined
  return container(request, look, { name: 'ca-bundle-watcher', script: FOREVER, resources: { requests: { cpu: '5m', memory: '8Mi' }, limits: { cpu: '50m', memory: '32Mi' } } })
}
