// Names and labels of the plain installation: those that the chart gives a release named sluice.
export const NAME = 'sluice'
export const NAMESPACE = 'sluice-system'

/** What selectors go by; it never changes, for a Deployment's selector cannot. */
export const SELECTOR = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/instance': NAME }

/** Metadata of a namespaced object. */
export function metadataOf (release: string, name = NAME): object {
  return { name, namespace: NAMESPACE, labels: labelsOf(release) }
}

/** Metadata of a cluster-scoped object; `labels` are further ones. */
export function clusterMetadataOf (release: string, name: string, labels: Record<string, string> = {}): { name: string, labels: object } {
  return { name, labels: { ...labelsOf(release), ...labels } }
}

function labelsOf (release: string): Record<string, string> {
  return { ...SELECTOR, 'app.kubernetes.io/version': release }
}
