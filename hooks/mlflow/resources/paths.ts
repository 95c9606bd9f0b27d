// Where things are in the container of the server.
export const STORAGE_FOLDER = '/mlflow'
export const TLS_FOLDER = '/etc/tls/private'
export const METRICS_FOLDER = '/prometheus'
export const ARCHIVAL_FOLDER = '/etc/mlflow'
/** Not below ARCHIVAL_FOLDER, which is a volume of its own. */
export const AUTH_FOLDER = '/etc/mlflow-auth'
export const AUTH_FILE = `${AUTH_FOLDER}/basic_auth.ini`
const CERTIFICATES = '/etc/pki/tls/certs'
export const CA_FOLDERS = { platform: `${CERTIFICATES}/platform`, custom: `${CERTIFICATES}/custom`, own: `${CERTIFICATES}/own`, combined: `${CERTIFICATES}/combined` } as const
export const CA_FILE = `${CA_FOLDERS.combined}/ca-bundle.crt`
