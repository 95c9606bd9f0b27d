// The program that makes a volume claim that nobody owns, and expands it: `node jobs/ensure-claim.ts`, in the pod of a Job. README.md beside it says more.
import { connect } from './claim/connection.ts'
import { ensureClaim } from './claim/ensure.ts'
import { asClaimError } from './claim/failure.ts'
import { readSettings, surroundingsOf } from './claim/settings.ts'
import { runProgram } from './program/run-program.ts'

await runProgram({
  readSettings,
  work: async (settings, { logger, signal }) => await ensureClaim(settings, { connection: await connect(surroundingsOf(settings)), logger, signal }),
  asFailure: asClaimError,
  lineOf: (result) => JSON.stringify(result),
  words: { done: 'the claim is as it was asked for', leaving: 'leaving; a claim is never half made' }
})
