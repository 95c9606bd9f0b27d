// The volume of a server that keeps its database or artifacts on disk: a claim as Kubernetes has it, the shorter fields that older samples use, and whether it outlives the object.
import { Type, type Static } from '@sinclair/typebox'
import { Quantity, objectName, oneOf, type Rule } from '../../core/schema.ts'
import { LabelSelector, optionalText, text } from './fields.ts'

/** Not ReadWriteOncePod: what looks at the database before an upgrade, garbage collection and archival must be able to have the volume beside the server. */
const ACCESS_MODES = ['ReadWriteOnce', 'ReadWriteMany'] as const

const source = (description: string) => Type.Optional(Type.Object({
  apiGroup: optionalText('API group of the object; absent means the core group.'),
  kind: text('Kind of the object, such as VolumeSnapshot.', 63),
  name: text('Its name.'),
  namespace: optionalText('Its namespace, where that is another (dataSourceRef only).', 63)
}, { description }))

export const Storage = Type.Object({
  size: Type.Optional(Type.Unsafe<string | number>({ ...Quantity, description: 'Size of the volume; the short form of resources.requests.storage. It may grow, where the StorageClass can.' })),
  accessMode: Type.Optional(oneOf(ACCESS_MODES, { description: 'The short form of accessModes.' })),
  accessModes: Type.Optional(Type.Array(oneOf(ACCESS_MODES, { description: 'One mode.' }), { maxItems: 4, description: 'How the volume is mounted; absent means ReadWriteOnce. With ReadWriteOncePod nothing could look at the database beside the server, so that is not among them.', 'x-kubernetes-list-type': 'atomic' })),
  resources: Type.Optional(Type.Object({
    requests: Type.Optional(Type.Record(Type.String(), Quantity, { description: 'storage: the size; absent means 2Gi.' })),
    limits: Type.Optional(Type.Record(Type.String(), Quantity, { description: 'storage: the size that it must not exceed.' }))
  }, { description: 'Size of the volume.' })),
  storageClassName: Type.Optional(objectName({ description: "StorageClass of the volume; absent or empty means the cluster's default." })),
  volumeName: optionalText('A PersistentVolume that is there.'),
  volumeMode: Type.Optional(oneOf(['Filesystem'], { description: 'How the volume is used.' })),
  volumeAttributesClassName: optionalText('VolumeAttributesClass of the volume.'),
  selector: Type.Optional(LabelSelector('Which PersistentVolumes may be taken.')),
  dataSource: source('What the volume is filled from, such as a snapshot.'),
  dataSourceRef: source('The same, of any kind.'),
  retain: Type.Boolean({
    default: true,
    description: 'The volume outlives this object, and one of the same name finds it again. Cannot be changed later.',
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'storage.retain cannot be changed, for the volume would be lost; make a new object with the other value, and move the data' }]
  })
}, { description: 'A volume at /mlflow, for SQLite and artifacts on disk.' })
export type Storage = Static<typeof Storage>

/** Rules on the whole spec that speak of the volume. */
export const storageRules: Rule[] = [
  { rule: '!has(self.storage) || !(has(self.storage.accessMode) && has(self.storage.accessModes))', message: 'storage.accessMode and storage.accessModes are mutually exclusive; keep one' },
  { rule: "!has(self.storage) || !(has(self.storage.size) && has(self.storage.resources) && has(self.storage.resources.requests) && 'storage' in self.storage.resources.requests)", message: 'storage.size and storage.resources.requests.storage are mutually exclusive; keep one' }
]
