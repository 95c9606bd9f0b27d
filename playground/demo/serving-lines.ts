// What happened to an MLModel or a ModelDeployment, in lines, and the picture of it below them.
import color from 'picocolors'
import type { ServingSnapshot } from './serving-snapshot.ts'

const START: ServingSnapshot = { phase: '', reason: '', doing: '', answers: [], hadGap: false }

/** Sentences about what happened between two snapshots. `brief` leaves out what the panel shows. */
export function servingLines (before: ServingSnapshot = START, after: ServingSnapshot, brief = false): string[] {
  return [...wordLines(before, after, brief), ...modelLines(before, after), ...answerLines(before, after), ...errorLines(before, after)]
}

/** What it says of itself while something is under way: at the end there is more to say than that all is well. */
function wordLines (before: ServingSnapshot, after: ServingSnapshot, brief: boolean): string[] {
  const isNews = after.phase !== before.phase || (!brief && after.doing !== before.doing)
  if (!isNews || after.error !== undefined) return []
  return [after.phase === 'Ready' || after.doing === '' ? after.phase : `${after.phase}: ${after.doing}`]
}

function modelLines (before: ServingSnapshot, { sha256, bytes }: ServingSnapshot): string[] {
  return sha256 === undefined || sha256 === before.sha256 ? [] : [`verified: ${bytes ?? '?'} bytes, sha256 ${sha256.slice(0, 12)}…`]
}

function answerLines (before: ServingSnapshot, { answers, hadGap }: ServingSnapshot): string[] {
  const gap = hadGap && !before.hadGap ? ['a request found no pod'] : []
  if (answers.join() === before.answers.join()) return gap
  return [...gap, answers.length === 0 ? 'no pod answers' : `the Service leads to ${describeAnswers(answers)}`]
}

function describeAnswers (answers: string[]): string {
  const versions = [...new Set(answers)].map((version) => `version ${version}`).join(' and ')
  return answers.length === 1 ? `one pod, of ${versions}` : `${answers.length} pods, of ${versions}`
}

function errorLines (before: ServingSnapshot, { phase, error }: ServingSnapshot): string[] {
  return error === undefined || error === before.error ? [] : [`${phase}: ${error}`]
}

const WIDTH = 30

/** The live picture: whose pods answer, what is being done, what is wrong, and whether requests were lost. */
export function drawServing (snapshot: ServingSnapshot, { asked, unanswered }: { asked: number, unanswered: number }, { title, seconds }: { title: string, seconds: number }): string {
  const { phase, reason, doing, error, answers } = snapshot
  return [
    '',
    `${color.bold(title)}  ${color.dim(`${seconds} s`)}`,
    `  ${drawPods(answers)}`,
    `  ${phaseText(phase)}${reason && reason !== phase ? color.dim(` ${reason}`) : ''}${doing && error === undefined ? `  ${doing}` : ''}`,
    error === undefined ? '' : color.yellow(`  ${error}`),
    color.dim(`  ${asked} requests, ${unanswered} without a pod`)
  ].filter((line, index) => index === 0 || line !== '').join('\n')
}

function drawPods (answers: string[]): string {
  if (answers.length === 0) return `${color.dim('░'.repeat(WIDTH))}  ${color.dim('nothing answers yet')}`
  const versions = [...new Set(answers)]
  const parts = versions.map((version, index) => {
    const width = Math.round(answers.filter((answer) => answer === version).length / answers.length * WIDTH)
    return { bar: paint(index)((index === 0 ? '█' : '▒').repeat(width)), name: paint(index)(`version ${version}`) }
  })
  return `${parts.map(({ bar }) => bar).join('')}  ${parts.map(({ name }) => name).join('  →  ')}`
}

function paint (index: number): (text: string) => string {
  return index === 0 ? color.green : color.yellow
}

function phaseText (phase: string): string {
  if (phase === 'Ready') return color.green(phase)
  return phase === 'Failed' ? color.red(phase) : color.yellow(phase)
}
