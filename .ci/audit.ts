// npm run audit: asks the package registry for known vulnerabilities of what is installed. A registry that cannot be asked (no network, a mirror without
// advisories) proves nothing: exit code 75 then, which is neither passed nor failed, or with --required a failure.
import { spawnSync } from 'node:child_process'

const LEVELS = ['info', 'low', 'moderate', 'high', 'critical'] as const
type Level = typeof LEVELS[number]

/** What goes into the image may have nothing that somebody may use; what only developers run, nothing that is serious. */
const THRESHOLDS: Record<'image' | 'development', Level> = { image: 'low', development: 'high' }

export type Verdict =
  | { kind: 'Clean', counted: string }
  | { kind: 'Vulnerable', findings: string[] }
  | { kind: 'NotAsked', because: string }

/** EX_TEMPFAIL of sysexits.h. */
export const NOT_ASKED = 75

interface Report {
  auditReportVersion?: number
  vulnerabilities?: Record<string, { severity: Level, range: string, fixAvailable?: unknown }>
  metadata?: { dependencies?: { prod?: number, total?: number } }
  message?: string
  error?: { summary?: string, code?: string }
}

/** What the output of `npm audit --json` means. Only a report that says that it is one counts as an answer. */
export function judge (output: string, threshold: Level): Verdict {
  const report = parse(output)
  if (report.auditReportVersion === undefined || !report.vulnerabilities) return { kind: 'NotAsked', because: reasonOf(report) }
  const findings = Object.entries(report.vulnerabilities).filter(([, { severity }]) => LEVELS.indexOf(severity) >= LEVELS.indexOf(threshold))
    .map(([name, { severity, range, fixAvailable }]) => `${name} ${range}: ${severity}, ${fixAvailable ? 'a fixed version is there: npm audit fix' : 'no fixed version yet'}`)
  return findings.length > 0 ? { kind: 'Vulnerable', findings } : { kind: 'Clean', counted: `${report.metadata?.dependencies?.total ?? 'all'} packages` }
}

function reasonOf ({ message, error = {} }: Report): string {
  return message || error.summary || error.code || 'npm audit gave no report'
}

function parse (output: string): Report {
  try {
    return JSON.parse(output) as Report
  } catch {
    return {}
  }
}

function ask (...options: string[]): string {
  // Its exit code is 1 for both a finding and a registry that does not answer, so only its report counts.
  return spawnSync('npm', ['audit', '--json', ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 120_000, maxBuffer: 64 * 1024 * 1024 }).stdout
}

function main (): void {
  const verdicts = { image: judge(ask('--omit=dev'), THRESHOLDS.image), development: judge(ask(), THRESHOLDS.development) }
  for (const [what, verdict] of Object.entries(verdicts)) process.stdout.write(`${what}: ${describe(verdict)}\n`)
  const kinds = Object.values(verdicts).map(({ kind }) => kind)
  if (kinds.includes('Vulnerable')) process.exitCode = 1
  else if (kinds.includes('NotAsked')) process.exitCode = process.argv.includes('--required') ? 1 : NOT_ASKED
}

function describe (verdict: Verdict): string {
  switch (verdict.kind) {
    case 'Clean': return `nothing known against ${verdict.counted}`
    case 'Vulnerable': return `vulnerable\n  ${verdict.findings.join('\n  ')}`
    case 'NotAsked': return `NOT ASKED, nothing is proven: ${verdict.because}`
    default: return verdict satisfies never
  }
}

if (import.meta.main) main()
