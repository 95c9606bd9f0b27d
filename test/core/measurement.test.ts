// A measured metric in words.
import t from 'tap'
import { describeMetric, formatMeasurement } from '../../hooks/core/measurement.ts'

const values: Array<{ name: string, metric: string, value: number | null, want: string }> = [
  { name: 'latencies are told in milliseconds', metric: 'latency-p95', value: 0.239, want: '239 ms' },
  { name: 'a mean latency is one too', metric: 'latency-mean', value: 0.0961, want: '96.1 ms' },
  { name: 'milliseconds have three significant digits', metric: 'latency-mean', value: 0.0123456, want: '12.3 ms' },
  { name: 'seconds are not written as powers of ten', metric: 'latency-p95', value: 12.3456, want: '12300 ms' },
  { name: 'an error rate is told in percent, with three significant digits', metric: 'error-rate', value: 8.4999, want: '8.5 %' },
  { name: 'no errors are 0 %', metric: 'error-rate', value: 0, want: '0 %' },
  { name: 'a metric with a query of its own has no unit', metric: 'drift', value: 0.1234, want: '0.1234' },
  { name: 'no value is no data, whatever the metric', metric: 'latency-p95', value: null, want: 'no data' },
  { name: 'no value of a query is no data either', metric: 'drift', value: null, want: 'no data' }
]

for (const { name, metric, value, want } of values) {
  t.test(name, async (t) => {
    t.equal(formatMeasurement(metric, value), want)
  })
}

const metric = { name: 'latency-p95', stable: 0.15, canary: 0.239, limit: '+5%', requests: 300, outcome: 'Failed' as const }

t.test('a metric is told with both sides and the limit', async (t) => {
  t.equal(describeMetric(metric), 'latency-p95 239 ms against 150 ms of stable (limit +5%)')
  t.equal(describeMetric({ ...metric, dryRun: false }), 'latency-p95 239 ms against 150 ms of stable (limit +5%)')
})

t.test('a dry run is told as one', async (t) => {
  t.equal(describeMetric({ ...metric, dryRun: true }), 'latency-p95 239 ms against 150 ms of stable (limit +5%, dry run)')
})

t.test('a side without data says so', async (t) => {
  t.equal(describeMetric({ ...metric, name: 'error-rate', stable: null, canary: 6.1 }), 'error-rate 6.1 % against no data of stable (limit +5%)')
})
