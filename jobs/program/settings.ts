// Settings that all programs of pods have.
import { Type } from '@sinclair/typebox'
import type { Variables } from '../../hooks/core/environment.ts'
import { oneOf } from '../../hooks/core/schema.ts'

export const ProgramSettings = {
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info', description: 'one of trace, debug, info, warn, error, fatal, silent' }),
  TERMINATION_LOG: Type.String({ default: '/dev/termination-log', description: 'the file that Kubernetes reads when the container has ended' })
}

/** Where the last line goes, also where the settings are wrong. */
export function terminationLog (variables: Variables = process.env): string {
  return variables['TERMINATION_LOG'] || ProgramSettings.TERMINATION_LOG.default
}
