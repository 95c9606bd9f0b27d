// What runs beside the server: the migration of its databases, garbage collection, and archival of traces.
import { Type, type Static } from '@sinclair/typebox'
import { duration, oneOf, section, type Rule } from '../../core/schema.ts'
import { CRON, ServerResources } from './fields.ts'

export const Migration = section({
  mode: oneOf(['Automatic', 'Always'], { default: 'Automatic', description: 'Automatic migrates when the image or the databases have changed; Always at each change of this spec. Either looks first, and takes the server down only if there is something to migrate.' }),
  ttlSecondsAfterFinished: Type.Optional(Type.Integer({ minimum: 3600, maximum: 2 ** 31 - 1, description: 'For how long a Job that is over is kept; absent means a day. It is never run again for having gone.' })),
  activeDeadline: duration({
    default: '6h',
    description: 'How long a migration may take, all tries of one Job together.',
    'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1m') && duration(self) <= duration('168h')", message: 'migration.activeDeadline must be from 1m to 168h; change it' }]
  })
}, { description: 'How databases are brought to the schema of a new image.' })
export type Migration = Static<typeof Migration>

export const GarbageCollection = Type.Object({
  schedule: Type.String({ minLength: 1, maxLength: 256, pattern: CRON, description: 'When deleted runs and experiments are removed for good, as CronJobs write it, such as "0 2 * * 0".' }),
  olderThan: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^(\\d+(\\.\\d+)?d)?(\\d+(\\.\\d+)?h)?(\\d+(\\.\\d+)?m)?(\\d+(\\.\\d+)?s)?$', description: 'Only what was deleted so long ago, such as 30d or 7d12h.' })),
  timeZone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Time zone of the schedule, such as Europe/Berlin.' })),
  suspend: Type.Optional(Type.Boolean({ description: 'Not for now.' })),
  resources: Type.Optional(ServerResources)
}, { description: 'Garbage collection. Without this block there is none.' })
export type GarbageCollection = Static<typeof GarbageCollection>

export const TraceArchival = Type.Object({
  enabled: Type.Boolean({ default: false, description: 'Whether traces are moved.' }),
  schedule: Type.String({ default: '0 */6 * * *', minLength: 1, maxLength: 256, pattern: CRON, description: 'When, as CronJobs write it.' }),
  location: Type.Optional(Type.String({ maxLength: 2048, description: 'Where to: s3:// or file://.' })),
  retention: Type.Optional(Type.String({ maxLength: 16, pattern: '^\\d+[mhd]$', description: 'After what time, such as 30d.' })),
  maxTracesPerPass: Type.Integer({ default: 1000, minimum: 1, maximum: 2 ** 31 - 1, description: 'How many traces at most at one time.' }),
  longRetentionAllowlist: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64, description: 'Ids of experiments that may keep their traces for longer.' })),
  timeZone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Time zone of the schedule.' })),
  suspend: Type.Optional(Type.Boolean({ description: 'Not for now.' })),
  resources: Type.Optional(ServerResources)
}, { description: 'Archival of traces, from the database to a place for files.' })
export type TraceArchival = Static<typeof TraceArchival>

const needed = (field: string): Rule => ({
  rule: `!has(self.traceArchival) || !has(self.traceArchival.enabled) || self.traceArchival.enabled == false || (has(self.traceArchival.${field}) && size(self.traceArchival.${field}) > 0)`,
  message: `traceArchival.${field} is required when traceArchival.enabled is true`
})

/** Rules on the whole spec that speak of these. */
export const taskRules: Rule[] = [
  { rule: "!has(self.traceArchival) || !has(self.traceArchival.location) || !self.traceArchival.location.startsWith('file://') || has(self.storage)", message: 'storage must be configured when traceArchival.location uses file-based storage (file:// prefix)' },
  ...['schedule', 'location', 'retention'].map(needed)
]
