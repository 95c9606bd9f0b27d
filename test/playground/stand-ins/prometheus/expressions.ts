// Expressions asked of the stand-in and of a real Prometheus, each with the instant it is asked at.

const X = 'seldon_api_executor_server_requests_seconds'
const P = 'service="predictions"'

export interface Question {
  readonly query: string
  /** Seconds after the start of the recorded series. */
  readonly at: number
}

const END = 903
const WITHIN = 607

function at (seconds: number, queries: readonly string[]): Question[] {
  return queries.map(query => ({ query, at: seconds }))
}

const SELECTORS = at(END, [
  'temperature', 'temperature{room="a"}', 'temperature{room!="a"}', 'temperature{room=~"a|b"}', 'temperature{room=~"a.*|"}',
  'temperature{room!~"[ab]"}', 'temperature{cellar=""}', 'temperature{cellar!=""}', '{__name__=~"temp.*",floor="1"}', '{"capacity"}',
  'temperature{room="a"} offset 1m', 'temperature{room="a"} offset -1m', 'temperature{room="a"}[45s]', 'temperature{room="a"}[45s] offset 2m',
  'temperature - temperature offset 1m', 'capacity unless temperature offset 5m', '-temperature offset 1m', '2 * -temperature offset 1m',
  'missing', 'missing{a="b"}', 'extreme', 'stale_total', 'vanished_total', 'lonely_total'
])

const STALENESS = [
  ...at(598, ['stale_total', 'rate(stale_total[5m])']), ...at(WITHIN, ['stale_total', 'increase(stale_total[5m])']),
  ...at(500, ['stale_total', 'increase(stale_total[3m])']), ...at(958, ['vanished_total']), ...at(961, ['vanished_total']),
  ...at(960, ['vanished_total', 'count_over_time(vanished_total[5m])']), ...at(1199, ['temperature{room="a"}']), ...at(1210, ['temperature'])
]

const COUNTERS = [
  ...at(END, [
    `increase(${X}_count{${P}}[5m])`, `rate(${X}_count{${P}}[1m])`, `increase(${X}_count[2m] offset 3m)`,
    'increase(resets_total[1m])', 'increase(resets_total[5m])', 'rate(resets_total[10m])', 'increase(born_total[5m])',
    'increase(born_total[1m])', 'increase(young_total[5m])', 'rate(young_total[10m])', 'rate(lonely_total[5m])', 'increase(missing_total[5m])', 'increase(uneven_total[15m])',
    'rate(uneven_total[10m])', 'increase(uneven_total[100s])', 'increase(vanished_total[5m])', 'rate(temperature[2m])',
    'sum(increase(lonely_total[5m]))', 'count_over_time(uneven_total[10m])', 'last_over_time(uneven_total[10m])',
    'avg_over_time(temperature[2m])', 'max_over_time(temperature[2m])', 'min_over_time(temperature[2m])', 'sum_over_time(temperature[2m])'
  ]),
  // Exactly on a sample: whether the start of the window counts differs between releases 2 and 3.
  ...at(900, [`increase(${X}_count{${P}}[1m])`, 'count_over_time(temperature{room="a"}[1m])', 'rate(resets_total[90s])'])
]

const AGGREGATIONS = at(END, [
  'sum(temperature)', 'sum by (floor) (temperature)', 'sum without (room) (temperature)', 'avg by (floor) (temperature{floor="1"})',
  'min(temperature)', 'max(temperature)', 'max by (floor) (temperature{floor="2"})', 'count by (floor) (temperature)', 'count(missing)', 'sum(missing)',
  'avg(temperature{floor="1"})', 'sum by (missing) (temperature{floor="1"})', 'sum(extreme)', 'avg(extreme{kind=~"plus|large"})', 'sum by () (capacity)',
  'count without () (temperature)', 'min by (floor) (temperature{floor="2"})'
])

const QUANTILES = at(END, [
  `histogram_quantile(0.95, sum by (predictor_name, le) (rate(${X}_bucket{${P}}[5m])))`,
  `histogram_quantile(0.5, sum by (predictor_name, le) (rate(${X}_bucket{${P}}[5m])))`,
  `histogram_quantile(0.999, sum by (predictor_name, le) (rate(${X}_bucket{${P}}[5m])))`,
  `histogram_quantile(0.99, rate(${X}_bucket[5m]))`, `histogram_quantile(0, ${X}_bucket)`, `histogram_quantile(1, ${X}_bucket)`,
  `histogram_quantile(1.5, ${X}_bucket{predictor_name="stable"})`, `histogram_quantile(-1, ${X}_bucket{predictor_name="stable"})`,
  `histogram_quantile(NaN, ${X}_bucket{predictor_name="stable"})`, 'histogram_quantile(0.9, headless_bucket)', 'histogram_quantile(0.3, crooked_bucket)',
  'histogram_quantile(0.6, crooked_bucket)', 'histogram_quantile(0.2, negative_bucket)', 'histogram_quantile(0.45, negative_bucket)', 'histogram_quantile(0.7, negative_bucket)',
  'histogram_quantile(0.9, missing_bucket)', 'histogram_quantile(0.9, temperature)'
])

