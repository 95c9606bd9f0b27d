// What Kubernetes' words for pods in trouble mean for an MLflow server, with the remedies that it has fields for.
import { REMEDIES as COMMON } from '../core/pod-trouble.ts'

const CANNOT_PULL = 'The image cannot be pulled: correct its name; or let the nodes have access to its registry, or name the Secret for it in imagePullSecrets.'

export const REMEDIES: Readonly<Record<string, string>> = {
  ...COMMON,
  ImagePullBackOff: CANNOT_PULL,
  ErrImagePull: CANNOT_PULL,
  ContainerCreating: 'No container of the pod has begun for two minutes: a volume, ConfigMap or Secret that it mounts may be missing, such as that of the certificate (tls): see kubectl describe pod.',
  DeadlineExceeded: 'It took too long: see kubectl describe of its pod for what holds it up.'
}
