// What happened to an MLflow server, in lines, and the picture of it below them.
import color from 'picocolors'
import type { MlflowSnapshot } from './mlflow-snapshot.ts'

const START: MlflowSnapshot = { phase: '', migration: '', doing: '', isAvailable: false, pods: [] }

/** Sentences about what happened between two snapshots. `brief` leaves out what the panel shows. */
export function mlflowLines (before: MlflowSnapshot = START, after: MlflowSnapshot, brief = false): string[] {
  return [...wordLines(before, after, brief), ...podLines(before, after), ...endLines(before, after)]
}

function wordLines (before: MlflowSnapshot, { phase, migration, doing, error }: MlflowSnapshot, brief: boolean): string[] {
  const isNews = migration !== before.migration || (!brief && doing !== before.doing)
  return isNews && doing !== '' && error === undefined ? [`${phase}: ${doing}`] : []
}

function podLines (before: MlflowSnapshot, { pods }: MlflowSnapshot): string[] {
  if (pods.join() === before.pods.join()) return []
  return [pods.length === 0 ? 'no pod of the server is left' : `pods: ${pods.join(', ')}`]
}

function endLines (before: MlflowSnapshot, { version, error, phase }: MlflowSnapshot): string[] {
  const failed = error !== undefined && error !== before.error ? [`${phase}: ${error}`] : []
  return version !== undefined && version !== before.version ? [...failed, `MLflow ${version} serves`] : failed
}

/** The live picture: which pods there are, what is being done, what is wrong. */
export function drawMlflow ({ phase, migration, doing, error, pods, version, isAvailable }: MlflowSnapshot, title: string, seconds: number): string {
  return [
    '',
    `${color.bold(title)}  ${color.dim(`${seconds} s`)}`,
    `  ${isAvailable ? color.green('available') : color.yellow('not available')}${version === undefined ? '' : `  MLflow ${version}`}  ${pods.length === 0 ? color.dim('no pods') : pods.join(', ')}`,
    `  ${color.yellow(phase)} ${color.dim(migration)}${error === undefined ? `  ${doing}` : ''}`,
    error === undefined ? '' : color.yellow(`  ${error}`)
  ].filter((line, index) => index === 0 || line !== '').join('\n')
}
