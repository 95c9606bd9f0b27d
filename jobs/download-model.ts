// The program that downloads a model: `node jobs/download-model.ts`, in the pods of Jobs and as an init container. README.md beside it says more.
import { trustAuthorities } from './download/authorities.ts'
import { asDownloadError } from './download/failure.ts'
import { largestMemory } from './download/largest-memory.ts'
import { runDownload } from './download/run.ts'
import { proxyVariables, readSettings } from './download/settings.ts'
import { runProgram } from './program/run-program.ts'
import { resultLine } from './program/termination.ts'

await runProgram({
  readSettings,
  async work (settings, surroundings) {
    await trustAuthorities(settings)
    return await runDownload(settings, { ...surroundings, proxies: proxyVariables() })
  },
  asFailure: asDownloadError,
  lineOf: resultLine,
  words: { done: 'the model is in its place', leaving: 'leaving; what has arrived is kept' },
  facts: () => ({ memory: largestMemory() })
})
