// MLflow's guard against DNS rebinding (since 3.5): only these Host headers are let in.

/** What a server without MLFLOW_SERVER_ALLOWED_HOSTS admits: loopback and private addresses, and no DNS name. */
export const DEFAULT_ALLOWED_HOSTS: readonly string[] = [
  'localhost', 'localhost:*', '127.0.0.1', '127.0.0.1:*', '[::1]', '[::1]:*', '0.0.0.0', '0.0.0.0:*',
  '10.*', '192.168.*', ...Array.from({ length: 16 }, (_, i) => `172.${16 + i}.*`), 'fc00:*', 'fd00:*'
]

/** Exact or shell-pattern match including the port: `mlflow.ns.svc` does not admit `mlflow.ns.svc:5000`. */
export function isAllowedHost (host: string, allowed: readonly string[]): boolean {
  return allowed.some(pattern => {
    const expression = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
    return new RegExp(`^${expression}$`, 's').test(host)
  })
}
