// Users and passwords of MLflow's own. Their database is named in a file only, so an init container writes that, from a variable: no Secret is read by a hook.
import type { Request } from '../place.ts'
import { authStore, sourceOf } from '../stores.ts'
import type { Fields } from './given.ts'
import { AUTH_FILE, AUTH_FOLDER } from './paths.ts'
import { lookOf } from './server-pod.ts'

const VOLUME = 'auth-config'

/** The file's reader takes % for the beginning of a reference. Only the server's own user may read it. */
const WRITE = String.raw`umask 077
uri=$(printf %s "$MLFLOW_AUTH_DATABASE_URI" | sed 's/%/%%/g')
printf '[mlflow]\ndefault_permission = %s\ndatabase_uri = %s\nadmin_username = admin\n' "$MLFLOW_AUTH_DEFAULT_PERMISSION" "$uri" > "$MLFLOW_AUTH_CONFIG_PATH"
`

function isBasic ({ parent: { spec } }: Request): boolean {
  return spec.auth.mode === 'Basic'
}

export function authVolumes (request: Request): Fields[] {
  // In memory: it holds a password.
  return isBasic(request) ? [{ name: VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }] : []
}

export function authMounts (request: Request): Fields[] {
  return isBasic(request) ? [{ name: VOLUME, mountPath: AUTH_FOLDER, readOnly: true }] : []
}

/** The password counts until the user admin is there. */
export function authEnvironment (request: Request): Fields[] {
  if (!isBasic(request)) return []
  const { adminPasswordSecret, secretKeySecret } = request.parent.spec.auth
  const [password, key] = [sourceOf(undefined, adminPasswordSecret), sourceOf(undefined, secretKeySecret)]
  return [
    { name: 'MLFLOW_AUTH_CONFIG_PATH', value: AUTH_FILE },
    ...password ? [{ name: 'MLFLOW_AUTH_ADMIN_PASSWORD', ...password }] : [],
    ...key ? [{ name: 'MLFLOW_FLASK_SERVER_SECRET_KEY', ...key }] : []
  ]
}

export function authContainers (request: Request): Fields[] {
  const database = authStore(request.parent.spec)
  if (!isBasic(request) || !database) return []
  const { image, securityContext } = lookOf(request)
  return [{
    name: 'write-auth-config',
    ...image,
    command: ['/bin/sh', '-ec', WRITE],
    env: [
      { name: 'MLFLOW_AUTH_CONFIG_PATH', value: AUTH_FILE },
      { name: 'MLFLOW_AUTH_DEFAULT_PERMISSION', value: request.parent.spec.auth.defaultPermission },
      { name: 'MLFLOW_AUTH_DATABASE_URI', ...database }
    ],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '64Mi' } },
    securityContext,
    volumeMounts: [{ name: VOLUME, mountPath: AUTH_FOLDER }]
  }]
}