const ARITHMETIC = at(END, [
  '1 + 2 * 3 ^ 2', '2 ^ 3 ^ 2', '-1 ^ 2', '7 % 4', '-7 % 4', '0 / 0', '1 / 0', '-1 / 0', '1 % 0', '1 == bool 1', 'NaN == bool NaN', '0x1F + 1_000', '1.5e3', '-Inf',
  '.5', 'time()', 'time() - 60', 'vector(3)', 'scalar(capacity{floor="1"})', 'scalar(capacity)', 'scalar(missing)', '"text"', '-temperature', '+temperature{room="a"}',
  'temperature * 2', '2 - temperature', 'temperature / 0', 'temperature{room="a"} ^ 2', 'temperature % 7', 'extreme * 0', 'extreme / extreme',
  'temperature > 22', '22 < temperature', 'temperature > bool 22', 'temperature == -4.5', 'temperature != temperature', '30 > bool temperature',
  'clamp_min(temperature, 22)', 'clamp_max(temperature, 22)', 'abs(temperature)', 'clamp_min(extreme, NaN)', 'absent(missing)', 'absent(missing{a="b",c=~"d"})', 'absent(temperature)',
  '1 ^ NaN', 'temperature or vector(1)', 'capacity > 5 or vector(0)'
])

const MATCHING = at(END, [
  'temperature{floor="1"} * on (floor) group_left capacity', 'temperature / on (floor) group_left () capacity', 'capacity * on (floor) group_right temperature',
  'sum by (floor) (temperature) / capacity', 'sum by (floor) (temperature) / on (floor) capacity', 'temperature + ignoring (room) group_left capacity',
  'sum by (floor) (temperature) > capacity', 'capacity < bool on (floor) sum by (floor) (temperature)', 'sum by (floor) (temperature{floor="1"}) > on (floor) capacity',
  'temperature and on (floor) capacity > 5', 'temperature{room="a"} or temperature', 'temperature unless on (floor) capacity{floor="2"}', 'temperature and temperature{room="b"}',
  'temperature or on (floor) capacity', 'capacity unless capacity', 'temperature and on () vector(1)', 'temperature{room="a"} + missing', 'missing or temperature{room="a"}',
  'capacity + on (floor) group_left (room) temperature{room=~"a|c"}', 'temperature{floor="1"} < on (floor) capacity', 'temperature{floor="1"} > on (floor) capacity'
])

// The queries a canary analysis asks: requests, safe error share, mean, share of slow requests.
const ANALYSIS = at(END, [
  `sum by (namespace, deployment_name, predictor_name) (increase(${X}_count{${P}}[5m]))`,
  `(sum by (predictor_name) (rate(${X}_count{${P},code!~"5.."}[5m])) or 0 * sum by (predictor_name) (rate(${X}_count{${P}}[5m]))) / (sum by (predictor_name) (rate(${X}_count{${P}}[5m])) > 0)`,
  `sum by (predictor_name) (rate(${X}_count{${P},code!~"5.."}[5m])) / sum by (predictor_name) (rate(${X}_count{${P}}[5m]))`,
  `sum by (predictor_name) (rate(${X}_sum{${P}}[5m])) / sum by (predictor_name) (rate(${X}_count{${P}}[5m]))`,
  `1 - sum by (predictor_name) (increase(${X}_bucket{${P},le="0.1"}[5m])) / sum by (predictor_name) (increase(${X}_count{${P}}[5m]))`,
  `sum by (predictor_name, le) (increase(${X}_bucket{${P},deployment_name=~"churn|fraud"}[10m]))`
])

/** Errors: the status and errorType are compared, and not the wording. */
const ERRORS = at(END, [
  '', '   ', 'sum(', 'temperature{', 'temperature{room="a"', 'foo bar', 'rate(temperature)', 'rate(temperature[5m]', 'sum(temperature[5m])', '1 + "a"', 'temperature[5m] + 1',
  '1 == 1', 'temperature and 1', '{}', '{room=~".*"}', 'temperature{__name__="x"}', 'temperature{room=~"("}', 'nosuch(temperature)', 'clamp_min(temperature)',
  'temperature + bool temperature', 'temperature[5m][5m]', '(1)[5m]', 'temperature and on (floor) group_left capacity', 'histogram_quantile(temperature, temperature)',
  'temperature * on (floor) capacity', 'temperature * on (floor) temperature', 'capacity * on (floor) temperature', 'temperature + on (nothing) group_left capacity', 'rate({__name__=~"born_total|resets_total"}[0s])',
  '1 offset 5m', 'temperature offset', '(temperature) offset 5m', 'sum(temperature) offset 5m', '(temperature - 1) offset 5m', 'temperature offset 5m offset 5m', 'sum by (floor temperature', 'temperature{room=~"(?=a)"}', '-"a"', '{__name__=~"temperature|capacity"} * 2'
])

/** Every question, with what it is about. */
export const QUESTIONS: ReadonlyArray<{ about: string, questions: readonly Question[] }> = [
  { about: 'selectors choose series by label', questions: SELECTORS },
  { about: 'a series ends with its marker at once, without one after five minutes', questions: STALENESS },
  { about: 'rate and increase extrapolate and survive resets', questions: COUNTERS },
  { about: 'aggregations group by labels', questions: AGGREGATIONS },
  { about: 'quantiles interpolate inside a bucket', questions: QUANTILES },
  { about: 'arithmetic and comparison follow IEEE 754', questions: ARITHMETIC },
  { about: 'vectors match on labels', questions: MATCHING },
  { about: 'the queries of a canary analysis give the same numbers', questions: ANALYSIS },
  { about: 'wrong queries are refused with the same status and type', questions: ERRORS }
]
