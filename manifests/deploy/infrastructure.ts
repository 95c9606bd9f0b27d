// What an MLflow server of a trial needs beside itself: PostgreSQL, and SeaweedFS for S3. Small, with a volume each, restricted pods, and passwords that everybody knows.
import type { KindOptions } from './kind-options.ts'

export const POSTGRES = 'postgres'
export const SEAWEEDFS = 'seaweedfs'
export const S3_PORT = 8333

const LOCKED = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
const podSecurity = (user: number) => ({ runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user, seccompProfile: { type: 'RuntimeDefault' } })

type Part = { name: string, namespace: string, user: number, port: number, folder: string, container: object, volumes?: object[] }

/** PostgreSQL with one database; another one is made by a Job where the registry has one of its own. */
export function makePostgres (options: KindOptions): object[] {
  const { namespace, 'postgres-user': user, 'postgres-password': password, 'postgres-image': image, 'backend-db': database } = options
  const secret = (key: string) => ({ secretKeyRef: { name: 'postgres', key } })
  const env = [
    { name: 'POSTGRES_USER', valueFrom: secret('user') },
    { name: 'POSTGRES_PASSWORD', valueFrom: secret('password') },
    { name: 'POSTGRES_DB', value: database },
    // Not the mount itself, which may have a lost+found.
    { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' }
  ]
  const probe = { exec: { command: ['pg_isready', '-U', user, '-d', database] }, periodSeconds: 2 }
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'postgres', namespace }, stringData: { user, password } },
    ...makePart({ name: POSTGRES, namespace, user: 999, port: 5432, folder: '/var/lib/postgresql/data', container: { image, env, readinessProbe: probe } }),
    ...options['registry-db'] === database ? [] : [makeDatabaseJob(options, env.slice(0, 2))]
  ]
}

function makeDatabaseJob ({ namespace, 'postgres-image': image, 'registry-db': database }: KindOptions, env: object[]): object {
  const command = ['sh', '-ec', `until pg_isready -h ${POSTGRES}; do sleep 1; done; PGPASSWORD="$POSTGRES_PASSWORD" psql -h ${POSTGRES} -U "$POSTGRES_USER" -d postgres -tc "SELECT 1 FROM pg_database WHERE datname = '$DATABASE'" | grep -q 1 || PGPASSWORD="$POSTGRES_PASSWORD" createdb -h ${POSTGRES} -U "$POSTGRES_USER" "$DATABASE"`]
  return makeJob({ name: 'postgres-databases', namespace, user: 999, container: { image, command, env: [...env, { name: 'DATABASE', value: database }] } })
}

/** SeaweedFS, all of it in one pod, and a Job that makes the bucket. */
export function makeSeaweedfs ({ namespace, 'seaweedfs-image': image, 's3-bucket': bucket, 's3-access-key': accessKey, 's3-secret-key': secretKey }: KindOptions): object[] {
  const config = { identities: [{ name: 'mlflow', credentials: [{ accessKey, secretKey }], actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'] }] }
  const args = ['server', '-dir=/data', '-ip.bind=0.0.0.0', '-master.volumeSizeLimitMB=64', '-s3', `-s3.port=${S3_PORT}`, '-s3.config=/etc/seaweedfs/s3.json']
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: SEAWEEDFS, namespace }, stringData: { 's3.json': JSON.stringify(config) } },
    ...makePart({
      name: SEAWEEDFS,
      namespace,
      user: 1000,
      port: S3_PORT,
      folder: '/data',
      container: { image, command: ['weed'], args, volumeMounts: [{ name: 'config', mountPath: '/etc/seaweedfs', readOnly: true }], readinessProbe: { tcpSocket: { port: S3_PORT }, periodSeconds: 2 } },
      volumes: [{ name: 'config', secret: { secretName: SEAWEEDFS } }]
    }),
    { apiVersion: 'v1', kind: 'Service', metadata: { name: `${SEAWEEDFS}-master`, namespace }, spec: { selector: { app: SEAWEEDFS }, ports: [{ name: 'http', port: 9333 }, { name: 'grpc', port: 19333 }] } },
    makeJob({ name: `${SEAWEEDFS}-bucket`, namespace, user: 1000, container: { image, command: ['sh', '-ec', `echo 's3.bucket.create -name ${bucket}' | weed shell -master=${SEAWEEDFS}-master:9333`] } })
  ]
}

/** A Deployment of one pod with a volume, and its Service. */
function makePart ({ name, namespace, user, port, folder, container, volumes = [] }: Part): object[] {
  const { volumeMounts = [], ...rest } = container as { volumeMounts?: object[] }
  const labels = { app: name }
  return [
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            securityContext: podSecurity(user),
            containers: [{ name, ...rest, ports: [{ containerPort: port }], securityContext: LOCKED, resources: { requests: { cpu: '50m', memory: '128Mi' } }, volumeMounts: [{ name: 'data', mountPath: folder }, ...volumeMounts] }],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }, ...volumes]
          }
        }
      }
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: labels, ports: [{ port }] } }
  ]
}

function makeJob ({ name, namespace, user, container }: { name: string, namespace: string, user: number, container: object }): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    spec: {
      backoffLimit: 10,
      template: { spec: { restartPolicy: 'OnFailure', automountServiceAccountToken: false, securityContext: podSecurity(user), containers: [{ name, ...container, securityContext: LOCKED }] } }
    }
  }
}
