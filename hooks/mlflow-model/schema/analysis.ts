// spec.analysis of MlflowModel: how the canary is measured against the stable version.
import { Type, type Static } from '@sinclair/typebox'
import { duration, oneOf, section } from '../../core/schema.ts'

const percent = (description: string) => Type.Optional(Type.String({ pattern: '^[0-9]+(\\.[0-9]+)?%$', maxLength: 16, description }))

/** In CEL: whether a metric needs no query. */
const IS_BUILT_IN = "self.name in ['latency-p95', 'latency-mean', 'error-rate']"

export const Metric = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', description: 'latency-p95, latency-mean or error-rate; any other name needs a query.' }),
  maxIncrease: percent('By how much the canary may be worse than stable: relative for latencies, percentage points for error-rate.'),
  max: Type.Optional(Type.String({ pattern: '^-?[0-9]+(\\.[0-9]+)?$', maxLength: 32, description: "Absolute ceiling on the canary, in seconds for latencies, percentage points for error-rate, otherwise the query's unit." })),
  query: Type.Optional(Type.String({ minLength: 1, maxLength: 2048, description: 'PromQL that gives one number; {predictor} {version} {namespace} {name} {window} are replaced, once for each side. Judged as a point, against max and maxIncrease.' })),
  dryRun: Type.Boolean({ default: false, description: 'Measured and reported, without effect.' })
}, {
  description: 'One metric and its limits.',
  'x-kubernetes-validations': [
    { rule: 'has(self.max) || has(self.maxIncrease)', message: 'a metric needs a limit: set max or maxIncrease' },
    { rule: `has(self.query) || ${IS_BUILT_IN}`, message: 'a metric other than latency-p95, latency-mean and error-rate needs a query' },
    { rule: `!has(self.query) || !(${IS_BUILT_IN})`, message: 'the built-in metrics take no query; choose another name for your own query' }
  ]
})
export type Metric = Static<typeof Metric>

export const Analysis = section({
  enabled: Type.Boolean({ default: true, description: 'false: every check passes, so that a step lasts interval × checks.' }),
  provider: Type.String({ default: 'default', minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', description: "A Prometheus of the poller's configuration." }),
  interval: duration({
    default: '10s',
    description: 'Between two checks. At least 1s; below 10s only makes sense with short scrape intervals.',
    'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1s')", message: 'analysis.interval must be at least 1s; raise it' }]
  }),
  checks: Type.Integer({ default: 6, minimum: 1, maximum: 1000, description: 'Passed checks that complete a step.' }),
  initialDelay: duration({ default: '60s', description: 'From the first weight in force to the first check.' }),
  window: duration({
    default: '5m',
    description: 'Longest look-back of a measurement. Evidence is of the two versions, not of a weight, so it may span steps.',
    'x-kubernetes-validations': [{ rule: "duration(self) >= duration('1m') && duration(self) <= duration('30m')", message: 'analysis.window must be from 1m to 30m; correct it' }]
  }),
  minRequests: Type.Integer({ default: 20, minimum: 1, maximum: 1000000, description: 'Requests needed on each side for a verdict; fewer are Inconclusive.' }),
  proof: oneOf(['Harm', 'Safety'], { default: 'Harm', description: 'Harm passes unless the canary is proven worse than the limit; Safety passes only when it is proven not to be, and is Inconclusive in between.' }),
  confidence: Type.Number({ default: 0.95, minimum: 0.5, maximum: 0.9999, description: 'Of the verdicts of a whole rollout; the error is split evenly over all planned looks (steps × checks × metrics).' }),
  failureLimit: Type.Integer({ default: 2, minimum: 0, maximum: 1000, description: 'Failed checks tolerated at one step; the next one rolls back.' }),
  inconclusiveLimit: Type.Integer({ default: 60, minimum: 0, maximum: 100000, description: 'Inconclusive checks in a row tolerated; then Paused, reason NotEnoughTraffic, until checks pass again.' }),
  errorLimit: Type.Integer({ default: 12, minimum: 0, maximum: 100000, description: 'Errors in a row tolerated; then Paused, reason MetricsUnavailable, until checks pass again.' }),
  whenPaused: oneOf(['Hold', 'Rollback', 'Promote'], { default: 'Hold', description: 'What becomes of a rollout in those two pauses.' }),
  metrics: Type.Array(Metric, {
    default: [
      { name: 'latency-p95', maxIncrease: '5%', dryRun: false },
      { name: 'latency-mean', maxIncrease: '5%', dryRun: false },
      { name: 'error-rate', maxIncrease: '2%', dryRun: false }
    ],
    minItems: 1,
    maxItems: 16,
    description: 'What is compared.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name']
  })
}, { description: 'How the canary is judged.' })
export type Analysis = Static<typeof Analysis>
