// What is concluded from what npm audit prints: nothing is proven by a registry that was not asked.
import t from 'tap'
import { judge, type Verdict } from '../../.ci/audit.ts'

const report = (...severities: string[]) => JSON.stringify({
  auditReportVersion: 2,
  vulnerabilities: Object.fromEntries(severities.map((severity, index) => [`p${index}`, { severity, range: '<2', fixAvailable: index === 0 }])),
  metadata: { dependencies: { total: 91 } }
})

const rows: Array<{ name: string, output: string, want: Verdict }> = [
  { name: 'a report without findings is clean', output: report(), want: { kind: 'Clean', counted: '91 packages' } },
  { name: 'what is below the threshold is clean', output: report('low', 'moderate'), want: { kind: 'Clean', counted: '91 packages' } },
  { name: 'what reaches it is told, with the way out', output: report('high', 'low', 'critical'), want: { kind: 'Vulnerable', findings: ['p0 <2: high, a fixed version is there: npm audit fix', 'p2 <2: critical, no fixed version yet'] } },
  { name: 'a registry without advisories was not asked', output: '{"message": "405 Method Not Allowed", "statusCode": 405, "error": {"summary": "", "detail": ""}}', want: { kind: 'NotAsked', because: '405 Method Not Allowed' } },
  { name: 'nor was one that nobody reached', output: '{"error": {"code": "ENOTFOUND", "summary": "", "detail": ""}}', want: { kind: 'NotAsked', because: 'ENOTFOUND' } },
  { name: 'nothing printed is no answer', output: '', want: { kind: 'NotAsked', because: 'npm audit gave no report' } },
  { name: 'a page is no answer', output: '<html>proxy</html>', want: { kind: 'NotAsked', because: 'npm audit gave no report' } },
  { name: 'JSON of another kind is no answer', output: '{"vulnerabilities": {}}', want: { kind: 'NotAsked', because: 'npm audit gave no report' } }
]

for (const { name, output, want } of rows) t.test(name, async (t) => { t.strictSame(judge(output, 'high'), want) })
